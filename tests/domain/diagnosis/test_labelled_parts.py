"""Codes, status, component and ids of texts that a person has labelled, as they stand and wrapped."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.domain.diagnosis.engine import diagnose
from runbook.library import packs

FILE = Path(__file__).parents[2] / "samples" / "labelled_parts.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
RIGHT = 0.98


def as_it_stands(text: str) -> str:
    return text


def after_a_log_prefix(text: str) -> str:
    return f"2026-11-19T21:04:11.5521Z ##[error]{text}"


def in_a_stack_trace(text: str) -> str:
    return f"Microsoft.Crm.CrmException: {text}\n   at Microsoft.Crm.Tools.Import.Run()"


def read(row: dict[str, Any], text: str) -> dict[str, tuple[object, object]]:
    """What was found and what was labelled, for each part that the text holds."""
    reading = diagnose(text, packs()["dataverse"])
    found: dict[str, tuple[object, object]] = {}
    if row["codes"]:
        found["codes"] = (list(reading.codes), row["codes"])
    if row["status"]:
        found["status"] = (reading.status, row["status"])
    for part, value in row["component"].items():
        if value is not None:
            found[f"component {part}"] = (getattr(reading.component, part), value)
    for kind, value in row["ids"].items():
        found[kind] = (getattr(reading.ids, kind), value)
    return found


@pytest.mark.parametrize("wrap", [as_it_stands, after_a_log_prefix, in_a_stack_trace])
def test_nearly_all_parts_that_the_texts_hold_are_found(wrap: Any) -> None:
    parts = [
        (row["text"][:80], part, *pair)
        for row in ROWS
        for part, pair in read(row, wrap(row["text"])).items()
    ]
    wrong = [part for part in parts if part[2] != part[3]]

    assert 1 - len(wrong) / len(parts) >= RIGHT, wrong

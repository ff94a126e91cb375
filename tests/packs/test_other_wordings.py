"""The same failures in words that the samples of the families do not use, and other failures.

`tests/samples/other_wordings.tsv` holds family and text. A few are missed; none may be answered
with advice that is unsafe for it.
"""

import html
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.domain.diagnosis.measure import Labelled, Measurement, measure
from runbook.library import packs

FILE = Path(__file__).parents[1] / "samples" / "other_wordings.tsv"
RIGHT = 0.95


def labelled(change: Callable[[str], str]) -> list[Labelled]:
    rows = [line.split("\t", 1) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [
        Labelled(id=str(number), raw=change(text), family=family)
        for number, (family, text) in enumerate(rows, start=1)
    ]


def wrapped(text: str) -> str:
    return textwrap.fill(text, 60)


def in_json(text: str) -> str:
    return json.dumps({"raw": json.dumps({"message": text})})


def in_a_page(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def in_a_mail(text: str) -> str:
    return "\r\n".join(["Hello,", *(f"> {line}" for line in text.split("\n")), "Thanks, Ana"])


@pytest.fixture(
    scope="module", params=[str, wrapped, in_json, in_a_page, in_a_mail], ids=lambda f: f.__name__
)
def measured(request: pytest.FixtureRequest) -> Measurement:
    return measure(labelled(request.param), packs()["coe_starter_kit"])


def test_nearly_all_are_taken_for_their_family(measured: Measurement) -> None:
    hit, of = measured.total

    assert hit / of >= RIGHT, measured.misses


def test_none_is_told_to_wait_where_waiting_does_harm(measured: Measurement) -> None:
    assert measured.unsafe == ()

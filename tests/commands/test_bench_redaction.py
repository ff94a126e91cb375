"""The benchmark of redaction runs and prints its ratios (RD-05)."""

from collections.abc import Callable

import pytest


def test_the_figures_are_printed(told: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.management.commands.bench_redaction.MIB", 20_000)

    text = told("bench_redaction", "--rounds", "1")

    assert text.count("public profile : ingest layer = ") == 3
    assert "MB/s" in text

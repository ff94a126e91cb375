"""erase_old_evidence at the terminal: what it lists, what it erases, and when it does nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core.management import CommandError

from runbook.models import Run, User
from runbook.services import retention
from tests.services.test_retention import ended_run, pieces_left

Told = Callable[..., str]


@pytest.fixture
def ended(committed_db: None, ana: User, now: datetime, settings: Any, tmp_path: Any) -> Run:
    """A run that ended 400 days ago, in an installation that keeps its evidence a year."""
    settings.OBJECTS_DIR = tmp_path / "objects"
    settings.KEEP_EVIDENCE_MONTHS = 12
    return ended_run(ana, now)


@pytest.fixture(autouse=True)
def late(now: datetime) -> Any:
    with time_machine.travel(now + timedelta(days=400), tick=False):
        yield


def test_a_dry_run_lists_what_is_due_and_erases_nothing(ended: Run, told: Told) -> None:
    said = told("erase_old_evidence", "--dry-run")

    assert said.startswith(f"{ended.pk}  ended 2026-11-22, kept until 2027-11-22, pieces: 4\n")
    assert said.endswith("Due: 1. Nothing was erased.\n")
    assert pieces_left(ended) == 4


def test_it_erases_what_is_due_once(ended: Run, told: Told) -> None:
    assert told("erase_old_evidence").endswith("Runs whose evidence was erased: 1.\n")
    assert pieces_left(ended) == 0
    assert told("erase_old_evidence") == "Runs whose evidence was erased: 0.\n"


def test_without_a_rule_it_says_so(ended: Run, told: Told, settings: Any) -> None:
    settings.KEEP_EVIDENCE_MONTHS = 0

    assert "kept for ever" in told("erase_old_evidence")
    assert pieces_left(ended) == 4


def test_it_fails_when_something_stays(ended: Run, told: Told) -> None:
    with (
        patch.object(retention, "erase", side_effect=RuntimeError),
        pytest.raises(CommandError, match="Not all of it could be erased"),
    ):
        told("erase_old_evidence")

"""A quick hub, and a run of two people, for the tests of live updates."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from runbook.domain.vocabulary import Action, Role
from runbook.live import hub, sources
from runbook.models import Run, User
from tests.domain.wishes import wish
from tests.factories import act, add_member, carry_out, make_run

NOTE = wish(Action.ADD_NOTE, text="It rains.")
Said = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SETTLE", 0.01)
    monkeypatch.setattr(sources, "POLL", 0.01)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The beat of ten seconds comes at once."""
    monkeypatch.setattr(hub, "BEAT", 0.02)


@pytest.fixture
def run(committed_db: None, ana: User, ben: User, now: datetime) -> Run:
    """A run that Ana leads; Ben is an operator."""
    made = make_run(ana, now)
    add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    return made


@pytest.fixture
def note(ana: User, now: datetime) -> Said:
    """Ana writes a note on a run; returns its seq."""

    def write(run: Run) -> int:
        return carry_out(run.pk, NOTE, act(ana, now=now)).version

    return write

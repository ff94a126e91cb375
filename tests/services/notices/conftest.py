"""A run with a lead and an operator, and a world outside that takes what is sent."""

from datetime import datetime

import pytest

from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, User
from runbook.services import outgoing
from tests.factories import add_member, make_run_at
from tests.services.receivers import Outside


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    world = Outside()
    monkeypatch.setattr(outgoing, "send", world.send)
    return world


@pytest.fixture
def run(ana: User, ben: User, now: datetime) -> Run:
    """Ana leads, Ben operates; nothing waits to be sent."""
    made = make_run_at(RunStage.PREPARING, ana, now)
    add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    made.deliveries.all().delete()
    return made

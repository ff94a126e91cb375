"""A standing server clock, and runs at any stage for the web tests of this folder."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from runbook.domain import events as ev
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from runbook.services import timeline
from runbook.services.timeline import Act
from tests.factories import make_run_at


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The server's clock stands at `now` until the test moves it."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run_at(clock: time_machine.Traveller, ana: User, now: datetime) -> Callable[[RunStage], Run]:
    """A run of Ana's on the small pack at a stage."""

    def make(stage: RunStage) -> Run:
        return make_run_at(stage, ana, now)

    return make


@pytest.fixture
def join(clock: time_machine.Traveller, ana: User, now: datetime) -> Callable[..., None]:
    """Gives somebody a part on Ana's run."""

    def give(run: Run, user: User, role: Role) -> None:
        added = ev.MemberAdded(member=user.actor_id, role=role)
        timeline.record(
            run.pk,
            Action.RECORD_FACTS,
            act=Act(actor=ana.actor_id, now=now),
            decide=lambda run, state, pack: [added],
        )

    return give


@pytest.fixture
def as_ana(clock: time_machine.Traveller, ana: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(ana)

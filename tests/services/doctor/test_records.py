"""The doctor: what is wrong with reminders, messages, owners, leads and chains is noticed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from runbook.models import Delivery, Run, User
from runbook.services.doctor import Level
from tests import factories
from tests.guards import remove_append_only_guards
from tests.services.doctor.patient import BAD, SQLITE, WARN, execute, look, noticed


@pytest.fixture
def run(sound: User) -> Run:
    return factories.make_run(sound, timezone.now() - timedelta(days=1))


def delivery(run: Run, **more: Any) -> None:
    ago = timezone.now() - timedelta(minutes=10)
    given = {"key": "k", "run": run, "seq": 1, "kind": "x", "created": ago, "due_at": ago, **more}
    Delivery.objects.create(**given)


def let_reminders_wait(run: Run) -> None:
    ago = timezone.now() - timedelta(minutes=6)
    Run.objects.filter(pk=run.pk).update(next_due_at=ago)


def break_the_chain(run: Run) -> None:
    remove_append_only_guards()
    execute(
        "UPDATE runbook_payload SET body = REPLACE(body, 'Tower', 'Bower') WHERE event_id IN "
        "(SELECT id FROM runbook_event WHERE run_id = %s)",
        values=(run.pk.hex if SQLITE else str(run.pk),),
    )


IN_THE_RECORDS: list[tuple[Callable[[Run], object], Level, str]] = [
    (let_reminders_wait, BAD, "Reminders that are due and that nobody sends: 1"),
    (delivery, BAD, "Messages that are due and that nobody sends: 1"),
    (
        lambda run: delivery(run, state=Delivery.State.FAILED),
        WARN,
        "Messages that were given up: 1",
    ),
    (
        lambda run: delivery(
            run,
            state=Delivery.State.SENDING,
            lease_until=timezone.now() - timedelta(minutes=6),
        ),
        *(BAD, "left behind by a worker that died"),
    ),
    (lambda run: User.objects.update(is_staff=False), BAD, "No owner of the installation"),
    (lambda run: Authenticator.objects.all().delete(), WARN, "without a second factor: 1 of 1"),
    (lambda run: User.objects.update(is_active=False), WARN, "without a lead who can sign in: 1"),
    (break_the_chain, BAD, "broken at event 1"),
    (
        lambda run: Run.objects.update(last_at=timezone.now() + timedelta(hours=1)),
        *(BAD, "which is still to come"),
    ),
]


@pytest.mark.parametrize(("plant", "level", "words"), IN_THE_RECORDS)
def test_what_is_wrong_with_the_records_is_noticed(
    run: Run, plant: Callable[[Run], object], level: Level, words: str
) -> None:
    plant(run)

    noticed(level, words)


def test_a_projection_that_differs_is_noticed_when_looking_deep(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(title="Another")

    assert not [each for each in look() if "differs from its record" in each.sentence]
    noticed(BAD, "differs from its record", deep=True)


@pytest.mark.usefixtures("sound")
def test_before_the_first_account_the_way_to_it_is_shown() -> None:
    Authenticator.objects.all().delete()
    User.objects.all().delete()

    noticed(WARN, "There is no account yet")

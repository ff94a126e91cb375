"""verify_timeline and rebuild_projection tell the truth and repair only what can be computed."""

import io
import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from runbook import queries
from runbook.domain.chain import fingerprint
from runbook.models import Member, Run, User
from runbook.services import upkeep
from tests.exports.records import stored_run
from tests.guards import remove_append_only_guards

Told = Callable[..., str]


@pytest.fixture
def _unguarded(db: None) -> None:
    """Somebody with the database's own tools; the end of the test's transaction undoes this."""
    remove_append_only_guards()


def change(statement: str, *values: str | uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_unbroken_timeline_is_one_sentence(run: Run, told: Told) -> None:
    assert told("verify_timeline") == (
        f"Run {run.pk}: {run.version} events, unbroken, head {fingerprint(run.head)}.\n"
    )


@pytest.mark.django_db
def test_without_runs_there_is_nothing_to_verify(told: Told) -> None:
    assert told("verify_timeline") == "There is no run yet.\n"


@pytest.mark.usefixtures("_unguarded")
def test_the_first_broken_event_is_named(run: Run, told: Told, ana: User, now: datetime) -> None:
    sound = stored_run(ana, now, title="Fabrikam")
    change(
        "UPDATE runbook_payload SET body = REPLACE(body, 'Contoso', 'Someone') WHERE event_id IN"
        " (SELECT id FROM runbook_event WHERE run_id = %s AND seq = 2)",
        run.pk.hex if connection.vendor == "sqlite" else run.pk,
    )
    out = io.StringIO()

    with pytest.raises(CommandError, match=r"1 of 2 timelines are broken\.") as refusal:
        call_command("verify_timeline", stdout=out)

    assert refusal.value.returncode == 1
    assert f"Run {run.pk}: broken at event 2. Event 2 has a content that" in out.getvalue()
    assert f"Run {sound.pk}: {sound.version} events, unbroken" in out.getvalue()


def test_tables_that_equal_their_events_stay(run: Run, told: Told) -> None:
    assert told("rebuild_projection") == f"Run {run.pk}: equals its events.\n"
    assert told("rebuild_projection", "--check") == f"Run {run.pk}: equals its events.\n"


def test_a_difference_is_found_and_repaired(run: Run, told: Told) -> None:
    Run.objects.filter(pk=run.pk).update(title="Wrong")
    Member.objects.filter(run=run).update(role="observer")

    with pytest.raises(CommandError, match="1 of 1 runs differ from their events"):
        told("rebuild_projection", "--check")
    assert Run.objects.get(pk=run.pk).title == "Wrong"

    assert told("rebuild_projection", str(run.pk)) == (
        f"Run {run.pk}: differs in run.title, members; written anew.\n"
    )
    assert told("rebuild_projection", "--check") == f"Run {run.pk}: equals its events.\n"
    assert Run.objects.get(pk=run.pk).title == "Contoso"


def test_a_rebuilt_run_still_verifies(run: Run, told: Told) -> None:
    Run.objects.filter(pk=run.pk).update(state="{}")
    told("rebuild_projection")

    assert "unbroken" in told("verify_timeline")


@pytest.mark.django_db
def test_a_run_that_went_meanwhile_is_not_found() -> None:
    with pytest.raises(queries.RunNotFound):
        upkeep.verify(uuid.uuid4())

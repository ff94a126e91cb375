"""Word of a run that went on travels with the transaction, on PostgreSQL."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from runbook.domain.vocabulary import Action
from runbook.models import Run, User
from runbook.services import announcing
from tests.domain.wishes import wish
from tests.factories import act, carry_out, make_run

NOTE = wish(Action.ADD_NOTE, text="It rains.")


@pytest.fixture
def ear() -> Iterator["psycopg.Connection[Any]"]:
    """Somebody who listens beside the product."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite announces nothing.")
    parameters = connection.get_connection_params()
    wanted = {name: parameters[name] for name in ("dbname", "host", "user") if name in parameters}
    with psycopg.connect(**wanted, autocommit=True) as link:
        link.execute(f"LISTEN {announcing.RUNS}")
        yield link


def heard(ear: "psycopg.Connection[Any]") -> list[str]:
    """What was announced up to a word of our own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, 'enough')", [announcing.RUNS])
    found: list[str] = []
    for note in ear.notifies(timeout=10):
        if note.payload == "enough":
            return found
        found.append(note.payload)
    raise AssertionError("The last word was not heard.")


def test_every_commit_says_where_the_run_stands(
    committed_db: None, ana: User, now: datetime, ear: "psycopg.Connection[Any]"
) -> None:
    run = make_run(ana, now)
    begun = run.version
    carry_out(run.pk, NOTE, act(ana, now=now))

    assert heard(ear) == [f"{run.pk}:{begun}", f"{run.pk}:{begun + 1}"]


def test_what_is_rolled_back_was_never_said(
    committed_db: None, ana: User, now: datetime, ear: "psycopg.Connection[Any]"
) -> None:
    run = make_run(ana, now)
    heard(ear)
    with transaction.atomic():
        announcing.announce(run)
        transaction.set_rollback(True)

    assert heard(ear) == []


def test_on_sqlite_it_costs_nothing(db: None, django_assert_num_queries: Any) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL is told.")
    with django_assert_num_queries(0):
        announcing.announce(Run(version=1))

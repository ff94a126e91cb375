"""On PostgreSQL the product's role adds to the timeline and can neither change nor unguard it (TL-02)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from runbook import queries
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User
from runbook.services import projection
from tests.domain.history import START
from tests.domain.wishes import BEFORE_RETRY, GATEWAY, failing
from tests.factories import act, carry_out, make_run, make_run_at

ROLE = "runbook_app_of_the_tests"
DENIED = [
    "UPDATE runbook_event SET type = 'x'",
    "DELETE FROM runbook_event",
    "TRUNCATE runbook_event",
    "ALTER TABLE runbook_event DISABLE TRIGGER event_no_change",
    "DROP TRIGGER event_no_change ON runbook_event",
    "DROP TABLE runbook_erasure",
    "UPDATE runbook_payload SET body = NULL, salt = NULL",
    "DELETE FROM runbook_payload",
    "TRUNCATE runbook_payload",
    "UPDATE runbook_erasure SET by_event_id = 1",
    "DELETE FROM runbook_erasure",
    "UPDATE runbook_head SET size = 1",
    "DELETE FROM runbook_head",
    "TRUNCATE runbook_head",
    "UPDATE runbook_journalentry SET body = '{}'",
    "DELETE FROM runbook_journalentry",
    "ALTER TABLE runbook_journalentry DISABLE TRIGGER journal_no_change",
    "SELECT * FROM runbook_event FOR UPDATE",
    "CREATE OR REPLACE FUNCTION runbook_refuse() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RETURN OLD; END $$",
    "SET session_replication_role = replica",
    "DELETE FROM django_migrations",
    "CREATE TABLE mine (a int)",
]


@pytest.fixture
def role(committed_db: None) -> Iterator[str]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {ROLE}")
        call_command("grant_app_role", ROLE, verbosity=0)
    yield ROLE
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {ROLE}")


@contextmanager
def serving() -> Iterator[None]:
    """As the product's role, the way a connection of its own would be."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION AUTHORIZATION {ROLE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET SESSION AUTHORIZATION")


def execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_sqlite_says_that_it_has_no_roles(db: None) -> None:
    if connection.vendor != "sqlite":
        with pytest.raises(CommandError, match="There is no role nobody-here"):
            call_command("grant_app_role", "nobody-here")
        return
    with pytest.raises(CommandError, match="SQLite knows no roles"):
        call_command("grant_app_role", ROLE)


def test_the_owner_of_the_tables_is_no_role_to_serve_with(db: None) -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(CommandError, match="owns the tables or is a superuser"):
            call_command("grant_app_role", connection.settings_dict["USER"])


def test_the_product_works_under_its_role(role: str, ana: User, now: datetime) -> None:
    if connection.vendor != "postgresql":
        return
    with serving():
        run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
        later = now + timedelta(days=1)
        for asked in (BEFORE_RETRY, START, failing(GATEWAY)):
            carry_out(run, asked, act(ana, now=later))
        run.refresh_from_db()

        assert queries.verify_run(run)[0] == run.version
        assert projection.differences(run) == []
        projection.rebuild(run)


@pytest.mark.parametrize("sql", DENIED)
def test_the_role_cannot_touch_what_was_recorded(
    role: str, ana: User, now: datetime, sql: str
) -> None:
    if connection.vendor != "postgresql":
        return
    run = make_run(ana, now)
    with serving(), pytest.raises(DatabaseError, match=r"permission denied|must be (owner|able)"):
        execute(sql)
    assert queries.verify_run(Run.objects.get(pk=run.pk))[0] == run.version


def test_with_more_rights_only_the_guards_would_be_left(
    role: str, ana: User, now: datetime
) -> None:
    """The control: a role with all rights on the table meets no refusal but the trigger's."""
    if connection.vendor != "postgresql":
        return
    make_run(ana, now)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON runbook_event TO {ROLE}")
    with serving(), pytest.raises(DatabaseError, match="append-only"):
        execute(DENIED[0])
    call_command("grant_app_role", ROLE, verbosity=0)
    with serving(), pytest.raises(DatabaseError, match="permission denied"):
        execute(DENIED[0])

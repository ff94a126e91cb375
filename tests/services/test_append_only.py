"""Nobody changes, removes or replaces what was recorded, by whatever door (TL-01)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from runbook import queries
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User, guards
from runbook.models.timeline import AppendOnly, Erasure, Event, Payload
from tests.factories import make_run_at

REFUSED = "the timeline|append-only|a payload|an erasure"


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    connection.check_constraints()  # else PostgreSQL alters no table before the commit
    return run


def fourth(run: Run) -> Event:
    return Event.objects.get(run=run, seq=4)


ORM: dict[str, Callable[[Run], object]] = {
    "update": lambda run: Event.objects.filter(run=run).update(type="x"),
    "delete": lambda run: Event.objects.filter(run=run).delete(),
    "bulk update": lambda run: Event.objects.bulk_update([fourth(run)], ["type"]),
    "save": lambda run: fourth(run).save(),
    "delete one": lambda run: fourth(run).delete(),
    "related update": lambda run: run.events.update(type="x"),
    "related delete": lambda run: run.events.all().delete(),
    "payload update": lambda run: Payload.objects.update(body="{}"),
    "payload delete": lambda run: Payload.objects.all().delete(),
    "erasure update": lambda run: Erasure.objects.update(by_event_id=1),
    "erasure delete": lambda run: Erasure.objects.all().delete(),
}


@pytest.mark.parametrize("way", ORM)
def test_the_models_refuse_with_a_sentence(run: Run, way: str) -> None:
    with pytest.raises(AppendOnly, match="The timeline is append-only"):
        ORM[way](run)


@pytest.mark.parametrize("what", ["run", "event behind a payload"])
def test_deleting_what_events_hang_on_is_refused(run: Run, what: str) -> None:
    doomed = (
        Run.objects.filter(pk=run.pk) if what == "run" else run.events.model._base_manager.all()
    )

    with pytest.raises((ProtectedError, AppendOnly)):
        doomed.delete()


def test_deleting_a_person_leaves_the_timeline_whole(run: Run, ana: User) -> None:
    count = len(queries.all_entries(run))
    ana.delete()

    assert queries.verify_run(run)[0] == count
    assert {entry.name for entry in queries.all_entries(run)} == {"a former member"}


def copy(seq: str, pk: str) -> str:
    """An event like the fourth, with a number and a key of the attacker's choice."""
    like = (
        "(id, seq, run_id, header, digest, type, actor, actor_kind, at, happened_at) "
        "SELECT PK, SEQ, run_id, header, digest, type, actor, actor_kind, at, happened_at "
        "FROM runbook_event WHERE seq = 4"
    )
    return like.replace("PK", pk).replace("SEQ", seq)


NEW_SEQ = "(SELECT MAX(seq) + 1 FROM runbook_event)"
NEW_PK = "(SELECT MAX(id) + 1 FROM runbook_event)"
RAW = {
    "update": "UPDATE runbook_event SET type = 'x'",
    "update of one column by itself": "UPDATE runbook_event SET actor = actor",
    "delete": "DELETE FROM runbook_event",
    "second truth": f"INSERT INTO runbook_event {copy('4', NEW_PK)}",
    "gap": f"INSERT INTO runbook_event {copy('1000', NEW_PK)}",
    "number zero": f"INSERT INTO runbook_event {copy('0', NEW_PK)}",
    "upsert": f"INSERT INTO runbook_event {copy('4', NEW_PK)} AND 1 = 1 "
    "ON CONFLICT (run_id, seq) DO UPDATE SET type = 'x'",
    "upsert by key": f"INSERT INTO runbook_event {copy('4', 'id')} AND 1 = 1 "
    "ON CONFLICT (id) DO UPDATE SET type = 'x'",
    "payload update": "UPDATE runbook_payload SET body = '{}'",
    "payload erasure without a word": "UPDATE runbook_payload SET body = NULL, salt = NULL",
    "payload moved": "UPDATE runbook_payload SET event_id = event_id + 1000",
    "payload delete": "DELETE FROM runbook_payload",
    "payload upsert": "INSERT INTO runbook_payload (event_id, body) "
    "SELECT event_id, '{}' FROM runbook_payload WHERE 1 = 1 "
    "ON CONFLICT (event_id) DO UPDATE SET body = '{}'",
}
SQLITE = {
    "replace by number": f"INSERT OR REPLACE INTO runbook_event {copy('4', NEW_PK)}",
    "replace by key": "INSERT OR REPLACE INTO runbook_event {}".format(copy(NEW_SEQ, "id")),
    "update or replace": "UPDATE OR REPLACE runbook_event SET seq = 5 WHERE seq = 4",
    "payload replace": "INSERT OR REPLACE INTO runbook_payload (event_id, body) "
    "SELECT event_id, '{}' FROM runbook_payload",
}
POSTGRESQL = {
    "truncate": "TRUNCATE runbook_event CASCADE",
    "truncate from the run": "TRUNCATE runbook_run CASCADE",
    "payload truncate": "TRUNCATE runbook_payload",
    "erasure truncate": "TRUNCATE runbook_erasure",
    "update as a replica": "SET LOCAL session_replication_role = replica; "
    "UPDATE runbook_event SET type = 'x'",
}


def attacks() -> dict[str, str]:
    return {**RAW, **(SQLITE if connection.vendor == "sqlite" else POSTGRESQL)}


def execute(sql: str, *values: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def stored(run: Run) -> list[object]:
    return list(Event.objects.filter(run=run).order_by("seq").values_list()) + list(
        Payload.objects.order_by("pk").values_list("pk", "body")
    )


@pytest.mark.parametrize("bypass", [False, True], ids=["plain", "triggers not recursive"])
def test_the_database_refuses_every_raw_statement(run: Run, *, bypass: bool) -> None:
    before = stored(run)
    if bypass and connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # as a foreign tool would open the file
            cursor.execute("PRAGMA recursive_triggers = OFF")
    try:
        for name, sql in attacks().items():
            with pytest.raises(DatabaseError, match=REFUSED):
                execute(sql)
            assert stored(run) == before, name
    finally:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA recursive_triggers = ON")
    assert queries.verify_run(run)[0] == run.version


STOPPED_BY_THE_SCHEMA = {"second truth", "payload moved", "update or replace"}
HARMLESS_HERE = {"update of one column by itself", "erasure truncate"}


class Undo(Exception):
    """Rolls back what a control did."""


@pytest.mark.parametrize("name", [*RAW, *SQLITE, *POSTGRESQL])
def test_without_the_guards_the_statement_does_its_harm_or_the_schema_stops_it(
    run: Run, name: str
) -> None:
    """The control: what was refused above was refused by the guards."""
    if name not in attacks():
        return
    before, harm = stored(run), False
    with suppress(Undo), transaction.atomic():
        guards.remove(connection)
        try:
            execute(attacks()[name])
        except DatabaseError:
            harm = name in STOPPED_BY_THE_SCHEMA
        else:
            harm = stored(run) != before or name in HARMLESS_HERE
        raise Undo

    assert harm
    assert guards.missing(connection) == frozenset()


def test_a_payload_is_emptied_only_with_an_erasure_on_record(run: Run) -> None:
    pk, asked = fourth(run).pk, Event.objects.get(run=run, seq=5)
    emptied = "UPDATE runbook_payload SET body = NULL, salt = NULL WHERE event_id = %s"
    half = "UPDATE runbook_payload SET body = NULL WHERE event_id = %s"
    other = "UPDATE runbook_payload SET body = '{}', salt = NULL WHERE event_id = %s"
    Erasure.objects.create(event_id=pk, by_event=asked)

    for sql in (half, other):
        with pytest.raises(DatabaseError, match="a payload can only be erased"):
            execute(sql, pk)
    execute(emptied, pk)
    assert queries.verify_run(run)[0] == run.version
    with pytest.raises(DatabaseError):
        execute("UPDATE runbook_erasure SET by_event_id = %s", pk)
    with pytest.raises(DatabaseError):
        execute("DELETE FROM runbook_erasure")


def test_a_guard_that_is_missing_or_switched_off_is_noticed(db: None) -> None:
    assert guards.missing(connection) == frozenset()
    if connection.vendor == "postgresql":
        execute("ALTER TABLE runbook_event DISABLE TRIGGER event_no_change")
        assert guards.missing(connection) == {"event_no_change"}
        execute("ALTER TABLE runbook_event ENABLE TRIGGER event_no_change")
        assert guards.missing(connection) == {"event_no_change"}  # a replica could pass it
    else:
        execute("DROP TRIGGER event_no_update")
        assert guards.missing(connection) == {"event_no_update"}
    guards.install(connection)
    assert guards.missing(connection) == frozenset()

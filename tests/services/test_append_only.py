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
    doomed = Run.objects.filter(pk=run.pk) if what == "run" else run.events.model._base_manager.all()

    with pytest.raises((ProtectedError, AppendOnly)):
        doomed.delete()


def test_deleting_a_person_leaves_the_timeline_whole(run: Run, ana: User) -> None:
    count = len(queries.all_entries(run))
    ana.delete()

    assert queries.verify_run(run)[0] == count
    assert {entry.name for entry in queries.all_entries(run)} == {"a former member"}


def columns(seq: str, pk: str) -> str:
    names = "run_id, header, digest, type, actor, actor_kind, at, happened_at"
    return f"({pk}, {seq}, {names}) SELECT {{pk}}, {{seq}}, {names} FROM {guards.EVENT} WHERE seq=4"


def copy(seq: str, pk: str) -> str:
    """An event like the fourth, with a number and a key of the attacker's choice."""
    return columns("seq", "id").format(seq=seq, pk=pk)


NEW_PK = f"(SELECT MAX(id) + 1 FROM {guards.EVENT})"
RAW = {
    "update": f"UPDATE {guards.EVENT} SET type = 'x'",
    "update of one column by itself": f"UPDATE {guards.EVENT} SET actor = actor",
    "delete": f"DELETE FROM {guards.EVENT}",
    "second truth": f"INSERT INTO {guards.EVENT} {copy('4', NEW_PK)}",
    "gap": f"INSERT INTO {guards.EVENT} {copy('1000', NEW_PK)}",
    "number zero": f"INSERT INTO {guards.EVENT} {copy('0', NEW_PK)}",
    "upsert": f"INSERT INTO {guards.EVENT} {copy('4', NEW_PK)} AND 1 = 1 "
    "ON CONFLICT (run_id, seq) DO UPDATE SET type = 'x'",
    "upsert by key": f"INSERT INTO {guards.EVENT} {copy('4', 'id')} AND 1 = 1 "
    "ON CONFLICT (id) DO UPDATE SET type = 'x'",
    "payload update": f"UPDATE {guards.PAYLOAD} SET body = '{{}}'",
    "payload erasure without a word": f"UPDATE {guards.PAYLOAD} SET body = NULL, salt = NULL",
    "payload moved": f"UPDATE {guards.PAYLOAD} SET event_id = event_id + 1000",
    "payload delete": f"DELETE FROM {guards.PAYLOAD}",
    "payload upsert": f"INSERT INTO {guards.PAYLOAD} (event_id, body) "
    f"SELECT event_id, '{{}}' FROM {guards.PAYLOAD} WHERE 1 = 1 "
    "ON CONFLICT (event_id) DO UPDATE SET body = '{}'",
}
SQLITE = {
    "replace by number": f"INSERT OR REPLACE INTO {guards.EVENT} {copy('4', NEW_PK)}",
    "replace by key": f"INSERT OR REPLACE INTO {guards.EVENT} "
    + copy(f"(SELECT MAX(seq) + 1 FROM {guards.EVENT})", "id"),
    "update or replace": f"UPDATE OR REPLACE {guards.EVENT} SET seq = 5 WHERE seq = 4",
    "payload replace": f"INSERT OR REPLACE INTO {guards.PAYLOAD} (event_id, body) "
    f"SELECT event_id, '{{}}' FROM {guards.PAYLOAD}",
}
POSTGRESQL = {
    "truncate": f"TRUNCATE {guards.EVENT} CASCADE",
    "truncate from the run": "TRUNCATE runbook_run CASCADE",
    "payload truncate": f"TRUNCATE {guards.PAYLOAD}",
    "erasure truncate": f"TRUNCATE {guards.ERASURE}",
    "update as a replica": f"SET LOCAL session_replication_role = replica; "
    f"UPDATE {guards.EVENT} SET type = 'x'",
}


def attacks() -> dict[str, str]:
    return {**RAW, **(SQLITE if connection.vendor == "sqlite" else POSTGRESQL)}


def execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


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
        except DatabaseError as problem:
            assert "append-only" not in str(problem)
            harm = name in STOPPED_BY_THE_SCHEMA
        else:
            harm = stored(run) != before or name in HARMLESS_HERE
        raise Undo

    assert harm
    assert guards.missing(connection) == frozenset()


def test_a_payload_is_emptied_only_with_an_erasure_on_record(run: Run) -> None:
    pk, asked = fourth(run).pk, Event.objects.get(run=run, seq=5)
    emptied = f"UPDATE {guards.PAYLOAD} SET body = NULL, salt = NULL WHERE event_id = {pk}"
    half = f"UPDATE {guards.PAYLOAD} SET body = NULL WHERE event_id = {pk}"
    other = f"UPDATE {guards.PAYLOAD} SET body = '{{}}', salt = NULL WHERE event_id = {pk}"
    Erasure.objects.create(event_id=pk, by_event=asked)

    for sql in (half, other):
        with pytest.raises(DatabaseError, match="a payload can only be erased"):
            execute(sql)
    execute(emptied)
    assert queries.verify_run(run)[0] == run.version
    with pytest.raises(DatabaseError):
        execute(f"UPDATE {guards.ERASURE} SET by_event_id = {pk}")
    with pytest.raises(DatabaseError):
        execute(f"DELETE FROM {guards.ERASURE}")


def test_a_guard_that_is_missing_or_switched_off_is_noticed(db: None) -> None:
    assert guards.missing(connection) == frozenset()
    if connection.vendor == "postgresql":
        execute(f"ALTER TABLE {guards.EVENT} DISABLE TRIGGER event_no_change")
        assert guards.missing(connection) == {"event_no_change"}
        execute(f"ALTER TABLE {guards.EVENT} ENABLE TRIGGER event_no_change")
        assert guards.missing(connection) == {"event_no_change"}  # a replica could pass it
    else:
        execute("DROP TRIGGER event_no_update")
        assert guards.missing(connection) == {"event_no_update"}
    guards.install(connection)
    assert guards.missing(connection) == frozenset()

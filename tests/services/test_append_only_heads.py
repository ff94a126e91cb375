"""Signed heads and the journal stand as firmly as the timeline (TL-01)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from runbook.models import Head, JournalEntry, Run, User, guards
from runbook.models.timeline import AppendOnly
from runbook.services import heads, runs
from tests.factories import act, make_run

REFUSED = "append-only"


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = make_run(ana, now)
    for _ in range(2):
        runs.record_export(run_id=run.pk, act=act(ana, now=now), export_format="json")
    heads.nightly(now=now)
    assert (Head.objects.count(), JournalEntry.objects.count()) == (2, 3)
    connection.check_constraints()
    return run


ORM: dict[str, Callable[[], object]] = {
    "update": lambda: Head.objects.update(size=1),
    "delete": lambda: Head.objects.all().delete(),
    "bulk update": lambda: Head.objects.bulk_update(list(Head.objects.all()), ["size"]),
    "journal update": lambda: JournalEntry.objects.update(type="x"),
    "journal delete": lambda: JournalEntry.objects.all().delete(),
}


@pytest.mark.parametrize("way", ORM)
def test_the_models_refuse_with_a_sentence(run: Run, way: str) -> None:
    with pytest.raises(AppendOnly):
        ORM[way]()


@pytest.mark.parametrize("model", [Head, JournalEntry])
def test_a_single_row_is_refused_by_the_database(run: Run, model: type) -> None:
    row = model.objects.first()  # type: ignore[attr-defined]
    for deed in (row.save, row.delete):
        with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
            deed()


def like(table: str, columns: str, values: str, *, where: str) -> str:
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {where}"  # noqa: S608


HEAD = "run_id, size, head, body, signature, key_id, at, reason"
ENTRY = "header, digest, type, body, at"
ONE = "id = (SELECT MIN(id) FROM runbook_head)"
RAW = {
    "head update": "UPDATE runbook_head SET size = 1",
    "head update of one column by itself": "UPDATE runbook_head SET size = size",
    "head delete": "DELETE FROM runbook_head",
    "head upsert": like("runbook_head", f"id, {HEAD}", f"id, {HEAD}", where=ONE)
    + " ON CONFLICT (id) DO UPDATE SET size = 1",
    "journal update": "UPDATE runbook_journalentry SET type = 'x'",
    "journal delete": "DELETE FROM runbook_journalentry",
    "journal second truth": like(
        "runbook_journalentry", f"seq, {ENTRY}", f"1, {ENTRY}", where="seq = 1"
    ),
    "journal gap": like("runbook_journalentry", f"seq, {ENTRY}", f"9, {ENTRY}", where="seq = 1"),
    "journal upsert": like("runbook_journalentry", f"seq, {ENTRY}", f"1, {ENTRY}", where="seq = 1")
    + " ON CONFLICT (seq) DO UPDATE SET type = 'x'",
}
SQLITE = {
    "head replace": like("runbook_head", f"id, {HEAD}", f"id, {HEAD}", where=ONE).replace(
        "INSERT", "INSERT OR REPLACE"
    ),
    "journal replace": like(
        "runbook_journalentry", f"seq, {ENTRY}", f"1, {ENTRY}", where="seq = 2"
    ).replace("INSERT", "INSERT OR REPLACE"),
    "journal replace by key": like(
        "runbook_journalentry", f"id, seq, {ENTRY}", f"id, 4, {ENTRY}", where="seq = 2"
    ).replace("INSERT", "INSERT OR REPLACE"),
}
POSTGRESQL = {
    "head truncate": "TRUNCATE runbook_head",
    "journal truncate": "TRUNCATE runbook_journalentry",
    "head update as a replica": "SET LOCAL session_replication_role = replica; "
    "UPDATE runbook_head SET size = 1",
}
#: Without the guards the schema stops these, or they change nothing that one can see.
STOPPED_OTHERWISE = {
    "head update of one column by itself",
    "journal second truth",
    "head replace",
}


def attacks() -> dict[str, str]:
    return {**RAW, **(SQLITE if connection.vendor == "sqlite" else POSTGRESQL)}


def execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def stored() -> list[object]:
    return [
        *Head.objects.order_by("pk").values_list(),
        *JournalEntry.objects.order_by("pk").values_list(),
    ]


@pytest.mark.parametrize("bypass", [False, True], ids=["plain", "triggers not recursive"])
def test_the_database_refuses_every_raw_statement(run: Run, *, bypass: bool) -> None:
    before = stored()
    if bypass and connection.vendor == "sqlite":
        execute("PRAGMA recursive_triggers = OFF")
    try:
        for name, sql in attacks().items():
            with pytest.raises(DatabaseError, match=REFUSED):
                execute(sql)
            assert stored() == before, name
    finally:
        if connection.vendor == "sqlite":
            execute("PRAGMA recursive_triggers = ON")


class Undo(Exception):
    """Rolls back what a control did."""


@pytest.mark.parametrize("name", [*RAW, *SQLITE, *POSTGRESQL])
def test_without_the_guards_the_statement_does_its_harm(run: Run, name: str) -> None:
    """The control: what was refused above was refused by the guards."""
    if name not in attacks():
        return
    before, harm = stored(), name in STOPPED_OTHERWISE
    with suppress(Undo), transaction.atomic():
        guards.remove(connection)
        with suppress(DatabaseError):
            execute(attacks()[name])
            harm |= stored() != before
        raise Undo

    assert harm
    assert guards.missing(connection) == frozenset()

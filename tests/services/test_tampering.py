"""Whoever edits the database behind the guards is found, and the first bad event is named (TL-06)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from runbook import queries
from runbook.domain import chain
from runbook.domain.errors import BrokenChain
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User, guards
from runbook.models.timeline import Event
from tests.factories import make_run_at

TARGET = 5


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    connection.check_constraints()
    guards.remove(connection)
    return run


def sql(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def edit(run: Run, column: str, value: object, *, seq: int = TARGET) -> None:
    sql(
        "UPDATE runbook_event SET COLUMN = %s WHERE run_id = %s AND seq = %s".replace(
            "COLUMN", column
        ),
        *(value, run.pk.hex if connection.vendor == "sqlite" else run.pk, seq),
    )


def edit_payload(run: Run, text: str, *, seq: int = TARGET) -> None:
    pk = Event.objects.get(run=run, seq=seq).pk
    sql("UPDATE runbook_payload SET TEXT WHERE event_id = %s".replace("TEXT", text), pk)


def rehashed(run: Run) -> None:
    """Another actor in the header, with the hash put right: only the next link can tell."""
    header = json.loads(Event.objects.get(run=run, seq=TARGET).header)
    text = chain.canonical({**header, "actor": "m" * 32})
    edit(run, "header", text)
    edit(run, "digest", chain.event_hash(text))


def remove(run: Run, *, seq: int) -> None:
    pk = Event.objects.get(run=run, seq=seq).pk
    sql("DELETE FROM runbook_payload WHERE event_id = %s", pk)
    sql("DELETE FROM runbook_event WHERE id = %s", pk)


def swap(run: Run) -> None:
    for old, new in ((TARGET, 900), (TARGET + 1, TARGET), (900, TARGET + 1)):
        edit(run, "seq", new, seq=old)


def cut(run: Run) -> None:
    for seq in range(run.version, TARGET - 1, -1):
        remove(run, seq=seq)


def splice(run: Run) -> None:
    """An event of another run in this one's place."""
    other = make_run_at(RunStage.RETRY_PLANNED, User.objects.get(), run.created)
    foreign = Event.objects.get(run=other, seq=TARGET)
    edit(run, "header", foreign.header)
    edit(run, "digest", foreign.digest)


WAYS: dict[str, tuple[Callable[[Run], object], int]] = {
    "type": (lambda run: edit(run, "type", "step.skipped"), TARGET),
    "actor": (lambda run: edit(run, "actor", "m" * 32), TARGET),
    "kind of actor": (lambda run: edit(run, "actor_kind", "system"), TARGET),
    "server time": (lambda run: edit(run, "at", run.created - timedelta(days=1)), TARGET),
    "told time": (lambda run: edit(run, "happened_at", run.created - timedelta(days=1)), TARGET),
    "header": (lambda run: edit(run, "header", "{}"), TARGET),
    "digest": (lambda run: edit(run, "digest", "0" * 64), TARGET),
    "header with its hash": (rehashed, TARGET + 1),
    "content": (lambda run: edit_payload(run, "body = '{}'"), TARGET),
    "content and salt gone": (lambda run: edit_payload(run, "body = NULL, salt = NULL"), TARGET),
    "event removed": (lambda run: remove(run, seq=TARGET), TARGET),
    "two events swapped": (swap, TARGET),
    "tail cut": (cut, TARGET),
    "event of another run": (splice, TARGET),
    "head in the row": (lambda run: Run.objects.filter(pk=run.pk).update(head="0" * 64), 0),
    "beginning in the row": (lambda run: Run.objects.filter(pk=run.pk).update(genesis="0" * 64), 1),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_edit_is_found_and_the_first_bad_event_named(run: Run, way: str) -> None:
    count = run.version
    assert queries.verify_run(run) == (count, run.head)
    tamper, seq = WAYS[way]
    tamper(run)
    run.refresh_from_db()

    with pytest.raises(BrokenChain) as broken:
        queries.verify_run(run)

    assert broken.value.seq == (seq or count + 1)
    if "row" not in way and way != "tail cut":
        assert str(broken.value).startswith(f"Event {seq} ")


def test_without_a_comparison_of_columns_a_false_copy_would_pass(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.entries, "_verify_columns", lambda run: None)
    edit(run, "actor", "m" * 32)

    assert queries.verify_run(run) == (run.version, run.head)


def test_stored_columns_equal_the_hashed_header(run: Run) -> None:
    """TL-09."""
    for row in Event.objects.filter(run=run):
        header = json.loads(row.header)
        assert (header["seq"], header["type"], header["actor"], header["actor_kind"]) == (
            *(row.seq, row.type, row.actor, row.actor_kind),
        )
        assert header["at"] == chain.format_time(row.at)
        assert header["run"] == str(run.pk)
        assert chain.event_hash(row.header) == row.digest

"""A crash before or after any statement leaves the old state or the new one, never one between (DU-03)."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection

from runbook import queries
from runbook.domain.errors import BrokenChain
from runbook.domain.vocabulary import RunStage
from runbook.models import Evidence, Run, Submission, User
from runbook.services import projection, timeline
from runbook.services.timeline import Busy
from tests.domain.wishes import GATEWAY, failing
from tests.factories import act, carry_out, make_run_at

FAILED = failing(GATEWAY)
EVENTS = 3  # the failure, its text, its diagnosis


class PowerCut(Exception):
    """Everything stops here."""


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.IMPORTING, ana, now)


@contextmanager
def breaking(number: int, *, after: bool, problem: Callable[[], Exception]) -> Iterator[list[str]]:
    """Raises around the statement with this number, once; gives the statements that ran."""
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        if len(seen) != number:
            return execute(sql, params, many, context)
        if after:
            execute(sql, params, many, context)
        raise problem()

    with connection.execute_wrapper(wrapper):
        yield seen


def statements(run: Run, ana: User, now: datetime) -> int:
    """How many statements the act takes; carried out on a run of its own."""
    other = make_run_at(RunStage.IMPORTING, ana, now)
    with breaking(0, after=False, problem=PowerCut) as seen:
        carry_out(other, FAILED, act(ana, now=now, key=uuid.uuid4()))
    return len(seen)


def everything(run: Run) -> tuple[Any, ...]:
    """All that the act writes, as counts and texts."""
    run.refresh_from_db()
    return (
        (run.version, run.head, run.stage, run.state),
        len(queries.all_entries(run)),
        list(run.attempts.values_list("outcome", flat=True)),
        Evidence.objects.filter(run=run).count(),
        Submission.objects.filter(run=run).count(),
    )


def fault(run: Run) -> str:
    """What does not fit; empty when the run is sound."""
    try:
        queries.verify_run(run)
    except BrokenChain as broken:
        return str(broken)
    return ", ".join(projection.differences(run))


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_statement_leaves_the_old_state(
    run: Run, ana: User, now: datetime, *, after: bool
) -> None:
    before, total = everything(run), statements(run, ana, now)
    assert total > 8
    for number in range(1, total + 1):
        who = act(ana, now=now, key=uuid.uuid4())
        with breaking(number, after=after, problem=PowerCut), pytest.raises(PowerCut):
            carry_out(run.pk, FAILED, who)
        connection.close()  # as a process that died would

        assert everything(run) == before, f"statement {number}"
        assert fault(run) == "", f"statement {number}"

    carry_out(run, FAILED, act(ana, now=now))
    run.refresh_from_db()
    assert run.version == before[0][0] + EVENTS


def test_a_locked_database_is_asked_again_and_writes_once(
    run: Run, ana: User, now: datetime
) -> None:
    start, total = run.version, statements(run, ana, now)
    for number in range(1, total + 1):
        row = make_run_at(RunStage.IMPORTING, ana, now)
        who = act(ana, now=now, key=uuid.uuid4())
        with breaking(number, after=False, problem=_locked):
            written = carry_out(row, FAILED, who)

        assert written.version == start + EVENTS
        row.refresh_from_db()
        assert fault(row) == ""
        assert Evidence.objects.filter(run=row).count() == 2  # the picture, and the text once


def _locked() -> OperationalError:
    return OperationalError("database is locked")


def test_a_database_that_stays_locked_is_given_up_without_a_trace(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(run)
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)

    def locked(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise _locked()

    with connection.execute_wrapper(locked), pytest.raises(Busy):
        carry_out(run.pk, FAILED, timeline.Act(actor=ana.actor_id, now=now))

    assert len(pauses) == 3
    assert everything(run) == before


def test_another_problem_of_the_database_is_not_tried_again(
    run: Run, ana: User, now: datetime
) -> None:
    with (
        breaking(2, after=False, problem=lambda: OperationalError("disk full")) as seen,
        pytest.raises(OperationalError, match="disk full"),
    ):
        carry_out(run.pk, FAILED, timeline.Act(actor=ana.actor_id, now=now))

    assert len(seen) == 2


def test_an_act_in_two_commits_is_caught(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: events are committed before the projection is written."""
    real = projection.save

    def split(*args: Any, **kwargs: Any) -> None:
        connection._commit()  # type: ignore[attr-defined]
        real(*args, **kwargs)

    total = statements(run, ana, now)
    monkeypatch.setattr(projection, "save", split)
    torn = []
    for number in range(1, total + 1):
        row = make_run_at(RunStage.IMPORTING, ana, now)
        with breaking(number, after=False, problem=PowerCut), pytest.raises(PowerCut):
            carry_out(row.pk, FAILED, timeline.Act(actor=ana.actor_id, now=now, key=uuid.uuid4()))
        connection.close()
        torn.append(fault(Run.objects.get(pk=row.pk)))

    assert any(torn)

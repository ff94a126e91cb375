"""Time: the server's decides, people's is noted, and a clock that jumps confuses nobody (SM-10, TL-10)."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runbook import queries
from runbook.domain.decisions.attempts import Plan
from runbook.domain.errors import TransitionRefused
from runbook.domain.vocabulary import (
    Action,
    ImportOption,
    InstalledState,
    Method,
    Outcome,
    RunStage,
)
from runbook.models import Run, User
from runbook.models.timeline import Event
from runbook.services import projection
from runbook.services.runs import Report
from tests.domain.catalogue import GOOD
from tests.domain.history import START
from tests.domain.wishes import BEFORE_RETRY, GATEWAY, failing, looking, wish
from tests.factories import act, carry_out, make_run, make_run_at

NOTE = wish(Action.ADD_NOTE, text="It rains.")
LOST = wish(Action.RECORD_ATTEMPT, outcome=Outcome.UNKNOWN, reason="The keeper went home.")
S0 = looking(InstalledState.ROLLED_BACK)


def flags(run: Run) -> list[str | None]:
    rows = Event.objects.filter(run=run).order_by("seq")
    return [json.loads(row.header)["at_flag"] for row in rows]


def times(run: Run) -> list[datetime]:
    return [entry.recorded_at for entry in queries.all_entries(run)]


def sound(run: Run) -> bool:
    run.refresh_from_db()
    return queries.verify_run(run)[0] == run.version and projection.differences(run) == []


@pytest.mark.parametrize(("seconds", "may"), [(-1, False), (0, True), (1, True)])
def test_a_retry_starts_when_the_server_says_so(
    ana: User, now: datetime, *, seconds: int, may: bool
) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    carry_out(run, BEFORE_RETRY, act(ana, now=now))
    run.refresh_from_db()
    assert run.retry_due_at == now + timedelta(minutes=10)
    moment = run.retry_due_at + timedelta(seconds=seconds)

    if may:
        assert carry_out(run, START, act(ana, now=moment))
    else:
        with pytest.raises(TransitionRefused, match="Wait 1 for"):
            carry_out(run, START, act(ana, now=moment))


def test_a_start_told_afterwards_cannot_lie_in_the_wait(ana: User, now: datetime) -> None:
    """Else the record would show an attempt before its time without an override (invariant 3)."""
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    carry_out(run, BEFORE_RETRY, act(ana, now=now))
    run.refresh_from_db()
    due = run.retry_due_at
    assert due

    with pytest.raises(TransitionRefused, match="The wait was not over at that time"):
        carry_out(run, START, act(ana, now=due, happened_at=due - timedelta(seconds=1)))

    assert carry_out(run, START, act(ana, now=due + timedelta(hours=1), happened_at=due))


def test_a_clock_of_tomorrow_opens_nothing(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    carry_out(run, BEFORE_RETRY, act(ana, now=now))

    with pytest.raises(TransitionRefused, match="That time lies in the future"):
        carry_out(run, START, act(ana, now=now, happened_at=now + timedelta(hours=24)))


def test_an_unknown_end_locks_the_next_attempt_until_the_state_is_read(
    ana: User, now: datetime
) -> None:
    """SM-09."""
    run = make_run_at(RunStage.IMPORTING, ana, now)
    carry_out(run, LOST, act(ana, now=now))
    later = now + timedelta(days=3)
    for asked in (START, GOOD[Action.OVERRIDE_RETRY], GOOD[Action.RECORD_REPAIR]):
        with pytest.raises(TransitionRefused, match="Read the installed state first"):
            carry_out(run, asked, act(ana, now=later))

    for asked in (S0, BEFORE_RETRY):
        carry_out(run, asked, act(ana, now=now))
    carry_out(run, GOOD[Action.OVERRIDE_RETRY], act(ana, now=now))
    assert carry_out(run, START, act(ana, now=now)).state


@pytest.mark.parametrize(
    ("jump", "flag"),
    [
        (timedelta(hours=-1), "clock_back"),
        (timedelta(days=-400), "clock_back"),
        (timedelta(days=1), None),
        (timedelta(seconds=-5), None),
    ],
)
def test_after_a_jump_of_the_clock_the_order_stands_and_a_jump_back_is_flagged(
    ana: User, now: datetime, jump: timedelta, flag: str | None
) -> None:
    run = make_run_at(RunStage.PREPARING, ana, now)
    assert set(flags(run)) == {None}
    carry_out(run, NOTE, act(ana, now=now + jump))

    assert flags(run)[-1] == flag
    assert times(run) == sorted(set(times(run)))
    assert sound(run)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-29T00:59:59.999999+00:00",
        "2026-10-25T00:30:00+00:00",
        "2028-02-29T23:59:59+00:00",
        "2026-12-31T23:59:59.999999+00:00",
    ],
)
def test_odd_days_are_days_like_any_other(ana: User, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    for step in (timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)):
        carry_out(run, NOTE, act(ana, now=now + step))

    assert set(flags(run)) == {None}
    assert sound(run)


def test_events_of_one_act_follow_each_other_without_a_flag(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.IMPORTING, ana, now)
    carry_out(run, failing(GATEWAY), act(ana, now=now + timedelta(minutes=1)))

    assert flags(run)[-3:] == [None, None, None]
    assert times(run)[-1] - times(run)[-3] == timedelta(microseconds=2)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "UTC"])
def test_a_time_told_in_another_zone_is_the_same_moment(
    ana: User, now: datetime, zone: str
) -> None:
    run = make_run_at(RunStage.PREPARING, ana, now)
    said = (now - timedelta(hours=2)).astimezone(ZoneInfo(zone))
    here = now.astimezone(ZoneInfo(zone))
    for asked in (START, failing(GATEWAY), S0):
        carry_out(run, asked, act(ana, now=here, happened_at=said))

    assert {entry.happened_at for entry in queries.all_entries(run)[-3:]} == {said}
    assert sound(run)


def test_a_run_adopted_in_another_zone_is_sound(ana: User, now: datetime) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    report = Report(
        account="Tried this morning; Password=hunter2secret was in the log.",
        plan=Plan(method=Method.CLASSIC, option=ImportOption.UPGRADE),
        started_at=(now - timedelta(hours=3)).astimezone(tokyo),
        ended_at=(now - timedelta(hours=2)).astimezone(tokyo),
        outcome=Outcome.FAILED,
        error_text=GATEWAY,
    )
    run = make_run(ana, now, report=report)

    assert sound(run)
    assert run.stage == RunStage.STATE_UNREAD.value
    assert [a.outcome for a in run.attempts.all()] == ["failed"]
    assert "hunter2" not in run.state + "".join(map(str, queries.all_entries(run)))

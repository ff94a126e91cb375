"""Months are those of the calendar; and several contents that go at once leave one honest record."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from runbook.domain import events as ev
from runbook.domain.decisions.erasing import HandedIn, erase_all
from runbook.domain.retention import kept_until, reason_of
from runbook.domain.state import RunState, evolve, replay
from runbook.domain.vocabulary import Action, RunStage
from tests.domain.history import LEAD, NOON, History, at
from tests.domain.wishes import GATEWAY, failing, wish


def day(year: int, month: int, number: int, hour: int = 9) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ended", "months", "until"),
    [
        (day(2026, 1, 15), 1, day(2026, 2, 15)),
        (day(2026, 1, 31), 1, day(2026, 2, 28)),
        (day(2028, 1, 31), 1, day(2028, 2, 29)),
        (day(2028, 2, 29), 12, day(2029, 2, 28)),
        (day(2026, 12, 31), 2, day(2027, 2, 28)),
        (day(2026, 11, 22), 13, day(2027, 12, 22)),
        (day(2026, 3, 30), 12, day(2027, 3, 30)),
        (day(2026, 12, 1), 1, day(2027, 1, 1)),
    ],
)
def test_a_month_ends_on_the_same_day_or_on_the_last_there_is(
    ended: datetime, months: int, until: datetime
) -> None:
    assert kept_until(ended, months=months) == until


def test_the_day_is_that_of_utc() -> None:
    elsewhere = timezone(timedelta(hours=14))
    ended = datetime(2026, 3, 1, 3, tzinfo=elsewhere)  # still 28 February in UTC

    assert kept_until(ended, months=1) == day(2026, 3, 28, 13)


@given(
    some.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda span: day(2000, 1, 1) + span),
    some.integers(1, 1200),
)
def test_it_is_never_a_month_too_early_or_too_late(ended: datetime, months: int) -> None:
    until = kept_until(ended, months=months)

    assert (until.year * 12 + until.month) - (ended.year * 12 + ended.month) == months
    assert until.time() == ended.time()
    assert until.day == ended.day or (
        until.day < ended.day and (until + timedelta(days=1)).day == 1
    )


def test_the_record_says_how_long_it_was_kept() -> None:
    assert reason_of(1) == "Kept for 1 month after the end, as this installation is set."
    assert reason_of(13).startswith("Kept for 13 months after the end")


def all_erased(run: History, *quoting: tuple[int, tuple[int, ...]]) -> list[ev.Event]:
    handed_in = []
    for seq, quoted_by in quoting:
        event = run.entries[seq - 1].event
        assert isinstance(event, ev.EvidenceAdded | ev.ErrorCaptured)
        handed_in.append(HandedIn(seq=seq, event=event, quoted_by=quoted_by))
    return erase_all(run.state, handed_in=handed_in, reason="It is time.")


def both_ways(run: History, made: list[ev.Event]) -> tuple[RunState, RunState]:
    """The run as it went on, and replayed without what was emptied."""
    later = [
        ev.Recorded(seq=seq, event=event, recorded_at=NOON, happened_at=NOON, actor=LEAD)
        for seq, event in enumerate(made, start=run.state.seq + 1)
    ]
    state = run.state
    for each in later:
        state = evolve(state, each)
    gone = {event.seq for event in made if isinstance(event, ev.PayloadErased)}
    return state, replay([each for each in (*run.entries, *later) if each.seq not in gone])


def seqs(run: History, kind: type[ev.Event]) -> list[int]:
    return [each.seq for each in run.entries if isinstance(each.event, kind)]


def test_a_slot_counts_down_to_nothing() -> None:
    run = at(RunStage.PREPARING)
    for text in ("One.", "Two.", "Three."):
        run.ask(wish(Action.ADD_EVIDENCE, step="import", slot="log", text=text))
    made = all_erased(run, *((seq, ()) for seq in seqs(run, ev.EvidenceAdded)[-3:]))

    state, again = both_ways(run, made)

    assert [each.left for each in made if isinstance(each, ev.EvidenceErased)] == [2, 1, 0]
    assert state.slots["import/log"] == 0
    assert state == again


def test_what_two_contents_are_quoted_in_is_emptied_once() -> None:
    run = at(RunStage.IMPORTING)
    run.ask(failing(GATEWAY))
    (error,), quotes = seqs(run, ev.ErrorCaptured), tuple(seqs(run, ev.DiagnosisMade))

    made = all_erased(run, (error, quotes), (error, quotes))

    emptied = [event.seq for event in made if isinstance(event, ev.PayloadErased)]
    assert quotes
    assert len(emptied) == len(set(emptied)) == 1 + len(quotes)

"""Quiet hours at every odd place of the clock, and digests (OB-06)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.quiet_hours import Quiet, after_quiet, due_at

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(zone="Europe/Berlin", begins=time(22), ends=time(7))


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-11-22 21:59:59", "2026-11-22 21:59:59"),
        ("2026-11-22 22:00", "2026-11-23 07:00"),
        ("2026-11-23 00:00", "2026-11-23 07:00"),
        ("2026-11-23 06:59:59", "2026-11-23 07:00"),
        ("2026-11-23 07:00", "2026-11-23 07:00"),
    ],
)
def test_a_night_has_one_beginning_and_one_end(moment: str, told: str) -> None:
    assert after_quiet(NIGHT, berlin(moment)) == berlin(told)


def test_hours_within_a_day_are_not_a_night() -> None:
    noon = Quiet(zone="Europe/Berlin", begins=time(12), ends=time(13, 30))

    assert after_quiet(noon, berlin("2026-11-22 12:10")) == berlin("2026-11-22 13:30")
    assert after_quiet(noon, berlin("2026-11-22 02:00")) == berlin("2026-11-22 02:00")


@pytest.mark.parametrize(
    "quiet",
    [
        Quiet(),
        Quiet(begins=time(22)),
        Quiet(ends=time(7)),
        Quiet(begins=time(7), ends=time(7)),
    ],
)
def test_without_two_different_times_nothing_is_quiet(quiet: Quiet) -> None:
    moment = berlin("2026-11-22 23:00")
    assert after_quiet(quiet, moment) == moment


def test_an_end_that_the_clock_skips_lies_after_the_gap() -> None:
    # On 28 March 2027 the clocks go from 02:00 to 03:00.
    quiet = Quiet(zone="Europe/Berlin", begins=time(22), ends=time(2, 30))

    assert after_quiet(quiet, berlin("2027-03-27 23:00")) == berlin("2027-03-28 03:30")
    assert after_quiet(quiet, berlin("2027-03-28 03:30")) == berlin("2027-03-28 03:30")


def test_the_night_of_the_gap_is_an_hour_shorter() -> None:
    begins, ends = berlin("2027-03-27 22:00"), berlin("2027-03-28 07:00")

    assert after_quiet(NIGHT, begins) == ends
    assert ends - begins == timedelta(hours=8)


def test_an_end_that_comes_twice_means_the_first() -> None:
    # On 25 October 2026 the clocks go from 03:00 back to 02:00.
    quiet = Quiet(zone="Europe/Berlin", begins=time(22), ends=time(2, 30))
    first, second = berlin("2026-10-25 02:30"), berlin("2026-10-25 02:30", fold=1)

    assert second - first == timedelta(hours=1)
    assert after_quiet(quiet, berlin("2026-10-24 23:00")) == first
    between = first + timedelta(minutes=45)  # 02:15 for the second time
    assert after_quiet(quiet, between) == between


def test_a_digest_waits_and_joins_what_waits_already() -> None:
    quiet, now = Quiet(digest_minutes=60), berlin("2026-11-22 10:00")
    window = now + timedelta(minutes=10)

    assert due_at(quiet, now=now) == now + timedelta(hours=1)
    assert due_at(quiet, now=now, window=window) == window
    assert due_at(quiet, now=now, window=now) == now + timedelta(hours=1)
    assert due_at(Quiet(), now=now, window=window) == now


def test_a_digest_that_ends_in_the_night_waits_for_the_morning() -> None:
    quiet = Quiet(zone="Europe/Berlin", begins=time(22), ends=time(7), digest_minutes=60)

    assert due_at(quiet, now=berlin("2026-11-22 21:30")) == berlin("2026-11-23 07:00")


TIMES = st.times().map(lambda each: each.replace(microsecond=0))


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    begins=TIMES,
    ends=TIMES,
    moment=st.integers(0, 15 * 365 * 24 * 3600).map(
        lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
)
def test_everybody_is_told_within_a_day_and_then_it_is_not_quiet(
    zone: str, begins: time, ends: time, moment: datetime
) -> None:
    quiet = Quiet(zone=zone, begins=begins, ends=ends)

    told = after_quiet(quiet, moment)

    assert moment <= told <= moment + timedelta(hours=26)
    assert after_quiet(quiet, told) == told

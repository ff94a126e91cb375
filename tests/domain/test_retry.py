"""The ladder: when the next attempt makes sense, in the environment's own nights and weekends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.retry import (
    OffPeak,
    QuietHours,
    RetryPolicy,
    Rung,
    attempts_in_window,
    is_exhausted,
    next_due,
    next_quiet,
    rung_for,
)

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Rung(interval_minutes=10)
NIGHT = Rung(interval_minutes=60, off_peak=OffPeak.REQUIRED)
LADDER = RetryPolicy(rungs=(PLAIN, NIGHT), maximum_attempts=3)
QUIET = QuietHours()
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            *("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
            *("Africa/Cairo", "Asia/Beirut", "America/Santiago", "Pacific/Apia", "UTC"),
        )
    ]
)
HOURS = st.builds(
    QuietHours, begins=st.integers(0, 23), ends=st.integers(0, 23), weekends=st.booleans()
)


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def test_each_retry_takes_the_next_rung_and_the_last_one_repeats() -> None:
    assert [rung_for(LADDER, retry) for retry in (1, 2, 3, 9)] == [PLAIN, NIGHT, NIGHT, NIGHT]


def test_a_plain_rung_waits_its_minutes_and_answers_in_utc() -> None:
    due = next_due(PLAIN, berlin("2026-11-24T12:00"), zone=BERLIN)

    assert due == datetime(2026, 11, 24, 11, 10, tzinfo=UTC)
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("ended", "due"),
    [
        ("2026-11-24T12:00", "2026-11-24T22:00"),  # Tuesday noon: tonight
        ("2026-11-24T21:30", "2026-11-24T22:30"),  # the interval ends inside the night
        ("2026-11-24T03:00", "2026-11-24T04:00"),  # still night
        ("2026-11-24T05:30", "2026-11-24T22:00"),  # too late for this night
        ("2026-11-28T12:00", "2026-11-28T13:00"),  # Saturday is quiet all day
        ("2026-11-27T12:00", "2026-11-27T22:00"),  # Friday noon: the night comes before Saturday
    ],
)
def test_a_night_rung_waits_for_a_quiet_hour(ended: str, due: str) -> None:
    assert next_due(NIGHT, berlin(ended), zone=BERLIN) == berlin(due)


def test_a_preferred_night_counts_only_if_it_comes_in_time() -> None:
    rung = Rung(interval_minutes=120, maximum_interval_minutes=240, off_peak=OffPeak.PREFERRED)

    evening = next_due(rung, berlin("2026-11-24T18:30"), zone=BERLIN)
    morning = next_due(rung, berlin("2026-11-24T09:00"), zone=BERLIN)

    assert evening == berlin("2026-11-24T22:00")
    assert morning == berlin("2026-11-24T11:00")


def test_the_hour_that_spring_leaves_out_shortens_no_wait() -> None:
    ended = berlin("2026-03-29T01:30")

    due = next_due(Rung(interval_minutes=60), ended, zone=BERLIN)

    assert due - ended.astimezone(UTC) == timedelta(hours=1)
    assert due.astimezone(BERLIN).hour == 3  # 02:30 does not exist that night


def test_the_hour_that_autumn_repeats_lengthens_no_wait() -> None:
    first, second = (berlin("2026-10-25T02:30", fold=fold) for fold in (0, 1))
    rung = Rung(interval_minutes=60)

    assert next_due(rung, first, zone=BERLIN) == second.astimezone(UTC)
    assert next_due(rung, second, zone=BERLIN) == berlin("2026-10-25T03:30").astimezone(UTC)


def test_quiet_hours_inside_one_day_are_over_until_tomorrow() -> None:
    lunch = QuietHours(begins=1, ends=5, weekends=False)

    assert next_quiet(berlin("2026-11-24T12:00"), zone=BERLIN, quiet=lunch) == berlin(
        "2026-11-25T01:00"
    )


def test_a_weekend_can_be_as_busy_as_any_day() -> None:
    working = QuietHours(weekends=False)

    assert next_quiet(berlin("2026-11-28T12:00"), zone=BERLIN, quiet=working) == berlin(
        "2026-11-28T22:00"
    )


@given(moment=MOMENTS, zone=ZONES, quiet=HOURS)
def test_the_quiet_moment_never_lies_in_the_past_nor_far_away(
    moment: datetime, zone: ZoneInfo, quiet: QuietHours
) -> None:
    found = next_quiet(moment, zone=zone, quiet=quiet)

    assert moment <= found <= moment + timedelta(hours=50)
    assert next_quiet(found, zone=zone, quiet=quiet) == found or quiet.begins == quiet.ends


def test_attempts_count_for_the_length_of_the_window() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    starts = tuple(now - timedelta(hours=hours) for hours in (1, 10, 23, 24, 30))

    assert attempts_in_window(LADDER, starts, now=now) == 3
    assert is_exhausted(LADDER, starts, now=now)
    assert not is_exhausted(LADDER, starts, now=now + timedelta(hours=1))

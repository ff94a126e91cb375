"""What earlier runs tell: counts with their n, and nothing where nothing was met."""

from datetime import UTC, datetime, timedelta

from runbook.domain.experience import (
    AFTER_REPAIR,
    ANOTHER_TRY,
    APPLIED,
    Try,
    experience_with,
)

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SAME = "f" * 32


def a_try(
    number: int,
    *,
    run: str = "one",
    outcome: str = "failed",
    fingerprint: str = SAME,
    option: str = "upgrade",
    repairs: int = 0,
) -> Try:
    started = START + timedelta(hours=number)
    return Try(
        run=run,
        number=number,
        outcome=outcome,
        option=option,
        fingerprint=fingerprint,
        started_at=started,
        ended_at=started + timedelta(minutes=20),
        repairs=repairs,
    )


def test_a_failure_that_no_run_met_tells_nothing() -> None:
    told = experience_with(
        SAME, [a_try(1, fingerprint="other"), a_try(2, outcome="succeeded", fingerprint="")]
    )

    assert (told.runs, dict(told.solved), told.median_wait) == (0, {}, None)


def test_a_run_is_counted_once_however_often_it_failed_the_same_way() -> None:
    told = experience_with(SAME, [a_try(1), a_try(2), a_try(3)])

    assert told.runs == 1
    assert not told.solved


def test_the_wait_counts_from_the_last_failure_to_the_try_that_succeeded() -> None:
    success = a_try(3, outcome="succeeded", fingerprint="")
    told = experience_with(SAME, [success, a_try(1), a_try(2)])

    assert dict(told.solved) == {ANOTHER_TRY: 1}
    assert told.waits == (40,)
    assert told.median_wait == 40


def test_the_way_out_is_named() -> None:
    repaired = [a_try(1), a_try(2, outcome="succeeded", fingerprint="", repairs=1)]
    applied = [
        a_try(1, run="two"),
        a_try(2, run="two", outcome="succeeded", fingerprint="", option="apply upgrade"),
    ]

    told = experience_with(SAME, [*repaired, *applied])

    assert dict(told.solved) == {AFTER_REPAIR: 1, APPLIED: 1}
    assert told.runs == 2

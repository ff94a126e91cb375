"""SM-10: nothing starts or ends before its time, and only the server's clock tells the time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import RunStage
from runbook.models import Run
from tests.web.builders import SENT, by_hand, events, send, step_page
from tests.web.pages import page, said

RunAt = Callable[[RunStage], Run]
START = SENT["start-attempt"].typed
ZONE = ZoneInfo("Europe/Berlin")
MOMENTS = [(-3600, False), (-1, False), (0, True), (1, True), (3600, True)]


@pytest.fixture
def planned(as_ana: Client, run_at: RunAt) -> tuple[Run, datetime]:
    """A run whose next attempt is planned, the list before it answered; and the moment."""
    run = run_at(RunStage.RETRY_PLANNED)
    checks = SENT["record-retry-checks"].typed
    send(as_ana, "record-retry-checks", run, by_hand(run, checks))
    run.refresh_from_db()
    retry = load_state(run.state).retry
    assert retry is not None
    return run, retry.due


@pytest.fixture
def waiting(as_ana: Client, run_at: RunAt) -> tuple[Run, datetime]:
    """A run with a wait of half an hour that has begun, and its end."""
    run = run_at(RunStage.PREPARING)
    send(as_ana, "start-wait", run, by_hand(run, {}))
    run.refresh_from_db()
    return run, load_state(run.state).waits["cool-down"].due


@pytest.mark.parametrize(("seconds", "granted"), MOMENTS)
def test_an_attempt_starts_at_its_time_and_not_a_second_early(
    as_ana: Client,
    planned: tuple[Run, datetime],
    clock: time_machine.Traveller,
    seconds: int,
    granted: bool,
) -> None:
    run, due = planned
    before = events(run)
    clock.move_to(due + timedelta(seconds=seconds))

    response = send(as_ana, "start-attempt", run, by_hand(run, START))

    assert response.status_code == (302 if granted else 409)
    assert events(run) == ([*before, "attempt.started"] if granted else before)
    if not granted:
        assert "At least 10 minutes." in said(response)


@pytest.mark.parametrize(("seconds", "granted"), MOMENTS)
def test_a_wait_ends_at_its_time_and_not_a_second_early(
    as_ana: Client,
    waiting: tuple[Run, datetime],
    clock: time_machine.Traveller,
    seconds: int,
    granted: bool,
) -> None:
    run, due = waiting
    before = events(run)
    clock.move_to(due + timedelta(seconds=seconds))

    response = send(as_ana, "end-wait", run, by_hand(run, {}))

    assert response.status_code == (302 if granted else 409)
    assert len(events(run)) == len(before) + 2 * granted


def test_the_button_is_locked_until_then_and_no_longer(
    as_ana: Client, waiting: tuple[Run, datetime], clock: time_machine.Traveller
) -> None:
    run, due = waiting
    clock.move_to(due - timedelta(seconds=1))
    early = page(as_ana.get(step_page(run, "cool-down"))).by_id("end-wait")
    clock.move_to(due)
    late = page(as_ana.get(step_page(run, "cool-down"))).by_id("end-wait")

    assert "disabled" in early.attributes
    assert "disabled" not in late.attributes


@pytest.mark.parametrize("hours", [-24, -1, -1 / 30, 0, 1 / 30, 1, 24])
@pytest.mark.parametrize("name", ["start-attempt", "end-wait"])
def test_no_clock_of_the_browser_opens_the_wait(
    as_ana: Client, run_at: RunAt, clock: time_machine.Traveller, name: str, hours: float
) -> None:
    run = run_at(RunStage.RETRY_PLANNED if name == "start-attempt" else RunStage.PREPARING)
    first = "record-retry-checks" if name == "start-attempt" else "start-wait"
    send(as_ana, first, run, by_hand(run, SENT[first].typed))
    run.refresh_from_db()
    state = load_state(run.state)
    due = state.retry.due if state.retry else state.waits["cool-down"].due
    clock.move_to(due - timedelta(seconds=1))
    before = events(run)
    told = (due + timedelta(hours=hours)).astimezone(ZONE)
    typed = {
        **SENT[name].typed,
        "happened_at": told.strftime("%Y-%m-%dT%H:%M:%S"),
        "now": told.isoformat(),
        "due": told.isoformat(),
    }
    header = {"date": told.strftime("%a, %d %b %Y %H:%M:%S GMT")}

    response = as_ana.post(
        step_page(run, SENT[name].step) + ("attempts/" if name == "start-attempt" else "wait/end/"),
        by_hand(run, typed),
        headers=header,
    )

    assert response.status_code == 409
    assert events(run) == before


def test_a_time_that_a_person_tells_is_kept_beside_the_servers(
    as_ana: Client, planned: tuple[Run, datetime], clock: time_machine.Traveller
) -> None:
    """The control: the same field counts once the server's clock agrees."""
    run, due = planned
    clock.move_to(due + timedelta(hours=2))
    told = (due + timedelta(hours=1)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")

    response = send(as_ana, "start-attempt", run, by_hand(run, {**START, "happened_at": told}))

    assert response.status_code == 302
    run.refresh_from_db()
    attempt = load_state(run.state).open_attempt
    assert attempt is not None
    assert attempt.started_at == due + timedelta(hours=1)


@pytest.mark.parametrize("told", ["0001-01-01T00:00", "9999-12-31T23:59", "1969-12-31T23:59"])
@pytest.mark.parametrize("name", ["start-attempt", "record-attempt", "read-state"])
def test_times_outside_this_century_are_slips_of_the_pen(
    as_ana: Client, run_at: RunAt, name: str, told: str
) -> None:
    run = run_at(SENT[name].stage)
    before = events(run)
    typed = {**SENT[name].typed, "happened_at": told}

    response = send(as_ana, name, run, by_hand(run, typed))

    assert response.status_code == 422
    assert "Enter a date of this century." in said(response)
    assert events(run) == before

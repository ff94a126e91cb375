"""SM-09: while nobody knows how an attempt ended, no new one starts; and the deletion interlock."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from runbook.domain.decisions import readings
from runbook.domain.vocabulary import RunStage
from runbook.models import Run
from tests.domain.wishes import OLD
from tests.web.builders import SENT, as_shown, by_hand, events, send, step_page
from tests.web.pages import page, said

RunAt = Callable[[RunStage], Run]
UNKNOWN = {"outcome": "unknown", "reason": "The browser was closed."}
START = SENT["start-attempt"].typed
REMOVAL = SENT["record-removal"].typed
LOST = "Without its base lamp the tower stays dark."
ROLLED_BACK = {"base_version": OLD, "holding_listed": "no", "running": "no"}


@pytest.fixture
def unknown(as_ana: Client, run_at: RunAt) -> Run:
    run = run_at(RunStage.IMPORTING)
    send(as_ana, "record-attempt", run, as_shown(as_ana, "record-attempt", run, UNKNOWN))
    return run


def test_the_page_asks_for_the_installed_state_and_offers_no_start(
    as_ana: Client, unknown: Run
) -> None:
    tree = page(as_ana.get(step_page(unknown, "import")))

    panel = tree.by_id("step-panel")
    assert "Read the installed state before anything else" in panel.text
    assert not [node for node in tree.walk() if node.attributes.get("id") == "start-attempt"]


@pytest.mark.parametrize(
    "typed",
    [
        START,
        {**START, "option": "update"},
        {**START, "option": "stage for upgrade"},
        {**START, "option": "apply upgrade"},
        {**START, "method": "cli"},
        {**START, "happened_at": "2026-11-22T10:31"},
        {**START, "happened_at": "2026-11-20T10:30"},
        {**START, "outcome": "unknown", "override": "yes", "stage": "retry planned"},
    ],
)
def test_no_new_attempt_starts_while_the_outcome_is_unknown(
    as_ana: Client, unknown: Run, typed: dict[str, str]
) -> None:
    before = events(unknown)

    response = send(as_ana, "start-attempt", unknown, by_hand(unknown, typed))

    assert response.status_code in {409, 422}
    assert events(unknown) == before


def test_the_refusal_names_what_to_do_instead(as_ana: Client, unknown: Run) -> None:
    response = send(as_ana, "start-attempt", unknown, by_hand(unknown, START))

    assert "Read the installed state first; nothing may start while it is unknown." in said(
        response
    )


@pytest.mark.parametrize("name", ["override-retry", "record-repair", "record-retry-checks"])
def test_no_detour_leads_around_the_reading(as_ana: Client, unknown: Run, name: str) -> None:
    send(as_ana, name, unknown, by_hand(unknown, SENT[name].typed))
    before = events(unknown)

    response = send(as_ana, "start-attempt", unknown, by_hand(unknown, START))

    assert response.status_code == 409
    assert events(unknown) == before


@pytest.mark.parametrize(
    "look",
    [
        {"base_version": OLD, "holding_listed": "unknown", "running": "no"},
        {"base_version": OLD, "holding_listed": "no", "running": "unknown"},
        {"base_version": OLD, "holding_listed": "no", "running": "yes"},
    ],
)
def test_a_reading_that_leaves_doubt_keeps_the_lock(
    as_ana: Client, unknown: Run, look: dict[str, str]
) -> None:
    assert send(as_ana, "read-state", unknown, by_hand(unknown, look)).status_code == 302
    before = events(unknown)

    response = send(as_ana, "start-attempt", unknown, by_hand(unknown, START))

    assert response.status_code == 409
    assert events(unknown) == before


def test_after_a_clear_reading_and_the_wait_the_next_one_starts(
    as_ana: Client, unknown: Run, clock: time_machine.Traveller
) -> None:
    """The control: what was refused above is granted once the state is known."""
    send(as_ana, "read-state", unknown, by_hand(unknown, ROLLED_BACK))
    checks = SENT["record-retry-checks"].typed
    send(as_ana, "record-retry-checks", unknown, by_hand(unknown, checks))
    clock.shift(60 * 60)

    assert send(as_ana, "start-attempt", unknown, by_hand(unknown, START)).status_code == 302
    assert events(unknown)[-1] == "attempt.started"


def test_an_override_with_a_reason_stands_on_the_record(as_ana: Client, unknown: Run) -> None:
    send(as_ana, "read-state", unknown, by_hand(unknown, ROLLED_BACK))
    checks = SENT["record-retry-checks"].typed
    send(as_ana, "record-retry-checks", unknown, by_hand(unknown, checks))
    assert send(as_ana, "start-attempt", unknown, by_hand(unknown, START)).status_code == 409
    bare = send(as_ana, "override-retry", unknown, by_hand(unknown, {"reason": "  "}))
    assert bare.status_code in {409, 422}

    send(as_ana, "override-retry", unknown, by_hand(unknown, {"reason": "A ship comes."}))

    assert send(as_ana, "start-attempt", unknown, by_hand(unknown, START)).status_code == 302
    assert events(unknown)[-2:] == ["retry.overridden", "attempt.started"]


def test_removing_the_base_is_refused_with_what_would_be_lost(
    as_ana: Client, run_at: RunAt
) -> None:
    run = run_at(RunStage.UPGRADE_PENDING)
    before = events(run)
    base = {**REMOVAL, "solution": "Lamp", "typed_name": "Lamp", "version": OLD}

    response = send(as_ana, "record-removal", run, as_shown(as_ana, "record-removal", run, base))

    assert response.status_code == 409
    alert = page(response).one("div", class_="refusal", role="alert")
    assert LOST in alert.text
    assert events(run) == before


@pytest.mark.parametrize("stage", [s for s in RunStage if s is not RunStage.UPGRADE_PENDING])
def test_the_base_is_not_removed_at_any_other_stage_either(
    as_ana: Client, run_at: RunAt, stage: RunStage
) -> None:
    run = run_at(stage)
    before = events(run)
    for name in ("Lamp", "Lamp_Upgrade"):
        typed = {**REMOVAL, "solution": name, "typed_name": name}
        response = send(as_ana, "record-removal", run, by_hand(run, typed))
        assert response.status_code == 409
    assert events(run) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"typed_name": "lamp_upgrade"},
        {"typed_name": "Lamp"},
        {"typed_name": "Lamp_Upgrade2"},
        {"typed_name": "Lamp Upgrade"},
        {"typed_name": "Lаmp_Upgrade"},  # its second letter is Cyrillic
        {"typed_name": ""},
        {"version": OLD},
        {"version": "4.30"},
        {"version": ""},
        {"version": "new"},
        {"backup_reference": ""},
        {"backup_reference": "   "},
        {"solution": ""},
        {"solution": "Lantern"},
    ],
)
def test_the_holding_solution_passes_only_named_exactly_with_version_and_backup(
    as_ana: Client, run_at: RunAt, wrong: dict[str, str]
) -> None:
    run = run_at(RunStage.UPGRADE_PENDING)
    before = events(run)

    response = send(as_ana, "record-removal", run, by_hand(run, {**REMOVAL, **wrong}))

    assert response.status_code in {409, 422}
    assert events(run) == before


def test_the_holding_solution_named_exactly_passes(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(RunStage.UPGRADE_PENDING)
    before = events(run)

    response = send(as_ana, "record-removal", run, by_hand(run, REMOVAL))

    assert response.status_code == 302
    assert events(run) == [*before, "removal.recorded"]
    assert "Read the installed state before anything else" in said(as_ana.get(response["Location"]))


def test_without_the_interlock_a_wrong_name_would_pass(
    as_ana: Client, run_at: RunAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = readings.record_removal
    monkeypatch.setattr(
        readings,
        "record_removal",
        lambda state, pack, **said: real(state, pack, **{**said, "typed_name": "Lamp_Upgrade"}),
    )
    run = run_at(RunStage.UPGRADE_PENDING)

    response = send(as_ana, "record-removal", run, by_hand(run, {**REMOVAL, "typed_name": "x"}))

    assert response.status_code == 302

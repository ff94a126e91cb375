"""Stale pages (SM-05): what changed and by whom, every typed field kept, and two ways on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from tests.domain.wishes import wish
from tests.factories import act, carry_out
from tests.web.builders import HTMX, SENT, address, as_shown, by_hand, events, send
from tests.web.pages import Node, fields, page, said

RunAt = Callable[[RunStage], Run]
GUARDS = {"csrfmiddlewaretoken", "submission_key", "expected_version"}
STALE = sorted(set(SENT) - {"add-note", "resume", "start-wait", "end-wait"})
PLAIN = ["resume", "start-wait"]


@pytest.fixture
def as_ben(run_at: RunAt, ben: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(ben)


@pytest.fixture
def shared(run_at: RunAt, join: Callable[..., None], ben: User) -> RunAt:
    """A run of Ana's on which Ben is an operator."""

    def make(stage: RunStage) -> Run:
        run = run_at(stage)
        if stage is not RunStage.PAUSED:
            join(run, ben, Role.OPERATOR)
        return run

    return make


def interrupt(run: Run, name: str) -> None:
    """Somebody records something that is more than talk, at any stage that still goes on."""
    asked = wish(Action.ASSIGN_STEPS, wanted={"look-after": Assignment(role=Role.VERIFIER)})
    user = User.objects.get(username=name)
    carry_out(run.pk, asked, act(user, now=timezone.now()))


def typed_in(data: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in data.items() if name not in GUARDS}


def apply_form(response: Any) -> Node | None:
    for form in page(response).by_id("step-panel").all("form"):
        if "Apply mine to the current step" in form.text:
            return form
    return None


def note_form(response: Any) -> Node:
    forms = page(response).by_id("step-panel").all("form")
    return next(form for form in forms if "Save mine as a note" in form.text)


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", STALE)
def test_names_the_change_and_keeps_every_field(
    as_ana: Client, as_ben: Client, shared: RunAt, name: str, htmx: bool
) -> None:
    run = shared(SENT[name].stage)
    mine = as_shown(as_ana, name, run, SENT[name].typed)
    interrupt(run, "ben")
    before = events(run)

    response = send(as_ana, name, run, mine, htmx=htmx)

    assert response.status_code == 409
    assert events(run) == before
    theirs = page(response).one("div", class_="theirs").text
    assert "Assigned to any verifier: Look at the light" in theirs
    assert "Ben" in theirs
    form = apply_form(response)
    assert form is not None
    again = fields(form)
    assert typed_in(again) == typed_in(mine)
    assert again["submission_key"] != mine["submission_key"]
    assert len(page(response).all("html")) == (0 if htmx else 1)


@pytest.mark.parametrize("name", PLAIN)
def test_a_bare_button_conflicts_as_well(as_ana: Client, run_at: RunAt, name: str) -> None:
    run = run_at(SENT[name].stage)
    mine = as_shown(as_ana, name, run, {})
    interrupt(run, "ana")
    before = events(run)

    response = send(as_ana, name, run, mine)

    assert response.status_code == 409
    assert "(nothing typed)" in said(response)
    assert events(run) == before


@pytest.mark.parametrize("name", STALE)
def test_applying_mine_to_the_current_step_does_what_i_wanted(
    as_ana: Client, as_ben: Client, shared: RunAt, name: str
) -> None:
    run = shared(SENT[name].stage)
    mine = as_shown(as_ana, name, run, SENT[name].typed)
    interrupt(run, "ben")
    form = apply_form(send(as_ana, name, run, mine))
    assert form is not None
    before = events(run)

    done = as_ana.post(form.attributes["action"], fields(form))

    assert done.status_code == 302
    assert len(events(run)) > len(before)
    assert as_ana.post(form.attributes["action"], fields(form)).status_code == 302
    assert events(run)[: len(before)] == before


def test_three_steps_on_in_another_tab(as_ana: Client, run_at: RunAt) -> None:
    """SM-05 as the catalogue tells it: tab A moves on three steps, tab B submits the first."""
    run = run_at(RunStage.PREPARING)
    tab_b = as_shown(as_ana, "work-on-step", run, SENT["work-on-step"].typed)
    work = {**SENT["work-on-step"].typed, "complete": "on"}
    send(as_ana, "work-on-step", run, as_shown(as_ana, "work-on-step", run, work))
    send(as_ana, "start-wait", run, as_shown(as_ana, "start-wait", run, {}))
    send(as_ana, "start-attempt", run, as_shown(as_ana, "start-attempt", run, {}))
    before = events(run)

    response = send(as_ana, "work-on-step", run, tab_b)

    assert response.status_code == 409
    assert "The short one" not in said(response)
    mine = page(response).one("div", class_="mine").text
    for value in typed_in(tab_b).values():
        assert value in mine
    assert apply_form(response) is None
    assert events(run) == before


@pytest.mark.parametrize("meanwhile", ["started", "ended"])
def test_applying_is_not_offered_when_an_attempt_began_or_ended_meanwhile(
    as_ana: Client, as_ben: Client, shared: RunAt, meanwhile: str
) -> None:
    run = shared(RunStage.PREPARING if meanwhile == "started" else RunStage.IMPORTING)
    name = "start-attempt" if meanwhile == "started" else "record-attempt"
    mine = as_shown(as_ana, name, run, SENT[name].typed)
    send(as_ben, name, run, by_hand(run, SENT[name].typed))

    response = send(as_ana, name, run, mine)

    assert response.status_code == 409
    assert apply_form(response) is None
    assert note_form(response)
    for value in SENT[name].typed.values():
        assert value in page(response).one("div", class_="mine").text


def test_applying_is_not_offered_on_a_step_that_was_settled_meanwhile(
    as_ana: Client, as_ben: Client, shared: RunAt
) -> None:
    run = shared(RunStage.PREPARING)
    mine = as_shown(as_ana, "work-on-step", run, SENT["work-on-step"].typed)
    send(as_ben, "skip-step", run, by_hand(run, {"reason": "It is tidy."}))

    response = send(as_ana, "work-on-step", run, mine)

    assert response.status_code == 409
    assert apply_form(response) is None


FAULTY = sorted(n for n in STALE if SENT[n].wrong and n != "send-escalation")


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_form_from_a_stale_page_keeps_its_text_as_well(
    as_ana: Client, as_ben: Client, shared: RunAt, name: str
) -> None:
    run = shared(SENT[name].stage)
    mine = as_shown(as_ana, name, run, {**SENT[name].typed, **SENT[name].wrong})
    interrupt(run, "ana")
    send(as_ana, name, run, by_hand(run, SENT[name].typed))
    before = events(run)

    response = send(as_ana, name, run, mine)

    assert response.status_code == 409
    assert SENT[name].kept in page(response).one("div", class_="mine").text
    assert events(run) == before


@pytest.mark.parametrize("htmx", [False, True])
def test_mine_can_be_saved_as_a_note(
    as_ana: Client, as_ben: Client, shared: RunAt, htmx: bool
) -> None:
    run = shared(RunStage.IMPORTING)
    text = {"outcome": "failed", "error_text": "Line one\nLine two", "reason": "<b>Dark</b>"}
    mine = as_shown(as_ana, "record-attempt", run, text)
    send(as_ben, "record-attempt", run, by_hand(run, SENT["record-attempt"].typed))
    before = events(run)
    form = note_form(send(as_ana, "record-attempt", run, mine, htmx=htmx))

    done = as_ana.post(form.attributes["action"], fields(form))

    assert done.status_code == 302
    assert events(run) == [*before, "note.added"]
    note = page(as_ana.get(reverse("timeline", args=[run.pk]))).by_id(f"event-{len(before) + 1}")
    for line in ("Line one", "Line two", "<b>Dark</b>"):
        assert line in note.text


def test_a_whole_error_text_can_be_saved_as_a_note(
    as_ana: Client, as_ben: Client, shared: RunAt
) -> None:
    run = shared(RunStage.IMPORTING)
    long = "All of the lamp is dark. " * 2_000
    mine = as_shown(as_ana, "record-attempt", run, {"outcome": "failed", "error_text": long})
    send(as_ben, "record-attempt", run, by_hand(run, SENT["record-attempt"].typed))
    form = note_form(send(as_ana, "record-attempt", run, mine))

    response = as_ana.post(form.attributes["action"], fields(form))

    assert response.status_code == 302
    assert "note.added" in events(run)


def test_a_note_never_conflicts(as_ana: Client, as_ben: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)
    mine = as_shown(as_ana, "add-note", run, {"text": "Mine."})
    send(as_ben, "pause", run, by_hand(run, {"reason": "Lunch."}))

    assert send(as_ana, "add-note", run, mine).status_code == 302


def test_a_page_that_is_not_stale_shows_no_conflict(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    response = as_ana.post(
        address("pause", run), as_shown(as_ana, "pause", run, {"reason": "Lunch."}), headers=HTMX
    )

    assert response.status_code == 200
    assert "Nothing was recorded yet" not in said(response)

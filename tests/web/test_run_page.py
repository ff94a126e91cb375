"""The run page at every stage of a run, whole and as a fragment, and who may see or change it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, User
from tests.web.builders import HTMX, SENT, address, by_hand, events, step_page
from tests.web.pages import fragment_ids, page, said

RunAt = Callable[[RunStage], Run]
S = RunStage

#: What a person needs to read first, on the import step of each stage.
SENTENCES = {
    S.PREPARING: "Upgrade the lamp",
    S.IMPORTING: "Watch the history, then record how it ended",
    S.STATE_UNREAD: "Read the installed state before anything else",
    S.OPERATION_RUNNING: "Start nothing. Look again when the clock is down",
    S.UPGRADE_PENDING: "An upgrade is pending: finish it, do not import again",
    S.STOPPED: "Touch nothing. Back up, and open a ticket",
    S.REPAIR_NEEDED: "Repair first. Waiting does not cure this",
    S.RETRY_PLANNED: "then try the same file again",
    S.VERIFYING: "The new version is installed",
    S.PAUSED: "Nothing but notes can be recorded until it is resumed.",
    S.CLOSED: "The record is frozen. A note can still be added",
    S.ABANDONED: "This run was given up",
}
LOGIN = "/accounts/login/"
READING = ("run", "timeline", "run-report")


def test_every_stage_has_its_sentence() -> None:
    assert set(SENTENCES) == set(RunStage)


@pytest.mark.parametrize("stage", RunStage)
def test_shows_what_to_do_at_every_stage(as_ana: Client, run_at: RunAt, stage: RunStage) -> None:
    run = run_at(stage)

    response = as_ana.get(step_page(run, "import"))

    assert response.status_code == 200
    assert SENTENCES[stage] in said(response)


def test_the_sentences_tell_the_stages_apart(as_ana: Client, run_at: RunAt) -> None:
    shown = said(as_ana.get(step_page(run_at(S.PREPARING), "import")))

    others = [sentence for stage, sentence in SENTENCES.items() if stage is not S.PREPARING]
    assert not [sentence for sentence in others if sentence in shown]


@pytest.mark.parametrize("stage", RunStage)
def test_every_step_has_a_page_at_every_stage(
    as_ana: Client, run_at: RunAt, stage: RunStage
) -> None:
    run = run_at(stage)
    rail = page(as_ana.get(step_page(run))).by_id("rail")
    links = [link.attributes["href"] for link in rail.all("a")]

    assert len([link for link in links if "/steps/" in link]) == 11
    for link in links:
        assert as_ana.get(link).status_code == 200


@pytest.mark.parametrize("stage", RunStage)
def test_a_fragment_is_the_panel_and_what_changes_around_it(
    as_ana: Client, run_at: RunAt, stage: RunStage
) -> None:
    response = as_ana.get(step_page(run_at(stage), "import"), headers=HTMX)

    assert response.status_code == 200
    assert fragment_ids(response) == {
        "step-panel": None,
        "title": "true",
        "rail": "true",
        "timeline": "true",
    }
    assert not page(response).all("html")
    assert "HX-Request" in response["Vary"]


def test_a_plain_request_gets_the_whole_page_with_nothing_out_of_band(
    as_ana: Client, run_at: RunAt
) -> None:
    response = as_ana.get(step_page(run_at(S.PREPARING)))

    assert len(page(response).all("html")) == 1
    assert "hx-swap-oob" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("stage", RunStage)
def test_ids_stand_once_on_a_page(as_ana: Client, run_at: RunAt, stage: RunStage) -> None:
    """Else a label or an out-of-band swap reaches the wrong element."""
    run = run_at(stage)
    for step in ("import", "wiring", "tidy", "cool-down", "look-before", "end"):
        tree = page(as_ana.get(step_page(run, step)))
        ids = [node.attributes["id"] for node in tree.walk() if "id" in node.attributes]
        assert sorted(ids) == sorted(set(ids)), step


def test_an_unknown_step_is_not_there(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(S.PREPARING)

    assert as_ana.get(step_page(run, "cellar")).status_code == 404
    posted = as_ana.post(reverse("skip-step", args=[run.pk, "cellar"]), {"reason": "None."})
    assert posted.status_code == 404


def test_a_stranger_finds_nothing_at_any_address_of_a_run(
    run_at: RunAt, ana: User, dora: User, sign_in: Callable[[User], Client]
) -> None:
    run, stranger = run_at(S.STATE_UNREAD), sign_in(dora)
    made_up = Run(pk="00000000-0000-4000-8000-000000000000")
    for name in SENT:
        response = stranger.post(address(name, run), by_hand(run, SENT[name].typed))
        nothing = stranger.post(address(name, made_up), SENT[name].typed)
        assert response.status_code == nothing.status_code == 404, name
        assert len(response.content) == len(nothing.content)
    for name in READING:
        assert stranger.get(reverse(name, args=[run.pk])).status_code == 404, name
    assert stranger.get(step_page(run, "import")).status_code == 404
    assert (
        stranger.post(reverse("run-export", args=[run.pk]), {"format": "json"}).status_code == 404
    )
    assert "Tower 7" not in said(stranger.get("/"))


def test_a_reviewer_reads_and_notes_and_is_told_why_nothing_else(
    run_at: RunAt, join: Callable[..., None], cleo: User, sign_in: Callable[[User], Client]
) -> None:
    run, reviewer = run_at(S.STATE_UNREAD), sign_in(cleo)
    join(run, cleo, Role.REVIEWER)
    before = events(run)
    for name, sent in SENT.items():
        if name == "add-note":
            continue
        response = reviewer.post(address(name, run), by_hand(run, sent.typed))
        assert response.status_code == 403, name
        assert f"Your role on this run is reviewer. To {sent.action.value} takes:" in said(response)
    assert events(run) == before
    for name in READING:
        assert reviewer.get(reverse(name, args=[run.pk])).status_code == 200, name
    noted = reviewer.post(address("add-note", run), by_hand(run, {"text": "Seen."}))
    assert noted.status_code == 302
    assert events(run) == [*before, "note.added"]


def test_a_reviewer_sees_no_form_but_the_one_for_a_note(
    run_at: RunAt, join: Callable[..., None], cleo: User, sign_in: Callable[[User], Client]
) -> None:
    run = run_at(S.STATE_UNREAD)
    join(run, cleo, Role.REVIEWER)

    tree = page(sign_in(cleo).get(step_page(run, "import")))

    forms = {form.attributes.get("action") for form in tree.by_id("step-panel").all("form")}
    assert forms == set()
    assert tree.by_id("timeline").all("form")


def test_the_lead_is_not_forbidden_what_the_reviewer_is(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(S.STATE_UNREAD)

    response = as_ana.post(address("read-state", run), by_hand(run, SENT["read-state"].typed))

    assert response.status_code == 302


def test_who_is_signed_out_is_led_to_the_sign_in_page(run_at: RunAt, client: Client) -> None:
    run = run_at(S.PREPARING)
    for name in READING:
        target = reverse(name, args=[run.pk])
        assert client.get(target)["Location"] == f"{LOGIN}?next={target}"
    for name in SENT:
        response = client.post(address(name, run), by_hand(run, SENT[name].typed))
        assert response.status_code == 302
        assert response["Location"].startswith(LOGIN)

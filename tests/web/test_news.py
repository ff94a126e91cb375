"""What changed on a run: its fragments, its silence when nothing did, and who may ask."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from tests.domain.wishes import wish
from tests.factories import act, carry_out
from tests.web.builders import HTMX, step_page
from tests.web.pages import fragment_ids, page, said
from tests.web.test_queries import statements

RunAt = Callable[[RunStage], Run]
SignIn = Callable[[User], Client]


def news(run: Run, **query: object) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{reverse('run-news', args=[run.pk])}?{asked}"


@pytest.fixture
def shared(
    run_at: RunAt, join: Callable[..., None], ben: User, now: datetime
) -> Callable[[RunStage], Run]:
    """A run of Ana's at a stage, on which Ben has just written a note."""

    def make(stage: RunStage) -> Run:
        run = run_at(stage)
        join(run, ben, Role.OPERATOR)
        carry_out(run, wish(Action.ADD_NOTE, text="It rains."), act(ben, now=now))
        run.refresh_from_db()
        return run

    return make


@pytest.mark.parametrize("stage", RunStage)
def test_the_changed_parts_come_at_every_stage(
    as_ana: Client, shared: RunAt, stage: RunStage
) -> None:
    run = shared(stage)

    response = as_ana.get(news(run, since=run.version - 1, step="import"), headers=HTMX)

    assert response.status_code == 200
    assert fragment_ids(response) == {
        "step-panel": None,
        "title": "true",
        "rail": "true",
        "newest": "true",
        "event-count": "true",
        "news": "true",
    }
    tree = page(response)
    assert tree.by_id("newest").attributes["data-seq"] == str(run.version)
    assert tree.by_id("news").attributes["data-said"].startswith("Ben: Note")
    assert "Ben recorded something on this run: Note" in said(response)
    assert "It rains." in tree.by_id("newest").text


def test_nothing_new_is_said_without_a_word(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    response = as_ana.get(news(run, since=run.version), headers=HTMX)

    assert (response.status_code, response.content) == (204, b"")


def test_nothing_new_costs_less_than_a_page(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.RETRY_PLANNED)
    as_ana.get(news(run, since=run.version))

    assert len(statements(lambda: as_ana.get(news(run, since=run.version), headers=HTMX))) <= 3
    changed = statements(lambda: as_ana.get(news(run, since=run.version - 1), headers=HTMX))
    assert len(changed) <= len(statements(lambda: as_ana.get(step_page(run)))) + 2
    assert [sql for sql in changed if not sql.startswith("SELECT")] == []


def test_the_own_entries_are_not_announced(
    as_ana: Client, run_at: RunAt, ana: User, now: datetime
) -> None:
    run = run_at(RunStage.PREPARING)
    carry_out(run, wish(Action.ADD_NOTE, text="Mine."), act(ana, now=now))

    response = as_ana.get(news(run, since=run.version), headers=HTMX)

    assert page(response).by_id("news").attributes["data-said"] == ""
    assert "Mine." in page(response).by_id("newest").text


@pytest.mark.parametrize("since", ["", "0", "-1", "x", "9" * 40, "7777"])
def test_a_cursor_that_leads_nowhere_brings_everything(
    as_ana: Client, shared: RunAt, since: str
) -> None:
    run = shared(RunStage.PREPARING)

    response = as_ana.get(news(run, since=since), headers=HTMX)

    assert response.status_code == 200
    assert page(response).by_id("newest").attributes["data-seq"] == str(run.version)


def test_the_asked_step_stays_and_without_one_the_page_goes_on(
    as_ana: Client, shared: RunAt
) -> None:
    run = shared(RunStage.PREPARING)

    def shown(**query: object) -> str:
        response = as_ana.get(news(run, since=0, **query), headers=HTMX)
        return page(response).by_id("newest").attributes["data-step"]

    assert shown(step="tidy") == "tidy"
    assert shown() == page(as_ana.get(step_page(run))).by_id("newest").attributes["data-step"]
    assert as_ana.get(news(run, since=0, step="cellar"), headers=HTMX).status_code == 404


def test_the_mark_of_what_was_seen_before_stays(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    marked = as_ana.get(news(run, since=0, mark=run.version - 1), headers=HTMX)
    plain = as_ana.get(news(run, since=0), headers=HTMX)

    assert "Seen before" in said(marked)
    assert page(marked).by_id("newest").attributes["data-mark"] == str(run.version - 1)
    assert "Seen before" not in said(plain)


def test_looking_for_news_is_not_having_seen_them(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    response = as_ana.get(news(run, since=0), headers=HTMX)

    assert "seen" not in response.cookies


def test_a_plain_browser_is_led_to_the_page(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    assert as_ana.get(news(run, since=0))["Location"] == reverse("run", args=[run.pk])


@pytest.mark.parametrize("name", ["run-news", "run-watch"])
def test_strangers_find_nothing_and_the_signed_out_are_led_to_the_door(
    shared: RunAt, dora: User, client: Client, sign_in: SignIn, name: str
) -> None:
    address = reverse(name, args=[shared(RunStage.PREPARING).pk])

    assert sign_in(dora).get(address, headers=HTMX).status_code == 404
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    assert sign_in(dora).post(address).status_code == 405


def test_the_live_room_is_told_who_watches(shared: RunAt, ben: User, sign_in: SignIn) -> None:
    run = shared(RunStage.PREPARING)

    assert sign_in(ben).get(reverse("run-watch", args=[run.pk])).json() == {
        "run": str(run.pk),
        "seq": run.version,
        "who": ben.actor_id,
        "name": "Ben",
        "member": True,
    }


def test_the_page_says_where_live_updates_come_from(as_ana: Client, shared: RunAt) -> None:
    run = shared(RunStage.PREPARING)

    tree = page(as_ana.get(step_page(run, "tidy")))

    bar = tree.by_id("presence")
    assert bar.attributes["data-live"] == f"/live/runs/{run.pk}/"
    assert bar.attributes["data-news"] == reverse("run-news", args=[run.pk])
    refresh = [link for link in bar.all("a") if "data-refresh" in link.attributes]
    assert [link.attributes["href"] for link in refresh] == [step_page(run, "tidy")]
    newest = tree.by_id("newest").attributes
    assert (newest["data-seq"], newest["data-step"]) == (str(run.version), "tidy")

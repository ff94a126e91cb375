"""A form counts once (SM-03, SM-07, SM-08, SM-11): double clicks, back, reload, a key sent by others."""

import uuid
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, Submission, User
from runbook.services import timeline
from tests.web.builders import SENT, as_shown, by_hand, events, send, step_page
from tests.web.pages import said

RunAt = Callable[[RunStage], Run]
ALL = sorted(SENT)
OTHER_WORDS = {
    "text": "Other words.",
    "reason": "Other words.",
    "ticket": "Other words.",
    "note-floor": "Other words.",
    "tool_version": "Other words.",
    "last_result": "Other words.",
    "note-storage": "Other words.",
    "backup_reference": "Other words.",
}


@pytest.fixture
def ready(
    as_ana: Client, run_at: RunAt, clock: time_machine.Traveller
) -> Callable[[str], tuple[Run, dict[str, str]]]:
    """A run, and the filled form as the page showed it."""

    def prepare(name: str) -> tuple[Run, dict[str, str]]:
        run = run_at(SENT[name].stage)
        if name == "end-wait":
            send(as_ana, "start-wait", run, as_shown(as_ana, "start-wait", run, {}))
            clock.shift(31 * 60)
        return run, as_shown(as_ana, name, run, SENT[name].typed)

    return prepare


Ready = Callable[[str], tuple[Run, dict[str, str]]]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_the_same_form_twice_counts_once_and_both_look_like_success(
    as_ana: Client, ready: Ready, name: str, htmx: bool
) -> None:
    run, data = ready(name)
    first = send(as_ana, name, run, data, htmx=htmx)
    after = events(run)

    second = send(as_ana, name, run, data, htmx=htmx)

    assert first.status_code == second.status_code == (200 if htmx else 302)
    assert events(run) == after
    shown = second if htmx else as_ana.get(second["Location"])
    assert "Recorded" in said(shown)
    assert "Nothing was recorded" not in said(shown)


@pytest.mark.parametrize("name", ALL)
def test_a_form_from_a_new_page_counts_again_or_is_refused_in_words(
    as_ana: Client, ready: Ready, name: str
) -> None:
    """The control: without the same key the second one is a request of its own."""
    run, data = ready(name)
    send(as_ana, name, run, data)
    kept = Submission.objects.count()

    again = send(as_ana, name, run, by_hand(run, SENT[name].typed))

    assert again.status_code in {302, 409}
    assert Submission.objects.count() == kept + (again.status_code == 302)


def test_without_the_memory_of_keys_a_double_click_would_count_twice(
    as_ana: Client, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, data = ready("add-note")
    monkeypatch.setattr(timeline, "earlier", lambda *_, **__: None)
    monkeypatch.setattr(timeline, "remember", lambda *_, **__: None)

    send(as_ana, "add-note", run, data)
    send(as_ana, "add-note", run, data)

    assert events(run).count("note.added") == 2


def test_fifty_reloads_and_returns_add_nothing(as_ana: Client, ready: Ready) -> None:
    """SM-11: after success the page is reloaded, gone back from, and sent again by the browser."""
    run, data = ready("work-on-step")
    success = send(as_ana, "work-on-step", run, data)
    after = events(run)

    for number in range(50):
        match number % 3:
            case 0:
                assert as_ana.get(success["Location"]).status_code == 200
            case 1:
                assert as_ana.get(step_page(run, "tidy")).status_code == 200
            case _:
                assert send(as_ana, "work-on-step", run, data).status_code == 302

    assert events(run) == after


def test_an_old_form_stays_done_after_the_run_went_on(as_ana: Client, ready: Ready) -> None:
    run, data = ready("work-on-step")
    send(as_ana, "work-on-step", run, data)
    send(as_ana, "pause", run, as_shown(as_ana, "pause", run, {"reason": "Lunch."}))
    after = events(run)

    assert send(as_ana, "work-on-step", run, data).status_code == 302
    assert events(run) == after


CHANGEABLE = sorted(n for n in ALL if set(OTHER_WORDS) & set(SENT[n].typed))


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", CHANGEABLE)
def test_the_same_key_with_other_words_is_not_taken_for_the_same_form(
    as_ana: Client, ready: Ready, name: str, htmx: bool
) -> None:
    run, data = ready(name)
    send(as_ana, name, run, data)
    after = events(run)
    changed = {key: OTHER_WORDS.get(key, value) for key, value in data.items()}

    response = send(as_ana, name, run, changed, htmx=htmx)

    # Where the form is no longer asked, the run says so before anybody compares words.
    assert response.status_code in {409, 422}
    assert "Other words." in response.content.decode()
    assert events(run) == after
    if response.status_code == 422:
        assert "This form was sent before with other content." in said(response)


def test_the_same_key_at_another_address_is_not_the_same_form(as_ana: Client, ready: Ready) -> None:
    run, data = ready("pause")
    key = data["submission_key"]
    send(as_ana, "add-note", run, {"text": "It rains.", "submission_key": key})
    after = events(run)

    response = send(as_ana, "pause", run, {**by_hand(run, data), **{"submission_key": key}})

    assert response.status_code == 422
    assert events(run) == after


def test_the_same_key_on_another_step_is_not_the_same_form(as_ana: Client, ready: Ready) -> None:
    """Else a person would read that a step was skipped which was not."""
    run, data = ready("skip-step")
    send(as_ana, "skip-step", run, data)
    after = events(run)

    other = reverse("skip-step", args=[run.pk, "cool-down"])
    again = as_ana.post(other, by_hand(run, {**data, "expected_version": str(len(after))}))

    assert again.status_code == 422
    assert events(run) == after


@pytest.mark.parametrize("same_words", [False, True])
def test_a_key_of_somebody_else_is_a_request_of_my_own(
    as_ana: Client,
    ready: Ready,
    join: Callable[..., None],
    ben: User,
    sign_in: Callable[[User], Client],
    same_words: bool,
) -> None:
    run, _ = ready("add-note")
    join(run, ben, Role.OPERATOR)
    key = str(uuid.uuid4())
    send(as_ana, "add-note", run, {"text": "It rains.", "submission_key": key})
    mine = {"text": "It rains." if same_words else "It snows.", "submission_key": key}

    response = send(sign_in(ben), "add-note", run, mine)

    assert response.status_code == 302
    assert events(run).count("note.added") == 2
    assert Submission.objects.filter(key=key).count() == 2


@pytest.mark.parametrize("key", ["", "not a key", "00000000"])
def test_a_form_without_a_real_key_is_not_carried_out(
    as_ana: Client, ready: Ready, key: str
) -> None:
    run, data = ready("add-note")
    before = events(run)

    assert send(as_ana, "add-note", run, {**data, "submission_key": key}).status_code == 422
    assert events(run) == before

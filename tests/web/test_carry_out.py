"""Every address that writes: done, to be corrected, refused, busy; plain and with htmx."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import time_machine
from django.test import Client

from runbook.domain.vocabulary import RunStage
from runbook.models import Run
from runbook.services import timeline
from tests.web.builders import SENT, Sent, address, as_shown, by_hand, events, send, step_page
from tests.web.pages import fragment_ids, page, said

RunAt = Callable[[RunStage], Run]
ALL = sorted(SENT)


@pytest.fixture
def ready(
    as_ana: Client, run_at: RunAt, clock: time_machine.Traveller
) -> Callable[[str], tuple[Run, Sent]]:
    """A run at which the address may be used."""

    def prepare(name: str) -> tuple[Run, Sent]:
        sent = SENT[name]
        run = run_at(sent.stage)
        if name == "end-wait":
            send(as_ana, "start-wait", run, as_shown(as_ana, "start-wait", run, {}))
            clock.shift(31 * 60)
        return run, sent

    return prepare


Ready = Callable[[str], tuple[Run, Sent]]


def kept_text(response: Any) -> str:
    """Everything that stands in a field of the page."""
    typed = [node.text for node in page(response).all("textarea")]
    typed += [node.attributes.get("value", "") for node in page(response).all("input")]
    return "\n".join(typed)


def complaints(response: Any) -> list[str]:
    """The sentences that say what to correct, or why not."""
    marks = {"invalid-feedback", "alert-danger", "refusal"}
    return [
        " ".join(node.text.split())
        for node in page(response).walk()
        if marks & set(node.attributes.get("class", "").split())
    ]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_what_the_page_asks_for_is_done(
    as_ana: Client, ready: Ready, name: str, htmx: bool
) -> None:
    run, sent = ready(name)
    before = events(run)

    response = send(as_ana, name, run, as_shown(as_ana, name, run, sent.typed), htmx=htmx)

    assert response.status_code == (200 if htmx else 302)
    assert len(events(run)) > len(before)
    if htmx:
        assert list(fragment_ids(response)) == ["step-panel", "title", "rail", "timeline"]
        assert response["HX-Push-Url"].startswith(step_page(run))
    followed = response if htmx else as_ana.get(response["Location"])
    assert "Recorded" in said(followed)


@pytest.mark.parametrize("name", ALL)
def test_looking_at_a_writing_address_is_refused(as_ana: Client, ready: Ready, name: str) -> None:
    run, _ = ready(name)
    before = events(run)

    assert as_ana.get(address(name, run)).status_code == 405
    assert as_ana.put(address(name, run)).status_code == 405
    assert events(run) == before


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_what_must_be_corrected_comes_back_with_what_was_typed(
    as_ana: Client, ready: Ready, name: str, htmx: bool
) -> None:
    run, sent = ready(name)
    before = events(run)
    data = as_shown(as_ana, name, run, {**sent.typed, **sent.wrong})

    response = send(as_ana, name, run, data, htmx=htmx)

    assert response.status_code == 422
    assert events(run) == before
    assert sent.kept in kept_text(response)
    assert data["submission_key"] in kept_text(response)
    if "expected_version" not in sent.wrong:
        assert complaints(response)
    assert len(page(response).all("html")) == (0 if htmx else 1)


@pytest.mark.parametrize("name", ALL)
def test_the_complaints_are_not_there_before_anything_is_sent(
    as_ana: Client, ready: Ready, name: str
) -> None:
    run, sent = ready(name)

    fresh = as_ana.get(step_page(run, sent.step))

    assert not sent.kept or sent.kept not in kept_text(fresh)
    assert not [sentence for sentence in complaints(fresh) if "Not yet:" not in sentence]


REFUSED: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "skip-step": (
        "wiring",
        {"reason": "It is dark."},
        "This step is done. Reopen it first.",
    ),
    "start-wait": ("tidy", {}, "This step has nothing to wait for."),
    "work-on-step": (
        "look-after",
        {"check-bright": "pass", "note-bright": "Very bright."},
        "Opens when the new version is installed.",
    ),
}


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_stands_in_the_page_as_a_sentence(
    as_ana: Client, run_at: RunAt, name: str, htmx: bool
) -> None:
    run = run_at(RunStage.PREPARING)
    step, typed, sentence = REFUSED[name]
    target = address(name, run).replace(SENT[name].step, step)
    before = events(run)

    response = as_ana.post(
        target, by_hand(run, typed), headers={"hx-request": "true"} if htmx else {}
    )

    assert response.status_code == 409
    tree = page(response)
    refusals = [n for n in tree.all("div", role="alert") if n.attributes["class"] == "refusal"]
    assert [" ".join(node.text.split()) for node in refusals] == [sentence]
    assert events(run) == before


def test_a_form_of_another_kind_of_step_is_not_asked_there(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(RunStage.PREPARING)
    target = address("record-repair", run).replace("/import/", "/tidy/")

    response = as_ana.post(target, by_hand(run, {"text": "A new lens."}))

    assert response.status_code == 409
    assert "This is not asked at this point of the run." in said(response)
    assert "A new lens." in said(response)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(*_: object, **__: object) -> None:
        raise timeline.Busy

    return lambda: monkeypatch.setattr(timeline, "record", refuse)


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_a_busy_database_costs_nobody_their_text(
    as_ana: Client, ready: Ready, busy: Callable[[], None], name: str, htmx: bool
) -> None:
    run, sent = ready(name)
    data = as_shown(as_ana, name, run, sent.typed)
    before = events(run)
    busy()

    response = send(as_ana, name, run, data, htmx=htmx)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "The database is busy. Nothing was recorded; send it again." in said(response)
    for text in sent.typed.values():
        assert text in kept_text(response), text
    assert events(run) == before

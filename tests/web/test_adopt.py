"""Opening a record for somebody already stuck: straight to the installed state, and a stop if it is bad."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook import library
from runbook.domain.vocabulary import RunStage
from runbook.models import Run
from tests.web.builders import events
from tests.web.pages import fields, filled, page, said

PACKS = sorted(library.packs())
TYPED = {
    "environment_name": "Contoso CoE (Test)",
    "source_version": "4.9",
    "target_version": "4.29",
    "time_zone": "Europe/Berlin",
    "account": "The browser was closed while it imported.",
    "started_at": "2026-11-22T09:00",
    "ended_at": "2026-11-22T10:00",
    "method": "maker portal",
    "option": "upgrade",
    "outcome": "unknown",
}
UNREAD = "Read the installed state before anything else"


def form(client: Client, pack: str, **typed: str) -> dict[str, str]:
    tree = page(client.get(reverse("adopt-run", args=[pack])))
    shown = fields(tree.by_id("main").one("form"))
    shown["solution"] = shown.get("solution") or "Lamp"
    return {**shown, **TYPED, **typed}


def adopt(client: Client, pack: str, **typed: str) -> Any:
    data = form(client, pack, **typed)
    return client.post(reverse("adopt-run", args=[pack]), data)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(
    "ended",
    [
        {"outcome": "unknown"},
        {"outcome": "failed", "error_text": "Import failed: 0x80040216. An error occurred."},
        {"outcome": "failed"},
        {"outcome": "unknown", "ended_at": ""},
    ],
)
def test_lands_where_the_installed_state_is_read(
    as_ana: Client, pack: str, ended: dict[str, str]
) -> None:
    response = adopt(as_ana, pack, **ended)

    assert response.status_code == 302
    run = Run.objects.get()
    assert run.stage == RunStage.STATE_UNREAD
    shown = as_ana.get(response["Location"])
    assert UNREAD in said(shown)
    assert not [n for n in page(shown).walk() if n.attributes.get("id") == "start-attempt"]
    assert {"run.adopted", "attempt.started"} <= set(events(run))


def look(client: Client, run: Run, **seen: str) -> Any:
    """The panel for the installed state, filled in and sent."""
    tree = page(client.get(reverse("run", args=[run.pk])))
    target = tree.by_id("state-form").attributes["action"]
    return client.post(target, filled(tree, target, seen))


@pytest.mark.parametrize("pack", PACKS)
def test_with_only_the_holding_solution_listed_everything_stops(as_ana: Client, pack: str) -> None:
    adopt(as_ana, pack)
    run = Run.objects.get()

    response = look(
        as_ana, run, base_listed="no", holding_listed="yes", holding_version="4.29", running="no"
    )

    assert response.status_code == 302
    run.refresh_from_db()
    assert run.stage == RunStage.STOPPED
    shown = as_ana.get(response["Location"])
    assert "Touch nothing. Back up, and open a ticket" in said(shown)
    forms = page(shown).by_id("step-panel").all("form")
    offered = {f.attributes["action"].rstrip("/").rsplit("/", 1)[-1] for f in forms}
    assert offered <= {"state", "escalations", "diagnosis", "work"}


@pytest.mark.parametrize(
    ("seen", "stage"),
    [
        ({"base_version": "4.9", "holding_listed": "no", "running": "no"}, RunStage.RETRY_PLANNED),
        ({"base_version": "4.29", "holding_listed": "no", "running": "no"}, RunStage.VERIFYING),
        (
            {"base_version": "4.9", "holding_listed": "no", "running": "yes"},
            RunStage.OPERATION_RUNNING,
        ),
        (
            {
                "base_version": "4.9",
                "holding_listed": "yes",
                "holding_version": "4.29",
                "running": "no",
            },
            RunStage.UPGRADE_PENDING,
        ),
    ],
)
def test_other_readings_lead_elsewhere(
    as_ana: Client, seen: dict[str, str], stage: RunStage
) -> None:
    """The control: it is the reading that stops the run, not the adoption."""
    adopt(as_ana, "dataverse")
    run = Run.objects.get()

    look(as_ana, run, **seen)

    run.refresh_from_db()
    assert run.stage == stage


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"ended_at": "2026-11-22T08:00"}, "The end lies before the start."),
        ({"started_at": "2026-11-22T12:00", "ended_at": ""}, "That time lies in the future."),
        ({"started_at": ""}, "This field is required."),
        ({"account": ""}, "This field is required."),
        ({"outcome": "succeeded"}, "Choose one of the answers on the page."),
        ({"target_version": "4.8"}, "4.8 is not higher than 4.9."),
        ({"started_at": "0001-01-01T00:00"}, "Enter a date of this century."),
        ({"started_at": "9999-12-31T23:59"}, "Enter a date of this century."),
    ],
)
def test_what_cannot_be_comes_back_with_everything_typed(
    as_ana: Client, typed: dict[str, str], sentence: str
) -> None:
    text = {"error_text": "All of it.\n  Line two", **typed}
    sent = form(as_ana, "dataverse", **text)

    response = as_ana.post(reverse("adopt-run", args=["dataverse"]), sent)

    assert response.status_code == 422
    assert sentence in said(response)
    assert not Run.objects.exists()
    again = fields(page(response).by_id("main").one("form"))
    kept = {name for name in sent if name not in {"csrfmiddlewaretoken", *typed}}
    assert {name: again[name] for name in kept} == {name: sent[name] for name in kept}


def test_times_are_read_in_the_zone_of_the_same_page(as_ana: Client) -> None:
    """Nine in Tokyo was midnight in UTC; in the reader's own zone it would be in the future."""
    adopt(as_ana, "dataverse", time_zone="Asia/Tokyo", started_at="2026-11-22T18:00", ended_at="")

    shown = said(as_ana.get(reverse("run-report", args=[Run.objects.get().pk])))
    assert "2026-11-22 18:00 JST" in shown


def test_a_double_click_adopts_once(as_ana: Client, clock: time_machine.Traveller) -> None:
    data = form(as_ana, "dataverse")
    target = reverse("adopt-run", args=["dataverse"])

    places = {as_ana.post(target, data)["Location"] for _ in range(3)}

    assert len(places) == 1
    assert Run.objects.count() == 1
    assert events(Run.objects.get()).count("attempt.started") == 1


def test_no_detour_starts_an_import_before_the_reading(
    as_ana: Client, run_at: Callable[..., Run]
) -> None:
    adopt(as_ana, "dataverse")
    run = Run.objects.get()
    before = events(run)
    tree = page(as_ana.get(reverse("run", args=[run.pk])))
    step = tree.by_id("state-form").attributes["action"].split("/steps/")[1].split("/")[0]
    guards = filled(tree, tree.by_id("state-form").attributes["action"], {})

    for name in ("start-attempt", "override-retry", "record-removal"):
        sent = {**guards, "method": "cli", "option": "upgrade", "reason": "x"}
        response = as_ana.post(reverse(name, args=[run.pk, step]), sent)
        assert response.status_code in {409, 422}
    assert events(run) == before

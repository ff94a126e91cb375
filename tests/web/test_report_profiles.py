"""The report as a reader outside would see it, and the files that are cut in the same way."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.redaction import Decision, Profile
from runbook.models import Run, User
from runbook.services import record_reading, redaction, runs
from runbook.services.timeline import Act
from tests.exports.records import stored_run
from tests.web.pages import filled, page, said

SignIn = Callable[[User], Client]
MAIL = "heinz.mustermann@contoso.example"
CANARY = f"Ask {MAIL}, his PC is 10.20.30.40."


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = stored_run(ana, now)
    runs.add_note(run_id=run.pk, act=Act(actor=ana.actor_id, now=now), text=CANARY)
    run.refresh_from_db()
    return run


@pytest.fixture
def lead(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def report(client: Client, run: Run, profile: str = "") -> str:
    response = client.get(reverse("run-report", args=[run.pk]), {"profile": profile})
    assert response.status_code == 200
    return response.content.decode()


def file(client: Client, run: Run, **sent: str) -> bytes:
    response = client.post(reverse("run-export", args=[run.pk]), sent)
    assert response.status_code == 200
    return bytes(response.getvalue())


def test_the_team_reads_every_word(lead: Client, run: Run) -> None:
    assert MAIL in report(lead, run)
    assert MAIL in report(lead, run, "nobody-knows-this-one")


@pytest.mark.parametrize("profile", [each for each in Profile if each is not Profile.INTERNAL])
def test_the_page_shows_what_a_reader_outside_would_see(
    lead: Client, run: Run, profile: Profile
) -> None:
    text = report(lead, run, profile)

    assert MAIL not in text
    assert "This page now reads as it would for them" in text
    assert f'name="profile" value="{profile}"' in text


@pytest.mark.parametrize("export_format", ["markdown", "html", "csv"])
def test_a_file_is_cut_as_the_page_was(lead: Client, run: Run, export_format: str) -> None:
    inside = file(lead, run, format=export_format)
    outside = file(lead, run, format=export_format, profile="public")

    assert b"mustermann" in inside
    assert b"mustermann" not in outside


def test_the_timeline_says_for_whom_a_file_was_cut(lead: Client, run: Run) -> None:
    file(lead, run, format="markdown", profile="partner")

    newest = queries.timeline_page(run, size=1)[0]
    assert newest.type == "export.made"
    assert newest.event is not None
    assert "partner" in getattr(newest.event, "format", "")


def test_a_thing_has_one_mark_in_all_files_of_a_run(
    lead: Client, ana: User, run: Run, now: datetime
) -> None:
    """Somebody who talks to support about ‹mail 1› means the same person as the packet did."""
    first = file(lead, run, format="markdown", profile="public").decode()
    numbers = redaction.kept_for(run).pseudonyms.numbers
    runs.add_note(
        run_id=run.pk,
        act=Act(actor=ana.actor_id, now=now),
        text="Before him: anna.erste@contoso.example",
    )
    second = file(lead, run, format="markdown", profile="public").decode()

    assert numbers
    kept = redaction.kept_for(run).pseudonyms.numbers
    assert {key: kept[key] for key in numbers} == numbers
    mark = next(line for line in first.splitlines() if "Ask" in line and "his PC" in line)
    assert mark.split("Ask")[1] in second


def test_words_as_recorded_are_not_offered_and_not_given_outside(lead: Client, run: Run) -> None:
    assert 'value="json"' in report(lead, run)
    assert 'value="json"' not in report(lead, run, "partner")
    refused = lead.post(
        reverse("run-export", args=[run.pk]), {"format": "json", "profile": "partner"}
    )
    assert refused.status_code == 422
    assert "stays with the team" in said(refused)
    assert MAIL not in refused.content.decode()
    assert queries.timeline_page(run, size=1)[0].type != "export.made"


def test_what_no_rule_is_sure_of_is_asked_and_kept(lead: Client, run: Run, now: datetime) -> None:
    profile = Profile.PARTNER
    whole = record_reading.build_report(run, made_at=now, address="https://runbook.example")
    asked = redaction.redacted(whole, profile, kept=redaction.kept_for(run)).asked
    assert asked, "The record of this test names something in doubt."
    address = reverse("decide-report-cuts", args=[run.pk])
    shown = page(lead.get(reverse("run-report", args=[run.pk]), {"profile": profile}))
    sent = {**filled(shown, address, {}), "asked": [asked[0].words], "cut": [asked[0].words]}
    answer = lead.post(address, sent)

    assert answer.headers["Location"].endswith("?profile=partner")
    assert redaction.kept_for(run).said(profile) == {asked[0].words: Decision.CUT}


def test_the_run_page_opens_picture_and_proof_on_demand(lead: Client, run: Run) -> None:
    address = reverse("run-picture", args=[run.pk])
    fragment = lead.get(address, headers={"HX-Request": "true"}).content.decode()

    assert address in lead.get(reverse("run", args=[run.pk])).content.decode()
    assert '<svg class="picture"' in fragment
    assert 'class="verified"' in fragment
    assert "<html" not in fragment
    plain = lead.get(address)
    assert plain.headers["Location"] == reverse("run-report", args=[run.pk])

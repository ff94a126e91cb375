"""The page of a run's links, for those who may share it."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, ShareLink, User
from runbook.services import sharing
from runbook.services.timeline import Busy
from tests.factories import add_member, make_run, make_run_at
from tests.shares import make_link, open_it, page_of
from tests.web.pages import filled, page, said

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run(ana, now)


@pytest.fixture
def lead(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def links(run: Run) -> str:
    return reverse("run-links", args=[run.pk])


def make(client: Client, run: Run, **typed: str):  # type: ignore[no-untyped-def]
    address = reverse("create-link", args=[run.pk])
    shown = filled(page(client.get(links(run))), address, {"label": "Vendor", **typed})
    return client.post(address, shown), shown


def test_a_link_is_made_and_its_code_shown_once(lead: Client, run: Run, now: datetime) -> None:
    answer, sent = make(lead, run)

    link = ShareLink.objects.get()
    assert (link.scope, link.profile, link.expires) == ("read", "public", now + timedelta(days=14))
    copies = [
        b.attributes["data-copy"] for b in page(answer).all("button") if "data-copy" in b.attributes
    ]
    address, code = copies
    assert address == f"http://localhost:8000/s/#{code}"
    assert sharing.digest_of(code) == link.digest
    assert open_it(code).get(page_of(link)).status_code == 200
    for again in (lead.get(links(run)), lead.post(reverse("create-link", args=[run.pk]), sent)):
        assert code not in again.content.decode()
    assert ShareLink.objects.count() == 1
    assert "opened 1 time," in said(lead.get(links(run)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": " "},
        {"label": "x" * 101},
        {"days": "0"},
        {"days": "91"},
        {"max_uses": "0"},
        {"scope": "everything"},
        {"profile": "nobody"},
    ],
)
def test_what_must_be_corrected_comes_back(lead: Client, run: Run, wrong: dict[str, str]) -> None:
    answer, _ = make(lead, run, **wrong)

    assert answer.status_code == 422
    assert ShareLink.objects.count() == 0
    assert "is-invalid" in answer.content.decode()


def test_revoking_asks_first_and_holds_at_once(
    lead: Client, run: Run, ana: User, now: datetime
) -> None:
    link, token = make_link(run, ana, now)
    reader = open_it(token)
    address = reverse("revoke-link", args=[run.pk, link.handle])
    shown = page(lead.get(links(run)))
    form = next(f for f in shown.all("form") if f.attributes.get("action") == address)
    assert [node.tag for node in form.ancestors()][1] == "details"
    assert lead.get(address).status_code == 405

    answer = lead.post(address, filled(shown, address, {"reason": "The work is done."}))
    twice = lead.post(address, filled(shown, address, {"submission_key": str(uuid.uuid4())}))

    assert (answer.status_code, twice.status_code) == (302, 409)
    assert reader.get(page_of(link)).status_code == 404
    text = said(lead.get(links(run)))
    assert "1 that ended" in text
    assert "revoked" in text
    run.refresh_from_db()
    newest = queries.timeline_page(run, size=1)[0]
    assert newest.type == "link.revoked"


def test_only_lead_and_operator_share(
    sign_in: SignIn, run: Run, ana: User, ben: User, dora: User, now: datetime
) -> None:
    expected = {Role.OPERATOR: 200, Role.VERIFIER: 403, Role.REVIEWER: 403, Role.OBSERVER: 403}
    link, _ = make_link(run, ana, now)
    posts = [
        reverse("create-link", args=[run.pk]),
        reverse("revoke-link", args=[run.pk, link.handle]),
        reverse("promise-update", args=[run.pk]),
    ]
    for role, code in expected.items():
        add_member(run, ana, user=ben, role=role, now=now)
        client = sign_in(ben)
        assert client.get(links(run)).status_code == code
        if code == 403:
            assert {client.post(address).status_code for address in posts} == {403}
    stranger = sign_in(dora)
    assert stranger.get(links(run)).status_code == 404
    assert {stranger.post(address).status_code for address in posts} == {404}


def test_a_promise_is_recorded_and_shown(lead: Client, run: Run, now: datetime) -> None:
    address = reverse("promise-update", args=[run.pk])
    typed = {"promise": "Back by noon.", "next_update": "2026-11-22T12:00"}

    answer = lead.post(address, filled(page(lead.get(links(run))), address, typed))

    assert answer.status_code == 302
    text = said(lead.get(links(run)))
    assert "Back by noon." in text
    assert "Next update: 2026-11-22 12:00 CET" in text


def test_a_promise_for_the_past_is_refused_and_kept(lead: Client, run: Run) -> None:
    address = reverse("promise-update", args=[run.pk])
    typed = {"promise": "Back by noon.", "next_update": "2026-11-20T12:00"}

    answer = lead.post(address, filled(page(lead.get(links(run))), address, typed))

    assert answer.status_code == 409
    assert "must lie in the future" in said(answer)
    assert "Back by noon." in answer.content.decode()


def test_a_run_that_ended_is_shared_but_promises_nothing(
    lead: Client, ana: User, now: datetime
) -> None:
    run = make_run_at(RunStage.CLOSED, ana, now)

    answer, _ = make(lead, run)

    assert answer.status_code == 200
    assert ShareLink.objects.count() == 1
    assert "The run has ended" in said(answer)
    assert (
        lead.post(
            reverse("promise-update", args=[run.pk]),
            {"promise": "More.", "submission_key": str(run.pk)},
        ).status_code
        == 409
    )


def test_a_busy_database_is_told(lead: Client, run: Run) -> None:
    with patch.object(sharing, "create_link", side_effect=Busy):
        answer, _ = make(lead, run)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_the_same_key_with_other_words_is_refused(lead: Client, run: Run) -> None:
    _, sent = make(lead, run)

    answer = lead.post(reverse("create-link", args=[run.pk]), {**sent, "label": "Other"})

    assert answer.status_code == 422
    assert ShareLink.objects.count() == 1


def test_labels_stay_text(lead: Client, run: Run, ana: User, now: datetime) -> None:
    make_link(run, ana, now, label="<script>alert(1)</script>")

    text = lead.get(links(run)).content.decode()

    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text

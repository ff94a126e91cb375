"""Notes, the code pages, the search by words and way out, and knowledge without an account."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from runbook.domain.decisions.attempts import Plan
from runbook.domain.vocabulary import ImportOption, Method, Outcome
from runbook.library import packs
from runbook.models import Note, Run, User
from runbook.services import demonstration
from runbook.services.runs import Report
from runbook.services.timeline import Act
from tests.factories import make_run

SignIn = Callable[[User], Client]
FAMILY = "/knowledge/coe_starter_kit/transient-gateway/"


def write(client: Client, text: str, **more: str) -> None:
    sent = {"pack": "coe_starter_kit", "about": "family", "subject": "transient-gateway"}
    answer = client.post("/knowledge/notes/", {**sent, "text": text, **more})
    assert answer.status_code == 302


def read(client: Client, address: str = FAMILY) -> str:
    return client.get(address).content.decode()


def test_a_note_stands_on_the_page_with_author_and_date(sign_in: SignIn, ana: User) -> None:
    client = sign_in(ana)
    with time_machine.travel("2026-11-22T02:00:00Z", tick=False):
        write(client, "Here it was the night of the database update.")

    text = read(sign_in(ana))

    assert "Here it was the night of the database update." in text
    assert "Ana, 2026-11-22" in text


def test_a_note_on_a_code_is_found_under_each_spelling(sign_in: SignIn, ana: User) -> None:
    client = sign_in(ana)
    write(client, "Ask Ben first.", about="code", subject="-2146864266")

    for spelling in ("80097376", "0x80097376", "-2146864266"):
        assert "Ask Ben first." in read(client, f"/knowledge/coe_starter_kit/codes/{spelling}/")


def test_a_secret_in_a_note_is_never_stored(sign_in: SignIn, ana: User) -> None:
    write(sign_in(ana), "password=hunter2hunter2 worked")

    assert "hunter2" not in Note.objects.get().text


@pytest.mark.parametrize(
    "more",
    [
        {"text": "  "},
        {"subject": "no-such-family"},
        {"about": "code", "subject": "502"},
        {"about": "person"},
    ],
)
def test_a_note_that_says_nothing_or_about_nothing_is_refused(
    sign_in: SignIn, ana: User, more: dict[str, str]
) -> None:
    write(sign_in(ana), **{"text": "Words", **more})

    assert not Note.objects.exists()


def test_only_its_author_withdraws_a_note(sign_in: SignIn, ana: User, ben: User) -> None:
    write(sign_in(ana), "Stays until Ana says so.")
    address = f"/knowledge/notes/{Note.objects.get().pk}/withdraw/"

    sign_in(ben).post(address)
    assert "Stays until Ana says so." in read(sign_in(ben))

    sign_in(ana).post(address)
    assert "Stays until Ana says so." not in read(sign_in(ana))


def test_a_family_is_found_by_a_phrase_and_by_the_way_out(sign_in: SignIn, ana: User) -> None:
    client = sign_in(ana)

    found = read(client, "/knowledge/?q=status+code+BadGateway&disposition=wait-and-retry")
    assert "/coe_starter_kit/transient-gateway/" in found
    assert "/dlp-violation/" not in found
    assert "/dlp-violation/" in read(client, "/knowledge/?disposition=ask-other-person")


def test_a_code_that_nobody_classified_still_tells_what_is_known(
    sign_in: SignIn, ana: User
) -> None:
    text = read(sign_in(ana), "/knowledge/dataverse/codes/0x80040200/")

    for part in ("RequiredFieldMissing", "2020", "older source", "not a cause"):
        assert part in text


def test_knowledge_is_closed_to_strangers_unless_the_installation_opens_it(
    client: Client, ana: User, sign_in: SignIn, settings: Settings
) -> None:
    write(sign_in(ana), "Names our tenant.")
    assert client.get(FAMILY).status_code == 302

    settings.KNOWLEDGE_PUBLIC = True
    text = read(client)

    assert "did not answer" in text
    assert "Names our tenant." not in text
    assert client.post("/knowledge/notes/", {"text": "x"}).status_code == 302
    assert Note.objects.count() == 1


def stuck(ana: User, now: datetime) -> Run:
    """Somebody's real run on the kit that met the failure of the example."""
    pack = packs()["coe_starter_kit"]
    assert pack.example
    report = Report(
        account="It failed at night.",
        plan=Plan(method=Method.MAKER_PORTAL, option=ImportOption.UPGRADE),
        started_at=now - timedelta(hours=2),
        ended_at=now - timedelta(hours=1),
        outcome=Outcome.FAILED,
        error_text=pack.example.error_text,
    )
    known = ("environment_name", "solution", "source_version", "target_version")
    answers = {name: pack.example.answers[name] for name in known}
    return make_run(ana, now, pack=pack.slug, answers=answers, report=report)


def test_a_failure_met_before_says_in_how_many_runs(
    as_ana: Client, ana: User, now: datetime
) -> None:
    first = stuck(ana, now)
    assert "of your runs" not in read(as_ana, f"/runs/{first.pk}/")

    stuck(ana, now)

    assert "Seen in 2 of your runs." in read(as_ana, f"/runs/{first.pk}/")


def test_example_runs_are_no_experience(as_ana: Client, ana: User, now: datetime) -> None:
    waiting = demonstration.make(Act(actor=ana.actor_id, now=now))[1]

    assert "of your runs" not in read(as_ana, f"/runs/{waiting}/")

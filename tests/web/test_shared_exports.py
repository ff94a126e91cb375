"""What the reader of a link may take away: the same files, cut as the link says, and on record."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import LinkScope
from runbook.exports import FORMATS
from runbook.models import Anchor, Run, ShareLink, User
from runbook.services import runs, shared_exports, sharing
from tests.exports.records import stored_run
from tests.factories import act
from tests.shares import make_link, open_it, page_of
from tests.web.pages import said

MAIL = "heinz.mustermann@contoso.example"
OTHER = "Fabrikam, who must not be known"


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = stored_run(ana, now)
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text=f"Ask {MAIL} on 10.20.30.40.")
    make_link(run, ana, now, label=OTHER)
    return run


def reader(run: Run, ana: User, now: datetime, **more: Any) -> tuple[ShareLink, Client]:
    link, token = make_link(run, ana, now, **{"scope": LinkScope.READ_FILES, **more})
    return link, open_it(token)


def taken(client: Client, link: ShareLink, export_format: str) -> bytes:
    answer = client.post(page_of(link, "shared-export"), {"format": export_format})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    return bytes(answer.getvalue())


@pytest.mark.parametrize("profile", ["public", "partner", "microsoft-support"])
@pytest.mark.parametrize("export_format", sorted(FORMATS))
def test_every_file_is_cut_as_the_link_says(
    run: Run, ana: User, now: datetime, export_format: str, profile: str
) -> None:
    link, client = reader(run, ana, now, profile=profile)
    if FORMATS[export_format].verbatim:
        answer = client.post(page_of(link, "shared-export"), {"format": export_format})
        assert answer.status_code == 422
        assert "stays with the team" in said(answer)
        assert queries.timeline_page(run, size=1)[0].type == "link.opened"
        return
    content = taken(client, link, export_format)

    assert b"mustermann" not in content
    assert b"Fabrikam" not in content


def test_colleagues_get_every_word(run: Run, ana: User, now: datetime) -> None:
    link, client = reader(run, ana, now, profile="internal")

    assert MAIL.encode() in taken(client, link, "json")


def test_the_page_offers_what_it_would_give(run: Run, ana: User, now: datetime) -> None:
    link, client = reader(run, ana, now, profile="partner")
    text = client.get(page_of(link)).content.decode()

    assert "Take it with you as a file" in text
    assert 'value="html"' in text
    assert 'value="json"' not in text


def test_who_took_what_is_on_record(run: Run, ana: User, now: datetime) -> None:
    link, client = reader(run, ana, now, profile="partner", label="The partner")
    taken(client, link, "markdown")
    newest = queries.timeline_page(run, size=1)[0]

    assert (newest.type, newest.actor) == ("export.made", link.actor_id)
    assert getattr(newest.event, "format", "") == "markdown, cut for partner"
    copy = Anchor.objects.get(run=run)
    assert (copy.receiver, copy.size, copy.head) == (link.actor_id, newest.seq, newest.digest)


@pytest.mark.parametrize("scope", [s for s in LinkScope if s is not LinkScope.READ_FILES])
def test_a_link_without_files_gives_none(
    run: Run, ana: User, now: datetime, scope: LinkScope
) -> None:
    link, client = reader(run, ana, now, scope=scope)
    before = Run.objects.get(pk=run.pk).version

    assert "Take it with you" not in client.get(page_of(link)).content.decode()
    answer = client.post(page_of(link, "shared-export"), {"format": "svg"})
    assert answer.status_code == 404
    assert Run.objects.get(pk=run.pk).version == before


def test_a_revoked_link_gives_nothing_more(run: Run, ana: User, now: datetime) -> None:
    link, client = reader(run, ana, now)
    sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=link.handle)
    answer = client.post(page_of(link, "shared-export"), {"format": "svg"})

    assert answer.status_code == 404


def test_a_link_gives_only_so_many_files_within_an_hour(
    run: Run, ana: User, now: datetime, standing: time_machine.Traveller
) -> None:
    """Each file costs the server time and the record an entry; a link is in many hands."""
    link, client = reader(run, ana, now)
    other, of_other = reader(run, ana, now)
    with patch.object(shared_exports, "MOST", 2):
        taken(client, link, "markdown")
        taken(client, link, "markdown")
        before = Run.objects.get(pk=run.pk).version
        answer = client.post(page_of(link, "shared-export"), {"format": "markdown"})

        assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
        assert "as many as it gives. Nothing was written" in said(answer)
        assert Run.objects.get(pk=run.pk).version == before
        taken(of_other, other, "markdown")  # each link counts for itself
        standing.move_to(now + timedelta(hours=1, seconds=1))
        taken(client, link, "markdown")


def test_an_unknown_format_is_named_and_records_nothing(run: Run, ana: User, now: datetime) -> None:
    link, client = reader(run, ana, now)
    answer = client.post(page_of(link, "shared-export"), {"format": "exe"})

    assert answer.status_code == 422
    assert "There is no such format" in said(answer)


def test_a_profile_that_nobody_knows_any_more_is_the_strictest(
    run: Run, ana: User, now: datetime
) -> None:
    link, client = reader(run, ana, now)
    ShareLink.objects.filter(pk=link.pk).update(profile="of-an-older-release")

    assert b"mustermann" not in taken(client, link, "html")


def test_the_form_for_a_link_says_that_colleagues_take_pictures_away(
    run: Run, ana: User, sign_in: Callable[[User], Client]
) -> None:
    form = sign_in(ana).get(reverse("run-links", args=[run.pk])).content.decode()

    assert "Reads the record with error texts, and takes it away as files" in form
    assert "Colleagues: everything but secrets, in files the pictures too" in form

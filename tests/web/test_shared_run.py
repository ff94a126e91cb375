"""SL-03 to SL-05 and SL-08: how a reader comes in by a link, and goes out again."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import LinkScope, Role, RunStage
from runbook.models import Run, ShareLink, Team, User
from runbook.models.timeline import Event
from runbook.services import people, sharing
from tests.factories import act, add_member, make_run_at
from tests.shares import make_link, open_it, page_of, without_tokens
from tests.web.pages import page, said

SignIn = Callable[[User], Client]
DOOR = "/s/"


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.RETRY_PLANNED, ana, now)


def test_a_reader_comes_in_by_the_code_alone(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now)
    client = Client(enforce_csrf_checks=True)
    door = client.get(DOOR)
    csrf = page(door).one("input", name="csrfmiddlewaretoken").attributes["value"]

    answer = client.post(DOOR, {"code": token, "csrfmiddlewaretoken": csrf})

    assert (answer.status_code, answer["Location"]) == (303, f"/shared/{link.handle}/")
    assert client.get(answer["Location"]).status_code == 200
    cookie = answer.cookies[settings.SHARE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert token not in cookie.value
    assert Client(enforce_csrf_checks=True).post(DOOR, {"code": token}).status_code == 403


def test_a_stranger_gets_a_new_session_key_and_a_member_keeps_the_own(
    run: Run, ana: User, dora: User, now: datetime, sign_in: SignIn
) -> None:
    _, token = make_link(run, ana, now)
    stranger = Client()
    stranger.session.save()
    old = stranger.session.session_key
    member = sign_in(dora)
    key = member.session.session_key

    open_it(token, stranger)
    open_it(token, member)

    assert stranger.cookies[settings.SESSION_COOKIE_NAME].value != old
    assert (member.session.session_key, member.session["_auth_user_id"]) == (key, str(dora.pk))


def test_the_rights_of_a_link_are_no_rights_of_the_person(
    run: Run, ana: User, dora: User, now: datetime, sign_in: SignIn
) -> None:
    link, token = make_link(run, ana, now, scope=LinkScope.COMMENT)
    client = open_it(token, sign_in(dora))

    assert client.get(page_of(link)).status_code == 200
    for name in ("run", "run-review", "run-at", "timeline", "run-report", "run-links"):
        assert client.get(reverse(name, args=[run.pk])).status_code == 404, name


# --- SL-03 ------------------------------------------------------------------------------------


def refused_pages(
    run: Run, ana: User, ben: User, dora: User, now: datetime, clock: time_machine.Traveller
) -> dict[str, bytes]:
    """What a reader sees whose link ended in each of the ways; all of them had the page open."""
    found: dict[str, bytes] = {}

    def opened(maker: User) -> tuple[ShareLink, Client]:
        link, token = make_link(run, maker, now)
        client = open_it(token)
        assert client.get(page_of(link)).status_code == 200
        return link, client

    def keep(name: str, client: Client, address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 404, name
        found[name] = answer.content

    link, client = opened(ana)
    sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=link.handle)
    keep("revoked", client, page_of(link))
    link, client = opened(ana)
    ShareLink.objects.filter(pk=link.pk).update(expires=now)
    keep("expired", client, page_of(link))
    mine, client = opened(ana)
    other, _ = opened(ana)
    keep("wrong run", client, page_of(other))
    link, client = opened(ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    keep("creator disabled", client, page_of(link))
    User.objects.filter(pk=ben.pk).update(is_active=True)
    assert client.get(page_of(link)).status_code == 200
    people.remove_member(run_id=run.pk, act=act(ana, now=now), member=ben.actor_id)
    keep("creator gone", client, page_of(link))
    keep("unknown", client, f"/shared/{run.pk}/")
    keep("never opened", Client(), page_of(mine))
    clock.shift(timedelta(hours=2, seconds=1))
    link, client = mine, open_it("uws_nothing")
    keep("idle", client, page_of(link))
    return found


def test_sl_03_every_ended_link_reads_alike_at_the_next_request(
    run: Run, ana: User, ben: User, dora: User, now: datetime, standing: time_machine.Traveller
) -> None:
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)

    found = refused_pages(run, ana, ben, dora, now, standing)

    assert len(found) == 8
    assert {without_tokens(body) for body in found.values()} == {without_tokens(found["revoked"])}


def test_sl_03_a_team_with_runs_cannot_vanish_under_its_links(run: Run, now: datetime) -> None:
    team = Team.objects.create(name="Lamps", created=now)
    Run.objects.filter(pk=run.pk).update(team=team)

    with pytest.raises(ProtectedError):
        team.delete()


def test_the_door_answers_each_dead_code_alike(run: Run, ana: User, now: datetime) -> None:
    gone, token = make_link(run, ana, now)
    sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=gone.handle)
    old, old_token = make_link(run, ana, now)
    ShareLink.objects.filter(pk=old.pk).update(expires=now)
    _, used_token = make_link(run, ana, now, max_uses=1)
    open_it(used_token)

    answers = [
        Client().post(DOOR, {"code": code})
        for code in (token, old_token, used_token, "uws_wrong", "x", "<b>")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({without_tokens(answer.content) for answer in answers}) == 1


def test_without_use_the_reader_is_out_after_two_hours(
    run: Run, ana: User, now: datetime, standing: time_machine.Traveller
) -> None:
    link, token = make_link(run, ana, now)
    client = open_it(token)
    for _ in range(3):
        standing.shift(timedelta(minutes=119))
        assert client.get(page_of(link)).status_code == 200

    standing.shift(timedelta(minutes=121))

    assert client.get(page_of(link)).status_code == 404


def test_a_forged_cookie_opens_nothing(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now)
    client = open_it(token)
    genuine = client.cookies[settings.SHARE_COOKIE_NAME].value
    for forged in ("", "x", genuine[:-1] + ("a" if genuine[-1] != "a" else "b"), f"{genuine}x"):
        client.cookies[settings.SHARE_COOKIE_NAME] = forged
        assert client.get(page_of(link)).status_code == 404, forged


def test_two_links_are_open_side_by_side(run: Run, ana: User, now: datetime) -> None:
    pairs = [make_link(run, ana, now) for _ in range(9)]
    client = Client()
    for _, token in pairs:
        open_it(token, client)

    answers = [client.get(page_of(link)).status_code for link, _ in pairs]

    assert sorted(answers) == [200] * 8 + [404]  # the cookie stays small


# --- SL-04, SL-05, SL-08 --------------------------------------------------------------------------


def test_sl_04_the_token_leaks_nowhere(
    run: Run, ana: User, now: datetime, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    lead = sign_in(ana)
    made = lead.post(
        reverse("create-link", args=[run.pk]),
        {
            "submission_key": str(run.pk),
            "label": "The vendor",
            "scope": "comment",
            "profile": "public",
            "days": "14",
        },
    )
    address = page(made).one("button", class_="btn btn-copy needs-js").attributes["data-copy"]
    token = address.partition("#")[2]
    assert address == f"{settings.SITE_URL}/s/#{token}"
    link = ShareLink.objects.get()
    reader = Client()

    with caplog.at_level(logging.DEBUG):
        answers = [
            reader.post(DOOR, {"code": f"{token}x"}),
            reader.post(DOOR, {"code": token}),
            reader.get(page_of(link)),
            reader.get(page_of(link, "shared-at")),
            reader.post(page_of(link, "ask-shared-question"), {"about": "1", "text": ""}),
            lead.get(reverse("run-links", args=[run.pk])),
            lead.get(reverse("run-report", args=[run.pk])),
            lead.get(reverse("run-review", args=[run.pk])),
        ]

    seen = [answer.content.decode() + str(answer.headers) for answer in answers]
    seen += [str(answer.cookies) for answer in answers]
    seen += [repr(record.__dict__) for record in caplog.records]
    seen += [f"{message.subject} {message.body}" for message in mail.outbox]
    assert [text for text in seen if token in text or token[4:] in text] == []
    assert token.encode() in made.content  # shown this once
    assert {answer["Referrer-Policy"] for answer in answers[:5]} == {"no-referrer", "same-origin"}


def test_no_page_of_a_reader_is_kept_or_indexed(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now, scope=LinkScope.READ_FILES)
    client = open_it(token)
    digest = Event.objects.filter(type="error.captured").first()
    assert digest
    answers = [
        client.get(DOOR),
        client.head(DOOR),
        client.post(DOOR, {"code": "wrong"}),
        client.post(DOOR, {"code": ""}),
        client.put(DOOR),
        client.get(page_of(link)),
        client.get(page_of(link, "shared-at")),
        client.get(page_of(link, "shared-at") + "?seq=none"),
        client.get(page_of(link, "shared-evidence", "0" * 64)),
        client.post(page_of(link, "ask-shared-question")),
        Client().get(page_of(link)),
    ]

    assert [a.status_code for a in answers] == [
        *(200, 200, 404, 422, 405, 200, 200, 422, 404, 404, 404)
    ]
    for answer in answers:
        # With "no-referrer" a browser sends a form from "Origin: null", and no check can pass it.
        head = answer.request["REQUEST_METHOD"] == "HEAD"  # the door's, whose form it leaves out
        has_form = head or b'method="post"' in answer.content
        assert answer["Referrer-Policy"] == ("same-origin" if has_form else "no-referrer")
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "http" not in answer["Content-Security-Policy"]


def test_sl_05_previews_use_nothing_up(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now, max_uses=1)
    run.refresh_from_db()
    sessions, version = Session.objects.count(), run.version

    for number in range(20):
        bot = Client()
        ask = bot.get if number % 2 else bot.head
        assert ask(DOOR, headers={"user-agent": "Slackbot-LinkExpanding 1.0"}).status_code == 200
        assert settings.SESSION_COOKIE_NAME not in bot.cookies
        assert settings.SHARE_COOKIE_NAME not in bot.cookies
        bot.get(f"{DOOR}?code={token}")
        bot.get(page_of(link))

    run.refresh_from_db()
    link.refresh_from_db()
    assert (Session.objects.count(), run.version, link.uses) == (sessions, version, 0)
    assert open_it(token).get(page_of(link)).status_code == 200


def test_reading_writes_nothing(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now, scope=LinkScope.STATUS)
    client = open_it(token)

    with CaptureQueriesContext(connection) as captured:
        client.get(page_of(link))

    assert [q["sql"] for q in captured if not q["sql"].startswith("SELECT")] == []


def test_sl_08_a_view_is_told_once_under_the_links_label(
    run: Run, ana: User, dora: User, now: datetime, sign_in: SignIn
) -> None:
    link, token = make_link(run, ana, now, label="Vendor support")
    reader = sign_in(dora)
    for _ in range(3):
        open_it(token, reader)
        reader.get(page_of(link))
    open_it(token)

    run.refresh_from_db()
    told = [e for e in queries.all_entries(run) if e.type == "link.opened"]
    assert [(entry.actor, entry.name) for entry in told] == [
        (link.actor_id, "Share link: Vendor support")
    ] * 2
    assert set(Event.objects.filter(type="link.opened").values_list("actor_kind", flat=True)) == {
        "link"
    }
    timeline = said(sign_in(ana).get(reverse("timeline", args=[run.pk])))
    assert "Share link opened: Vendor support" in timeline
    assert "Dora" not in timeline


def test_throttling_answers_429_and_says_when(run: Run, now: datetime) -> None:
    answers = [Client().post(DOOR, {"code": f"uws_{n}"}) for n in range(21)]

    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1]["Retry-After"] == "60"
    assert "Wait a minute" in said(answers[-1])
    assert Client().post(DOOR, {"code": "x"}, REMOTE_ADDR="192.0.2.1").status_code == 404

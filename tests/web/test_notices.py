"""Pages about notices: who sees which, what they write, and that nothing secret is shown twice."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook.domain import events as ev
from runbook.domain.vocabulary import Action, InstalledState, Role, RunStage
from runbook.models import Channel, Delivery, Membership, Run, Team, User, Wishes
from runbook.services import channels, outgoing, reminders, talk
from tests.domain.history import START
from tests.domain.wishes import LOOKS, failing, wish
from tests.factories import act, add_member, carry_out
from tests.services.notices.ics import parse
from tests.services.receivers import DOWN, Outside, question, tell_about
from tests.web.pages import fields, form_to, page, said
from tests.web.test_queries import statements

RunAt = Callable[[RunStage], Run]
ADDRESS = "https://hooks.example.org/services/SECRETPART/aB"
ADD = {"label": "Ours", "kind": "webhook", "address": ADDRESS}
NOTICES, WISHES = "/notices/", "/account/notices/"


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    world = Outside()
    monkeypatch.setattr(outgoing, "send", world.send)
    return world


@pytest.fixture
def run(run_at: RunAt, ana: User, ben: User, now: datetime) -> Run:
    made = run_at(RunStage.PREPARING)
    add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    made.deliveries.all().delete()
    return made


@pytest.fixture
def as_ben(run: Run, ben: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(ben)


@pytest.fixture
def team(ana: User, ben: User, now: datetime) -> Team:
    """Ana owns it, Ben is in it."""
    made = Team.objects.create(name="Tower", created=now)
    for user, owner in ((ana, True), (ben, False)):
        Membership.objects.create(team=made, user=user, role="lead", is_owner=owner, since=now)
    return made


def test_the_page_shows_what_was_told_newest_first(
    as_ben: Client, run: Run, ana: User, now: datetime
) -> None:
    question(run, ana, now=now)
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    reminders.tick(now + timedelta(minutes=30))

    text = said(as_ben.get(NOTICES))

    assert text.index("The wait is over") < text.index("A question waits for your answer.")
    assert "Answer question 1." in text
    assert "Which lamp?" not in text


def test_two_ways_of_one_notice_are_one_line(
    as_ben: Client, run: Run, ana: User, ben: User, now: datetime
) -> None:
    channels.add_channel(ben, **ADD, now=now)
    question(run, ana, now=now)

    assert Delivery.objects.filter(run=run).count() == 2
    assert said(as_ben.get(NOTICES)).count("A question waits for your answer.") == 1


def test_new_is_what_came_since_the_last_visit(
    as_ben: Client, clock: time_machine.Traveller, run: Run, ana: User, now: datetime
) -> None:
    question(run, ana, now=now)
    assert "New" not in said(as_ben.get(NOTICES))
    clock.shift(timedelta(minutes=10))
    question(run, ana, now=now + timedelta(minutes=9), number=2)

    assert said(as_ben.get(NOTICES)).count("New") == 1
    clock.shift(timedelta(minutes=10))
    assert "New" not in said(as_ben.get(NOTICES))


def test_who_left_a_run_reads_nothing_of_it(
    as_ben: Client, run: Run, ana: User, ben: User, now: datetime
) -> None:
    question(run, ana, now=now)
    tell_about(run, ana, now=now, events=[ev.MemberRemoved(member=ben.actor_id)])

    assert run.title not in said(as_ben.get(NOTICES))


def test_the_page_costs_the_same_for_one_notice_and_for_three_and_writes_nothing(
    as_ben: Client, run: Run, ana: User, now: datetime
) -> None:
    question(run, ana, now=now)
    as_ben.get(NOTICES)
    one = statements(lambda: as_ben.get(NOTICES))
    for number in (2, 3):
        question(run, ana, now=now, number=number)
    three = statements(lambda: as_ben.get(NOTICES))

    assert len(one) == len(three) <= 10
    assert [sql for sql in three if not sql.startswith("SELECT")] == []


def test_wishes_are_kept_and_shown_again(as_ana: Client, ana: User) -> None:
    answer = as_ana.post(
        WISHES, {"quiet_from": "22:00", "quiet_until": "07:00", "digest_minutes": "60"}
    )

    assert answer.status_code == 302
    kept = Wishes.objects.get(user=ana)
    assert (kept.by_mail, kept.digest_minutes) == (False, 60)
    shown = fields(form_to(page(as_ana.get(WISHES)), WISHES))
    assert (shown["quiet_from"], shown["quiet_until"]) == ("22:00", "07:00")
    assert shown["digest_minutes"] == "60"
    assert "by_mail" not in shown


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"quiet_from": "22:00"}, "need both times"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "the same time"),
        ({"digest_minutes": "7"}, "7 is not one of the available choices"),
        ({"quiet_from": "late", "quiet_until": "07:00"}, "Enter a valid time"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    as_ana: Client, sent: dict[str, str], sentence: str
) -> None:
    answer = as_ana.post(WISHES, {"digest_minutes": "0", **sent})

    assert answer.status_code == 422
    assert sentence in said(answer)
    assert not Wishes.objects.exists()


def test_a_channel_is_added_and_its_secret_shown_once(as_ana: Client, ana: User) -> None:
    answer = as_ana.post(reverse("add-channel"), ADD)

    secret = re.search(r'data-copy="([^"]{30,})"', answer.content.decode())
    assert secret
    later = as_ana.get(WISHES)
    assert secret[1] not in later.content.decode()
    assert "SECRETPART" not in later.content.decode() + answer.content.decode()
    assert "Webhook, https://hooks.example.org/…aB" in said(later)


def test_a_wrong_address_is_refused_in_words_and_kept_for_correction(as_ana: Client) -> None:
    answer = as_ana.post(reverse("add-channel"), {**ADD, "address": "https://10.0.0.1/x"})

    assert answer.status_code == 422
    assert "private or reserved network" in said(answer)
    assert 'value="https://10.0.0.1/x"' in answer.content.decode()


def test_a_test_message_ends_in_a_sentence(
    as_ana: Client, ana: User, now: datetime, outside: Outside
) -> None:
    channel, _ = channels.add_channel(ana, **ADD, now=now)
    outside.ends = [DOWN]
    told = [
        said(as_ana.post(reverse("test-channel", args=[channel.pk]), follow=True)) for _ in range(2)
    ]

    assert "Ours: The test message did not arrive. The receiver could not be reached." in told[0]
    assert "Ours: The receiver took the test message." in told[1]


@pytest.mark.parametrize("name", ["test-channel", "remove-channel"])
def test_somebody_elses_channel_is_not_there(
    as_ana: Client,
    ben: User,
    team: Team,
    now: datetime,
    outside: Outside,
    name: str,
    sign_in: Callable[[User], Client],
) -> None:
    foreign, _ = channels.add_channel(ben, **ADD, now=now)
    shared, _ = channels.add_channel(team, **ADD, now=now)

    assert as_ana.post(reverse(name, args=[foreign.pk])).status_code == 404
    assert sign_in(ben).post(reverse(name, args=[shared.pk])).status_code == 404
    assert as_ana.post(reverse(name, args=[shared.pk])).status_code == 302
    assert len(outside.tried) == (name == "test-channel")


def test_a_teams_channels_are_for_its_owners(
    as_ana: Client, ben: User, dora: User, team: Team, sign_in: Callable[[User], Client]
) -> None:
    address = reverse("team-channels", args=[team.handle])

    assert as_ana.get(address).status_code == 200
    assert sign_in(ben).get(address).status_code == 403
    assert sign_in(dora).get(address).status_code == 404
    assert sign_in(ben).post(address, ADD).status_code == 403
    assert as_ana.post(address, ADD).status_code == 200
    assert Channel.objects.get().team == team
    assert as_ana.post(address, {**ADD, "label": ""}).status_code == 422


def test_a_runs_calendar_is_for_its_members(
    as_ana: Client,
    run: Run,
    ana: User,
    dora: User,
    now: datetime,
    sign_in: Callable[[User], Client],
) -> None:
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    address = reverse("run-calendar", args=[run.pk])
    answer = as_ana.get(address)

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(parse(answer.content).all("VEVENT")) == 1
    assert sign_in(dora).get(address).status_code == 404


def feed_address(answer: object) -> str:
    found = re.search(r'data-copy="http://localhost:8000(/calendar/[^"]+)"', str(answer))
    assert found
    return found[1]


def test_the_feed_is_read_without_signing_in_until_it_is_renewed(
    as_ana: Client, run: Run, ana: User, now: datetime
) -> None:
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    first = feed_address(as_ana.post(reverse("renew-feed")).content.decode())
    reader = Client()

    answer = reader.get(first)
    assert len(parse(answer.content).all("VEVENT")) == 1
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "session" not in answer.cookies
    assert first not in as_ana.get(WISHES).content.decode()
    second = feed_address(as_ana.post(reverse("renew-feed")).content.decode())
    assert [reader.get(each).status_code for each in (first, second)] == [404, 200]
    as_ana.post(reverse("end-feed"))
    assert reader.get(second).status_code == 404


def test_no_log_line_holds_the_address_of_a_feed(
    as_ana: Client, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    token = channels.new_feed_token(ana)
    for method in ("get", "post", "put"):
        assert getattr(Client(), method)(f"/calendar/{token}x.ics").status_code == 404
    assert Client().post(f"/calendar/{token}.ics").status_code == 404

    assert [record for record in caplog.records if token in record.getMessage()] == []
    as_ana.get("/no-such-page/")
    assert "no-such-page" in caplog.text  # the control: other pages are logged


@pytest.fixture
def stuck(run: Run, ana: User, now: datetime, outside: Outside) -> Delivery:
    outside.ends = [DOWN] * 6
    question(run, ana, now=now)
    for minutes in (0, 1, 6, 21, 81, 321):
        reminders.tick(now + timedelta(minutes=minutes))
    return run.deliveries.get()


def test_an_owner_of_the_installation_sees_what_is_stuck_but_not_what_it_says(
    as_ana: Client, ana: User, stuck: Delivery, run: Run
) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True)
    text = said(as_ana.get(reverse("owner-deliveries")))

    assert "Given up" in text
    assert "The receiver could not be reached." in text
    assert run.title not in text
    assert "A question waits" not in text


@pytest.mark.parametrize(
    ("name", "state"), [("try-delivery", "sent"), ("drop-delivery", "dropped")]
)
def test_an_owner_tries_again_or_drops(
    as_ana: Client, ana: User, stuck: Delivery, now: datetime, name: str, state: str
) -> None:
    address = reverse(name, args=[stuck.pk])
    assert as_ana.post(address).status_code == 404
    User.objects.filter(pk=ana.pk).update(is_staff=True)

    assert as_ana.post(address).status_code == 302
    reminders.tick(now)
    stuck.refresh_from_db()
    assert stuck.state == state
    assert "not in the queue any more" in said(as_ana.post(address, follow=True))


def test_who_does_not_own_the_installation_finds_no_such_page(as_ana: Client) -> None:
    assert as_ana.get(reverse("owner-deliveries")).status_code == 404


CANARY = "CanaryText17"


def test_no_error_text_leaves_the_house(
    as_ana: Client, run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    """A paste, a note, a reading and a question with a canary: in no message, page or calendar."""
    channels.add_channel(ana, **ADD, now=now)
    token = channels.new_feed_token(ana)
    look = replace(LOOKS[InstalledState.ROLLED_BACK], last_result=CANARY)
    for asked in (
        START,
        failing(f"Lamp import failed because the bridge is closed. {CANARY} in {CANARY}."),
        wish(Action.READ_STATE, step="import", look=look),
        wish(Action.ADD_NOTE, text=CANARY),
    ):
        carry_out(run.pk, asked, act(ben, now=now))
    talk.ask_question(run_id=run.pk, act=act(ben, now=now), about=1, text=f"Why {CANARY}?")
    for later in (timedelta(0), timedelta(days=2)):
        told = Client().get(reverse("calendar-feed", args=[token])).content.decode()
        reminders.tick(now + later)

    kinds = {message.kind for _, message in outside.taken}
    assert kinds == {"attempt", "question", "retry due", "idle"}
    told += str(outside.taken) + as_ana.get(NOTICES).content.decode()
    assert CANARY not in told
    assert CANARY in as_ana.get(reverse("run-report", args=[run.pk])).content.decode()

"""Packets on pages: as they will go out, what is missing, what is cut, and that they were sent."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.redaction import Decision, Profile
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Action, Role
from runbook.models import PseudonymMap, Run, User
from runbook.services import redaction, runs, timeline
from runbook.services.timeline import Act, Busy
from tests.domain.packet_cases import ACTIVITIES, GATEWAY
from tests.exports.records import stored_run
from tests.factories import add_member
from tests.web.builders import events
from tests.web.pages import Node, fields, filled, form_to, page, said
from tests.web.test_templates_static import MARK, open_places

SignIn = Callable[[User], Client]
SUPPORT, TRACKER, REPLY = "microsoft-support", "vendor-issue-tracker", "requester"
MAIL, HOST = "ana.keller@contoso.example", "10.2.3.4"
TEXT = f"{GATEWAY}{ACTIVITIES[0]}\nhost {HOST}\nWrite to {MAIL}\n"
HOSTILE = "<script>alert(1)</script><i hx-get='/x' hx-trigger='load'>\"'&"


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return stored_run(ana, now, text=TEXT)


@pytest.fixture
def lead(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def address(run: Run, to: str = SUPPORT, *, name: str = "run-packet", profile: str = "") -> str:
    made = reverse(name, args=[run.pk, to])
    return f"{made}?profile={profile}" if profile else made


def shown(client: Client, run: Run, to: str = SUPPORT, *, profile: str = "") -> Node:
    response = client.get(address(run, to, profile=profile))
    assert response.status_code == 200
    return page(response)


def send(
    client: Client, run: Run, name: str, typed: Mapping[str, Any], *, to: str = SUPPORT,
    profile: str = "",
) -> Any:  # fmt: skip
    """The form on the page, filled in and sent without a script."""
    target = address(run, to, name=name)
    return client.post(target, filled(shown(client, run, to, profile=profile), target, typed))


def article(tree: Node) -> str:
    return " ".join(tree.one("article").text.split())


def test_the_page_shows_what_goes_out_and_what_is_missing(lead: Client, run: Run) -> None:
    tree = shown(lead, run)

    assert "Dataverse managed solution import failure" in article(tree)
    assert ACTIVITIES[0] in article(tree)
    assert "facts missing" in tree.by_id("missing-title").text
    links = {a.attributes["href"] for a in tree.all("a")}
    assert reverse("step", args=[run.pk, "facts"]) in links
    assert reverse("step", args=[run.pk, "import"]) in links
    assert "#facts" in links


def test_looking_writes_nothing(lead: Client, run: Run) -> None:
    for to in (SUPPORT, REPLY, TRACKER):
        shown(lead, run, to, profile="public")
    lead.get(reverse("run-packets", args=[run.pk]))

    assert Run.objects.get(pk=run.pk).version == run.version
    assert not PseudonymMap.objects.exists()


def test_each_recipient_has_its_usual_profile_and_any_can_be_chosen(lead: Client, run: Run) -> None:
    usual = shown(lead, run)
    public = shown(lead, run, profile="public")

    def current(tree: Node) -> str:
        chosen = tree.one("nav", aria_label="For whom to cut").one("a", aria_current="true")
        return chosen.attributes["href"]

    assert current(usual) == "?profile=microsoft-support"
    assert current(public) == "?profile=public"
    assert current(shown(lead, run, profile="moon")) == "?profile=microsoft-support"
    assert "https://contoso.crm.dynamics.com" in article(usual)


def test_the_preview_strikes_through_what_is_cut_and_counts_it(lead: Client, run: Run) -> None:
    tree = shown(lead, run, profile="public")
    struck = [node.text.removeprefix("cut: ") for node in tree.one("article").all("del")]

    assert MAIL in struck
    assert HOST in struck
    assert ACTIVITIES[0] not in " ".join(struck)
    assert any("‹user-" in node.text for node in tree.one("article").all("ins"))
    assert "1 thing" in tree.one("dl", class_="cut-counts").text


def test_what_leaves_the_page_holds_no_original(lead: Client, run: Run) -> None:
    tree = shown(lead, run, profile="public")
    texts = [node.text for node in tree.all("pre", class_="evidence whole")]
    copied = [n.attributes["data-copy"] for n in tree.all("button") if "data-copy" in n.attributes]

    assert len(texts) == len(copied) == 2
    for text in (*texts, *copied):
        assert MAIL not in text
        assert HOST not in text
        assert ACTIVITIES[0] in text


def test_a_doubt_is_settled_by_its_box_and_stays_settled(lead: Client, run: Run) -> None:
    tree = shown(lead, run, profile="public")
    box = tree.one("input", name="cut", value=HOST)
    assert "checked" in box.attributes

    target = address(run, name="decide-cuts")
    data = {**fields(form_to(tree, target)), "asked": [HOST, "never shown"], "cut": ["never shown"]}
    answer = lead.post(target, data)

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?profile=public")
    assert HOST in article(shown(lead, run, profile="public"))
    assert redaction.kept_for(run).decisions == {Profile.PUBLIC: {HOST: Decision.KEEP}}
    again = shown(lead, run, profile="public").one("input", name="cut", value=HOST)
    assert "checked" not in again.attributes


def test_what_is_missing_can_be_told_on_the_page(lead: Client, run: Run) -> None:
    before = shown(lead, run).by_id("missing-title").text
    answer = send(
        lead,
        run,
        "record-packet-facts",
        {
            "answer-business_impact": "Nobody can ask for environments.",
            "answer-severity": "serious",
        },
    )

    assert answer.status_code == 302
    assert events(run)[-1] == "facts.recorded"
    tree = shown(lead, run)
    assert "Nobody can ask for environments." in article(tree)
    assert "Serious: work goes on" in article(tree)
    assert tree.by_id("missing-title").text != before
    report = lead.get(reverse("run-report", args=[run.pk])).content.decode()
    assert "What does it cost the users while this is open?" in report


def test_a_choice_that_is_none_comes_back_with_the_text(lead: Client, run: Run) -> None:
    answer = send(
        lead, run, "record-packet-facts", {"answer-severity": "huge", "answer-contact": "Ana, 8-17"}
    )

    assert answer.status_code == 422
    assert "Ana, 8-17" in answer.content.decode()
    assert Run.objects.get(pk=run.pk).version == run.version


def test_a_run_that_went_on_asks_to_look_again(
    lead: Client, run: Run, ana: User, now: datetime
) -> None:
    target = address(run, name="record-packet-facts")
    mine = filled(shown(lead, run), target, {"answer-contact": "Ana, 8-17"})
    timeline.record(
        run.pk,
        Action.RECORD_FACTS,
        act=Act(actor=ana.actor_id, now=now),
        decide=lambda run, state, pack: [ev.FactsRecorded(step="facts", answers={"region": "X"})],
    )
    answer = lead.post(target, mine)

    assert answer.status_code == 409
    assert "Ana, 8-17" in answer.content.decode()
    assert "went on since you opened the page" in said(answer)


@pytest.mark.parametrize(("ending", "kind"), [("md", "text/markdown"), ("txt", "text/plain")])
def test_a_file_is_handed_out_and_recorded(lead: Client, run: Run, ending: str, kind: str) -> None:
    answer = lead.post(address(run, name="packet-file"), {"file": ending, "profile": "public"})

    assert answer.status_code == 200
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Disposition"].startswith(
        'attachment; filename="packet-microsoft-support'
    )
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert MAIL not in answer.content.decode().replace("\u2060", "")
    assert ACTIVITIES[0] in answer.content.decode()
    newest = queries.timeline_page(Run.objects.get(pk=run.pk), size=1)[0].event
    assert newest == ev.ExportMade(format=f"packet for {SUPPORT}, cut for public, .{ending}")
    assert PseudonymMap.objects.filter(run=run).count() == 1


def test_an_unknown_file_is_refused_in_words(lead: Client, run: Run) -> None:
    answer = lead.post(address(run, name="packet-file"), {"file": "exe"})

    assert (answer.status_code, "Choose .md or .txt." in said(answer)) == (422, True)
    assert Run.objects.get(pk=run.pk).version == run.version


def test_sending_is_kept_with_number_and_time_and_shown_everywhere(
    lead: Client, run: Run, now: datetime
) -> None:
    ticket = "TrackingID#2611220010001234"
    answer = send(lead, run, "send-packet", {"ticket": ticket, "happened_at": "2026-11-22T09:00"})

    assert answer.status_code == 302
    row = Run.objects.get(pk=run.pk)
    newest = queries.timeline_page(row, size=1)[0]
    assert newest.event == ev.EscalationSent(recipient=SUPPORT, ticket=ticket)
    assert newest.happened_at.isoformat() == "2026-11-22T08:00:00+00:00"
    for name in ("run", "run-report", "run-packets"):
        assert ticket in said(lead.get(reverse(name, args=[run.pk])))
    assert ticket in said(lead.get(address(run)))
    exported = lead.post(reverse("run-export", args=[run.pk]), {"format": "ticket"})
    assert ticket in exported.content.decode()


def test_a_time_in_the_future_is_refused(lead: Client, run: Run, now: datetime) -> None:
    later = f"{now + timedelta(days=3650):%Y-%m-%dT%H:%M}"
    answer = send(lead, run, "send-packet", {"ticket": "T-9", "happened_at": later})

    assert answer.status_code == 422
    assert "lies in the future" in said(answer)
    assert "T-9" in answer.content.decode()


def test_an_answer_to_somebody_hands_nothing_over(lead: Client, run: Run) -> None:
    send(lead, run, "send-packet", {"ticket": "T-1"})
    send(lead, run, "send-packet", {"ticket": "mail of 10:00"}, to=REPLY)

    state = load_state(Run.objects.get(pk=run.pk).state)
    assert (state.escalated_to, state.ticket) == (SUPPORT, "T-1")
    assert events(run)[-2:] == ["escalation.sent", "note.added"]


def test_an_archived_tracker_takes_nothing(lead: Client, run: Run) -> None:
    tree = shown(lead, run, TRACKER)
    target = address(run, TRACKER, name="send-packet")

    assert "archived" in " ".join(tree.text.split())
    assert target not in {form.attributes.get("action") for form in tree.all("form")}
    form = filled(shown(lead, run), address(run, name="send-packet"), {"ticket": "T-1"})
    answer = lead.post(target, form)
    assert answer.status_code == 409
    assert "Closed: the repository is archived" in said(answer)
    assert Run.objects.get(pk=run.pk).version == run.version


@pytest.mark.parametrize(
    "name", ["run-packet", "record-packet-facts", "decide-cuts", "packet-file", "send-packet"]
)
def test_an_unknown_recipient_is_not_found(lead: Client, run: Run, name: str) -> None:
    target = address(run, "moon", name=name)
    answer = lead.get(target) if name == "run-packet" else lead.post(target, {"file": "md"})

    assert answer.status_code == 404


def test_a_stranger_learns_nothing(sign_in: SignIn, dora: User, run: Run) -> None:
    client = sign_in(dora)

    assert client.get(address(run)).status_code == 404
    assert client.get(reverse("run-packets", args=[run.pk])).status_code == 404
    assert client.post(address(run, name="packet-file"), {"file": "md"}).status_code == 404


def test_an_observer_looks_and_takes_and_does_not_send(
    sign_in: SignIn, ana: User, cleo: User, run: Run, now: datetime
) -> None:
    add_member(run, ana, user=cleo, role=Role.OBSERVER, now=now)
    client = sign_in(cleo)
    tree = shown(client, run)
    actions = {form.attributes.get("action") for form in tree.all("form")}

    assert address(run, name="packet-file") in actions
    assert address(run, name="send-packet") not in actions
    assert address(run, name="record-packet-facts") not in actions
    assert client.post(address(run, name="send-packet"), {}).status_code == 403
    assert client.post(address(run, name="packet-file"), {"file": "md"}).status_code == 200
    erase = reverse("forget-pseudonyms", args=[run.pk])
    assert client.post(erase).status_code == 403


def test_a_form_without_its_token_is_refused(ana: User, run: Run) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)

    for name in ("record-packet-facts", "decide-cuts", "packet-file", "send-packet"):
        assert client.post(address(run, name=name), {"file": "md"}).status_code == 403
    assert Run.objects.get(pk=run.pk).version == run.version


def test_sent_twice_counts_once(lead: Client, run: Run) -> None:
    target = address(run, name="send-packet")
    mine = filled(shown(lead, run), target, {"ticket": "T-1"})
    lead.post(target, mine)
    lead.post(target, mine)

    assert events(run).count("escalation.sent") == 1


def test_a_busy_database_is_told(lead: Client, run: Run) -> None:
    with patch.object(redaction, "handed_out", side_effect=Busy):
        answer = lead.post(address(run, name="packet-file"), {"file": "md"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_marks_can_be_erased_by_a_lead(lead: Client, run: Run) -> None:
    erase = reverse("forget-pseudonyms", args=[run.pk])
    assert erase not in lead.get(reverse("run-packets", args=[run.pk])).content.decode()
    lead.post(address(run, name="packet-file"), {"file": "md", "profile": "public"})
    assert erase in lead.get(reverse("run-packets", args=[run.pk])).content.decode()

    assert lead.post(erase).status_code == 302
    assert not PseudonymMap.objects.exists()


def test_hostile_words_stay_words(ana: User, lead: Client, now: datetime) -> None:
    run = stored_run(ana, now, title=HOSTILE, text=f"{TEXT}{HOSTILE}\u202e")
    runs.add_note(run_id=run.pk, act=Act(actor=ana.actor_id, now=now), text=HOSTILE)
    for to in (SUPPORT, "partner", "internal-lead", TRACKER, REPLY):
        html = lead.get(address(run, to, profile="internal")).content.decode()
        assert "<script>alert" not in html
        assert "<i hx-get" not in html
        assert "\u202e" not in html


def test_words_of_people_stand_where_htmx_is_switched_off(
    ana: User, lead: Client, now: datetime
) -> None:
    ana.display_name = MARK
    ana.save()
    run = stored_run(ana, now, title=MARK, text=f"{TEXT}{MARK}\nhost {HOST}")
    runs.add_note(run_id=run.pk, act=Act(actor=ana.actor_id, now=now), text=MARK)
    send(lead, run, "record-packet-facts", {"answer-works_elsewhere": MARK})
    send(lead, run, "send-packet", {"ticket": MARK})
    pages = [address(run, to) for to in (SUPPORT, "partner", "internal-lead", REPLY)]
    for each in (*pages, reverse("run-packets", args=[run.pk])):
        html = lead.get(each).content.decode()
        assert MARK in html
        assert list(open_places(html)) == []


def test_the_card_of_a_run_that_needs_help_leads_to_its_packets(
    lead: Client, run: Run, ana: User, now: datetime
) -> None:
    assert address(run) not in lead.get(reverse("run", args=[run.pk])).content.decode()
    timeline.record(
        run.pk,
        Action.SEND_ESCALATION,
        act=Act(actor=ana.actor_id, now=now),
        decide=lambda run, state, pack: [ev.EscalationDrafted(rules=("limit-reached",))],
    )
    tree = page(lead.get(reverse("run", args=[run.pk])))
    card = tree.one("section", aria_labelledby="escalation-title")

    assert card.one("a", href=address(run))
    assert "facts missing" in card.text
    offered = {o.attributes["value"] for o in card.one("select", name="recipient").all("option")}
    assert offered == {SUPPORT, "partner", "internal-lead"}


def test_the_number_of_statements_does_not_grow_with_the_run(
    ana: User, lead: Client, run: Run, now: datetime
) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as caught:
            shown(lead, run)
        return len(caught)

    shown(lead, run)
    few = counted()
    for number in range(5):
        act = Act(actor=ana.actor_id, now=now + timedelta(minutes=number))
        runs.add_note(run_id=run.pk, act=act, text=f"note {number}")

    assert counted() == few

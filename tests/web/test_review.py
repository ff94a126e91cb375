"""The reviewer's page: deviations in the open, questions beside their entries, profiles applied."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import Action, LinkScope, Role, RunStage
from runbook.models import Run, ShareLink, User
from runbook.services import runs, sharing, talk
from tests.exports.records import stored_run
from tests.factories import act, add_member, make_run_at
from tests.shares import make_link, open_it, page_of
from tests.web.pages import Node, fields, form_to, page, said
from tests.web.payloads import XSS

SignIn = Callable[[User], Client]
CANARY = "c4na7y"
GUID = "7f1c2e9a-3b5d-4c1e-9a77-d2b1f0e4c933"


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.RETRY_PLANNED, ana, now)


@pytest.fixture
def lead(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def review(client: Client, run: Run, query: str = "") -> Node:
    answer = client.get(reverse("run-review", args=[run.pk]) + query)
    assert answer.status_code == 200
    return page(answer)


def lasted(tree: Node) -> str:
    """How long the run took, as the summary says it."""
    return next(row.all("dd")[0].text for row in tree.all("div") if row.text.startswith("Lasted"))


def is_folded(tree: Node, seq: int) -> bool:
    entry = tree.by_id(f"entry-{seq}")
    return any(node.tag == "details" for node in entry.ancestors() if node is not entry)


def seq_of(run: Run, event_type: str) -> int:
    run.refresh_from_db()
    return next(e.seq for e in reversed(queries.all_entries(run)) if e.type == event_type)


def test_the_ordinary_is_folded_and_deviations_are_not(lead: Client, run: Run) -> None:
    tree = review(lead, run)

    assert not is_folded(tree, seq_of(run, "attempt.failed"))
    assert is_folded(tree, seq_of(run, "check.recorded"))
    assert is_folded(tree, 1)
    assert "ordinary entries" in tree.text
    seqs = [
        n.attributes["id"] for n in tree.walk() if n.attributes.get("id", "").startswith("entry-")
    ]
    assert seqs == [f"entry-{number}" for number in range(1, run.version + 1)]
    first = tree.by_id("summary").text
    assert first == "The last attempt failed"
    assert "Attempt 1" in tree.text


def test_a_correction_and_a_late_entry_are_in_the_open(
    lead: Client, run: Run, ana: User, now: datetime
) -> None:
    late = act(ana, now=now, happened_at=now - timedelta(hours=1))
    runs.add_note(run_id=run.pk, act=late, text="Seen at half past eight.")
    note = seq_of(run, "note.added")
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text="At nine.", corrects=note)

    tree = review(lead, run)

    assert "late entry" in tree.by_id(f"entry-{note}").text
    assert f"corrected by entry {note + 1}" in tree.by_id(f"entry-{note}").text
    assert "correction" in tree.by_id(f"entry-{note + 1}").text


def test_a_run_without_deviations_says_so(lead: Client, ana: User, now: datetime) -> None:
    tree = review(lead, make_run_at(RunStage.PREPARING, ana, now))

    assert "Nothing was skipped, overridden, retried" in " ".join(tree.text.split())


def test_what_people_typed_stays_text(lead: Client, run: Run, ana: User, now: datetime) -> None:
    for payload in XSS[::15]:
        runs.add_note(run_id=run.pk, act=act(ana, now=now), text=payload, corrects=1)
    tree = review(lead, run)

    article = tree.one("article")
    assert not [node for node in article.walk() if node.tag == "script"]
    assert "hx-disable" in article.attributes


def test_queries_do_not_grow_with_the_run(lead: Client, run: Run, ana: User, now: datetime) -> None:
    def queried() -> int:
        with CaptureQueriesContext(connection) as captured:
            review(lead, run)
        return len(captured)

    queried()
    few = queried()
    for number in range(5):
        runs.add_note(run_id=run.pk, act=act(ana, now=now), text=f"note {number}", corrects=1)

    assert queried() == few


def test_a_stranger_learns_nothing(sign_in: SignIn, dora: User, run: Run) -> None:
    for name in ("run-review", "run-at"):
        assert sign_in(dora).get(reverse(name, args=[run.pk])).status_code == 404


# --- questions ------------------------------------------------------------------------------------


def test_a_member_who_may_ask_finds_a_form_at_each_deviation(
    sign_in: SignIn, run: Run, ana: User, ben: User, cleo: User, now: datetime
) -> None:
    add_member(run, ana, user=cleo, role=Role.REVIEWER, now=now)
    add_member(run, ana, user=ben, role=Role.OBSERVER, now=now)
    ask = reverse("ask-question", args=[run.pk])
    failed = seq_of(run, "attempt.failed")

    tree = review(sign_in(cleo), run)
    form = form_to(tree.by_id(f"entry-{failed}"), ask)
    assert fields(form)["about"] == str(failed)
    answer = sign_in(cleo).post(ask, {**fields(form), "text": "Which flow?"})
    assert answer.status_code == 302
    assert ask not in [f.attributes.get("action") for f in review(sign_in(ben), run).all("form")]

    tree = review(sign_in(cleo), run)
    assert "Which flow?" in tree.by_id(f"entry-{failed}").text
    assert "No answer yet." in tree.by_id(f"entry-{failed}").text
    talk.answer_question(run_id=run.pk, act=act(ana, now=now), number=1, text="The nightly one.")
    assert "The nightly one." in review(sign_in(cleo), run).by_id(f"entry-{failed}").text


def test_an_ordinary_entry_can_be_asked_about_as_well(lead: Client, run: Run) -> None:
    assert is_folded(review(lead, run), 3)

    tree = review(lead, run, "?ask=3")

    assert not is_folded(tree, 3)
    details = [n for n in tree.by_id("entry-3").all("details") if "open" in n.attributes]
    assert len(details) == 1
    for query in ("?ask=0", "?ask=999999", "?ask=x", "?ask=" + "9" * 30, "?ask=²"):
        assert is_folded(review(lead, run, query), 3)


def test_a_link_made_long_after_the_end_makes_the_run_no_longer(
    lead: Client, ana: User, now: datetime, standing: time_machine.Traveller
) -> None:
    run = make_run_at(RunStage.CLOSED, ana, now)
    before = lasted(review(lead, run))
    standing.move_to(now + timedelta(hours=1))
    make_link(run, ana, now + timedelta(hours=1))

    assert before
    assert lasted(review(lead, run)) == before


def test_nobody_asks_when_the_run_has_ended(lead: Client, ana: User, now: datetime) -> None:
    tree = review(lead, make_run_at(RunStage.CLOSED, ana, now))

    assert not [n for n in tree.all("details") if "ask" in n.attributes.get("class", "")]


def test_a_reader_by_link_asks_and_reads_the_answer(run: Run, ana: User, now: datetime) -> None:
    link, token = make_link(run, ana, now, scope=LinkScope.COMMENT)
    reader = open_it(token)
    failed = seq_of(run, "attempt.failed")
    ask = page_of(link, "ask-shared-question")
    form = form_to(page(reader.get(page_of(link))).by_id(f"entry-{failed}"), ask)

    empty = reader.post(ask, {**fields(form), "text": " "})
    sent = reader.post(ask, {**fields(form), "text": "Which flow?"})
    again = reader.post(ask, {**fields(form), "text": "Which flow?"})
    other = reader.post(ask, {**fields(form), "text": "Another one?"})
    wrong = reader.post(ask, {"about": "9999", "submission_key": str(run.pk), "text": "Who?"})
    none = reader.post(ask, {"about": "x", "text": "Who?"})

    codes = [answer.status_code for answer in (empty, sent, again, other, wrong, none)]
    assert codes == [422, 303, 303, 422, 409, 422]
    assert sent["Location"] == f"{page_of(link)}#entry-{failed}"
    assert "Another one?" in other.content.decode()
    talk.answer_question(run_id=run.pk, act=act(ana, now=now), number=1, text="The nightly one.")
    entry = page(reader.get(page_of(link))).by_id(f"entry-{failed}").text
    assert "Which flow?" in entry
    assert "The nightly one." in entry
    assert "Reader by link" in entry
    run.refresh_from_db()
    assert len([e for e in queries.all_entries(run) if e.type == "question.asked"]) == 1


def test_a_question_typed_under_a_dead_link_is_given_back(
    run: Run, ana: User, now: datetime
) -> None:
    link, token = make_link(run, ana, now, scope=LinkScope.COMMENT)
    reader = open_it(token)
    sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=link.handle)

    answer = reader.post(page_of(link, "ask-shared-question"), {"about": "1", "text": CANARY})

    assert answer.status_code == 404
    assert CANARY in answer.content.decode()


# --- profiles -------------------------------------------------------------------------------------


@pytest.fixture
def telling(ana: User, ben: User, now: datetime) -> Run:
    """A run in which the environment, people, an address and a tenant are named everywhere."""
    run = stored_run(ana, now, title="Contoso")
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    words = (
        f"Benedikta Schmidt-Vogel told Ben: tenant id {GUID}, "
        "mail it-admin@contoso.example, see https://contoso.crm4.dynamics.com/main.aspx"
    )
    User.objects.filter(pk=ben.pk).update(display_name="Benedikta Schmidt-Vogel")
    runs.add_note(run_id=run.pk, act=act(ben, now=now), text=words, corrects=1)
    make_link(run, ana, now, label="Northwind Traders")
    run.refresh_from_db()
    return run


NAMED = ("Schmidt-Vogel", GUID, "it-admin@contoso", "contoso.crm4", "Northwind")


@pytest.mark.parametrize(
    ("profile", "hidden"),
    [
        ("public", NAMED),
        ("partner", (GUID, "it-admin@contoso", "Northwind")),
        ("microsoft-support", ("it-admin@contoso", "Northwind")),
        ("internal", ()),
    ],
)
def test_each_profile_hides_its_own(
    telling: Run, ana: User, now: datetime, profile: str, hidden: tuple[str, ...]
) -> None:
    link, token = make_link(telling, ana, now, scope=LinkScope.READ_FILES, profile=profile)
    reader = open_it(token)

    seen = [
        reader.get(page_of(link, name)).content.decode() for name in ("shared-run", "shared-at")
    ]

    for text in seen:
        assert [name for name in hidden if name in text] == []
    shown = [name for name in NAMED if name not in hidden]
    assert [name for name in shown if name not in seen[0]] == []


def test_in_public_people_are_their_roles(telling: Run, ana: User, now: datetime) -> None:
    link, token = make_link(telling, ana, now)
    text = said(open_it(token).get(page_of(link)))

    assert "Ana" not in text
    assert "· Lead · entry" in text
    assert "Operator told Ben" in text or "Operator told" in text
    assert "‹person" not in text.split("told")[0]


def test_an_unknown_profile_shows_no_typed_word(telling: Run, ana: User, now: datetime) -> None:
    link, token = make_link(telling, ana, now, scope=LinkScope.READ_FILES)
    ShareLink.objects.filter(pk=link.pk).update(profile="of tomorrow")
    reader = open_it(token)

    answers = [reader.get(page_of(link, name)) for name in ("shared-run", "shared-at")]

    for answer in answers:
        assert answer.status_code == 200
        text = answer.content.decode()
        assert [n for n in (*NAMED, "Contoso", "BadGateway", "Ana") if n in text] == []
    digest = queries.run_for(ana, telling.pk, action=Action.VIEW).state.attempts[0]
    assert digest.error_digest
    file = reader.get(page_of(link, "shared-evidence", digest.error_digest))
    assert file.status_code == 404


def test_read_shows_no_error_text_and_files_do(telling: Run, ana: User, now: datetime) -> None:
    end_of_text = "0f8fad5b-d9cb-469f-a165-70867728950e"
    texts = {}
    for scope in (LinkScope.READ, LinkScope.COMMENT, LinkScope.READ_FILES):
        link, token = make_link(telling, ana, now, scope=scope, profile="internal")
        texts[scope] = page(open_it(token).get(page_of(link)))

    for scope, tree in texts.items():
        shown = [node for node in tree.all("pre") if end_of_text in node.text]
        assert bool(shown) is (scope is LinkScope.READ_FILES), scope
        assert ("/evidence/" in str([a.attributes for a in tree.all("a")])) is bool(shown)

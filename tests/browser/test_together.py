"""Two people in two browsers on one run: claims, a rival, a shift that ends, a question answered."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from runbook import queries
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, User
from tests import factories
from tests.browser.people import Person
from tests.readers import cookie_of

Sit = Callable[[User], Person]
STEP = "steps/tidy/"


@pytest.fixture
def run(server: str, ana: User, ben: User, cleo: User) -> Run:
    now = datetime.now(UTC)
    made = factories.make_run_at(RunStage.PREPARING, ana, now)
    factories.add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    factories.add_member(made, ana, user=cleo, role=Role.REVIEWER, now=now)
    return made


@pytest.fixture
def sit(server: str, browser: Browser) -> Iterator[Sit]:
    """Puts somebody in front of a browser of their own."""
    contexts: list[BrowserContext] = []

    def down(user: User) -> Person:
        context = browser.new_context(reduced_motion="reduce")
        context.set_default_timeout(20_000)
        name, value = cookie_of(user).split("=")
        context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
        contexts.append(context)
        return Person(context.new_page(), server)

    yield down
    for context in contexts:
        context.close()


def test_a_claim_is_seen_by_the_other_and_taken_over(
    sit: Sit, run: Run, ana: User, ben: User
) -> None:
    me, other = sit(ana), sit(ben)
    for person in (me, other):
        person.open(f"/runs/{run.pk}/{STEP}")

    me.press("Claim: I do this now")
    expect(me.page.get_by_text("You hold this step").first).to_be_visible()
    # Nobody reloads: the other browser hears of it.
    expect(other.page.locator(".claim")).to_contain_text("Ana")

    other.unfold("Take over")
    other.field("Why you take it over").fill("Ana is asleep.")
    other.press("Record: I take this step over")
    expect(other.page.locator(".claim")).to_contain_text("You hold this step")
    expect(me.page.locator(".claim")).to_contain_text("Ben")
    run.refresh_from_db()
    queries.verify_run(run)


def test_of_two_who_settle_a_step_one_wins_and_the_other_keeps_the_words(
    sit: Sit, run: Run, ana: User, ben: User
) -> None:
    """SM-05: the second one's page names the change and holds the text."""
    me, rival = sit(ana), sit(ben)
    for person in (me, rival):
        person.open(f"/runs/{run.pk}/{STEP}")
    rival.unfold("Skip this step with a reason")
    rival.field("Why it is skipped").fill("My very own words.")

    me.unfold("Skip this step with a reason")
    me.field("Why it is skipped").fill("It is tidy.")
    me.press("Record: step skipped")
    me.is_told("Recorded: step skipped.")

    rival.press("Record: step skipped")
    rival.sees("Somebody recorded something on this run since you opened the page.")
    expect(rival.page.get_by_text("My very own words.").first).to_be_visible()
    run.refresh_from_db()
    queries.verify_run(run)


def test_a_shift_ends_and_both_names_stand_on_the_record(
    sit: Sit, run: Run, ana: User, ben: User
) -> None:
    me, successor = sit(ana), sit(ben)
    me.open(f"/runs/{run.pk}/people/")
    me.field("Hand over to").select_option(label="Ben")
    me.field("Open doubts").fill("The fuse looks old.")
    me.press("Record: offer the handover")
    me.sees("Waiting for Ben")

    successor.open("/")
    successor.follow("Accept or decline the handover")
    successor.sees("The fuse looks old.")
    successor.press("Record: I take the run over")
    successor.open(f"/runs/{run.pk}/")
    successor.sees("Handover accepted from Ana")


def test_a_reviewer_asks_and_an_operator_answers(sit: Sit, run: Run, ben: User, cleo: User) -> None:
    operator, reviewer = sit(ben), sit(cleo)
    operator.open(f"/runs/{run.pk}/")
    reviewer.open(f"/runs/{run.pk}/questions/?about=1")
    reviewer.field("Your question").fill("Who decided that?")
    reviewer.press("Record: the question")

    expect(operator.page.get_by_text("Who decided that?").first).to_be_visible()
    operator.open(f"/runs/{run.pk}/")
    operator.field("Answer").fill("The board did.")
    operator.press("Record: the answer")
    operator.is_told("Recorded: the answer.")

    reviewer.open(f"/runs/{run.pk}/review/")
    reviewer.sees("The board did.")

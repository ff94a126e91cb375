"""Two people on one run: each sees the other's steps, and nobody's typing is touched."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from runbook.services import people
from tests import factories
from tests.browser.people import COMPLETE, Person
from tests.domain.history import WAYS
from tests.domain.wishes import wish
from tests.readers import cookie_of

SignIn = Callable[[User], Page]
#: What the project promises: within two seconds.
SOON = 2_000


@pytest.fixture
def run(server: str, ana: User, ben: User) -> Run:
    """Ana leads, Ben is an operator; the first three steps are done and "Get ready" is next."""
    now = datetime.now(UTC)
    made = factories.make_run(ana, now)
    factories.add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    for asked in WAYS[RunStage.PREPARING][:3]:
        factories.carry_out(made, asked, factories.act(ana, made, now=now))
    return made


@pytest.fixture
def ana_sits(server: str, run: Run, ana: User, signed_in_page: SignIn) -> Person:
    me = Person(signed_in_page(ana), server)
    me.page.expected_errors += ["ERR_", "Failed to load resource"]  # type: ignore[attr-defined]
    me.open(f"/runs/{run.pk}/")
    is_live(me)
    return me


@pytest.fixture
def ben_sits(server: str, run: Run, ben: User, browser: Browser) -> Iterator[Person]:
    """A second browser, on another machine as it were."""
    context: BrowserContext = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(20_000)
    name, value = cookie_of(ben).split("=")
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
    me = Person(context.new_page(), server)
    me.open(f"/runs/{run.pk}/")
    is_live(me)
    yield me
    context.close()


def is_live(me: Person) -> None:
    expect(me.page.locator("#presence")).to_have_attribute("data-state", "live")


def pass_the_checklist(me: Person) -> None:
    for check in ("A spare lamp is there.", "The night is clear.", "The keeper slept well."):
        me.page.get_by_role("group", name=check).get_by_text("Pass", exact=True).click()
    me.field("A picture of the lamp").fill("It hangs in the hall.")
    me.press(COMPLETE)
    me.stands_at("Tidy the room")


def sees_entry(me: Person, text: str, *, within: int = SOON) -> None:
    entry = me.page.locator("#newest li").filter(has_text=text).first
    expect(entry).to_be_visible(timeout=within)


def write_note(run: Run, user: User, text: str) -> None:
    asked = wish(Action.ADD_NOTE, text=text)
    factories.carry_out(run.pk, asked, factories.act(user, now=datetime.now(UTC)))


def test_both_see_each_others_steps_and_each_other(ana_sits: Person, ben_sits: Person) -> None:
    here = ana_sits.page.locator("[data-people]")
    expect(here).to_contain_text("Ben is here too", timeout=SOON)
    expect(ben_sits.page.locator("[data-people]")).to_contain_text("Ana is here too")

    pass_the_checklist(ana_sits)

    sees_entry(ben_sits, "Step done: Get ready")
    ben_sits.stands_at("Tidy the room")
    step = ben_sits.page.locator("#rail li").filter(has_text="Get ready")
    expect(step).to_have_attribute("data-state", "done")
    said = ben_sits.page.locator("#live")
    expect(said).to_contain_text("Ana: Step done: Get ready.", timeout=SOON)
    expect(said).not_to_have_attribute("data-show", re.compile(".*"))

    ben_sits.note("Ben saw it.")
    sees_entry(ana_sits, "Ben saw it.")
    assert ana_sits.page.locator("#newest li.fresh").count() == 1
    ben_sits.page.close()
    expect(here).to_have_text("", timeout=SOON)


def test_typing_survives_and_the_rest_of_the_page_goes_on(
    ana_sits: Person, ben_sits: Person, run: Run, ben: User
) -> None:
    field = ana_sits.field("A picture of the lamp")
    note = ana_sits.page.get_by_role("textbox", name="Note", exact=True)
    note.fill("Half a no")
    field.click()
    field.press_sequentially("It ha")

    ben_sits.note("Do not press anything yet.")
    sees_entry(ana_sits, "Do not press anything yet.")
    bar = ana_sits.page.locator("#news")
    expect(bar).to_contain_text("Ben recorded something on this run: Note")
    field.press_sequentially("ngs in the hall.")

    expect(field).to_have_value("It hangs in the hall.")
    expect(field).to_be_focused()
    expect(note).to_have_value("Half a no")
    bar.get_by_role("button", name="Show the current state").click()
    expect(bar).to_be_hidden()
    expect(note).to_have_value("Half a no")
    # The form is the current one and holds what was typed into the one before.
    expect(field).to_have_value("It hangs in the hall.")
    pass_the_checklist(ana_sits)


def test_typed_text_whose_place_is_gone_is_shown_as_not_recorded(
    ana_sits: Person, ben_sits: Person, run: Run, ben: User
) -> None:
    ana_sits.field("A picture of the lamp").fill("It hangs in the hall.")
    pass_the_checklist(ben_sits)
    ana_sits.press("Show the current state")

    ana_sits.stands_at("Tidy the room")
    left = ana_sits.page.locator(".leftover")
    expect(left).to_contain_text("It is not recorded: It hangs in the hall.", use_inner_text=True)
    write_note(run, ben, "And another one.")
    sees_entry(ana_sits, "And another one.")
    expect(left).to_be_visible()


def test_a_clean_panel_carries_the_current_version(
    ana_sits: Person, ben_sits: Person, run: Run
) -> None:
    version = ana_sits.page.locator("#step-panel [name=expected_version]").first
    before = version.get_attribute("value")

    ben_sits.note("Something new.")

    expect(version).not_to_have_value(str(before), timeout=SOON)
    pass_the_checklist(ana_sits)


def test_what_was_refused_is_not_swept_away(
    ana_sits: Person, ben_sits: Person, run: Run, ben: User
) -> None:
    ana_sits.page.expected_errors.append("409")  # type: ignore[attr-defined]
    field = ana_sits.field("A picture of the lamp")
    field.fill("It hangs in the hall.")
    pass_the_checklist(ben_sits)
    sees_entry(ana_sits, "Step done: Get ready")

    ana_sits.press("Record only")

    ana_sits.sees("Nothing was recorded yet", "It hangs in the hall.")
    write_note(run, ben, "And another one.")
    sees_entry(ana_sits, "And another one.")
    ana_sits.sees("Nothing was recorded yet", "It hangs in the hall.")
    expect(ana_sits.page.locator("#news")).to_be_visible()


def test_folds_focus_and_a_typed_reason_stay_in_the_list_of_steps(
    ana_sits: Person, run: Run, ben: User
) -> None:
    link = ana_sits.page.locator("#rail a").nth(2)
    link.focus()
    write_note(run, ben, "First.")
    sees_entry(ana_sits, "First.")
    expect(ana_sits.page.locator("#rail a").nth(2)).to_be_focused()

    ana_sits.unfold("The whole run")
    reason = ana_sits.page.locator("#run-reason")
    reason.fill("The ship")
    write_note(run, ben, "Second.")
    sees_entry(ana_sits, "Second.")
    expect(reason).to_be_visible()
    expect(reason).to_have_value("The ship")
    expect(reason).to_be_focused()


def test_a_lost_connection_shows_and_catches_up(ana_sits: Person, run: Run, ben: User) -> None:
    context, bar = ana_sits.page.context, ana_sits.page.locator("#presence")

    context.set_offline(True)
    expect(bar).to_contain_text("Connection lost, trying again…")
    write_note(run, ben, "Written in the dark.")
    context.set_offline(False)

    expect(bar).to_have_attribute("data-state", "live")
    sees_entry(ana_sits, "Written in the dark.")
    expect(bar).to_contain_text("Live")
    expect(bar.get_by_role("link", name="Refresh")).to_be_hidden()


def test_without_a_stream_the_page_looks_by_itself_and_offers_to_refresh(
    ana_sits: Person, run: Run, ben: User
) -> None:
    page = ana_sits.page
    page.clock.install()
    page.route("**/live/**", lambda route: route.abort())
    page.reload()
    bar = page.locator("#presence")
    for _ in range(12):
        page.clock.run_for(10_000)
    expect(bar).to_contain_text("Not live")
    write_note(run, ben, "Seen by looking.")
    page.clock.run_for(16_000)
    sees_entry(ana_sits, "Seen by looking.", within=5_000)

    bar.get_by_role("link", name="Refresh").click()
    ana_sits.stands_at("Get ready")


def test_a_hidden_page_listens_to_nothing_and_catches_up(
    ana_sits: Person, ben_sits: Person, run: Run, ben: User
) -> None:
    here = ben_sits.page.locator("[data-people]")
    expect(here).to_contain_text("Ana is here too", timeout=SOON)

    hide(ana_sits.page, True)
    expect(here).to_have_text("", timeout=SOON)
    write_note(run, ben, "Behind her back.")
    sees_entry(ben_sits, "Behind her back.")
    expect(ana_sits.page.get_by_text("Behind her back.")).to_have_count(0)
    hide(ana_sits.page, False)

    sees_entry(ana_sits, "Behind her back.")
    expect(here).to_contain_text("Ana is here too", timeout=SOON)


def hide(page: Page, hidden: bool) -> None:
    """A headless tab is never hidden, so the page is told that it is."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_who_is_removed_or_signed_out_is_told_and_hears_no_more(
    ben_sits: Person, run: Run, ana: User, ben: User
) -> None:
    people.remove_member(
        run_id=run.pk,
        act=factories.act(ana, run, now=datetime.now(UTC)),
        member=ben.actor_id,
    )

    bar = ben_sits.page.locator("#presence")
    expect(bar).to_have_attribute("data-state", "out")
    expect(bar).to_contain_text("Not live.")
    expect(ben_sits.page.get_by_text("Member removed")).to_have_count(0)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_there_is_a_link(
    server: str, run: Run, ana: User, ben: User, signed_in_page: SignIn
) -> None:
    me = Person(signed_in_page(ana), server)
    me.open(f"/runs/{run.pk}/")
    write_note(run, ben, "Plainly.")

    me.follow("Refresh")

    sees_entry(me, "Plainly.")
    me.does_not_see("Connecting…")

"""What people hand in when an import failed: a pane in their language, a log, two errors, nonsense."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from runbook import library, queries
from runbook.domain.decisions.readings import Look
from runbook.domain.readiness import YesNo
from runbook.domain.vocabulary import Action
from runbook.models import Run, User
from runbook.services.runs import Report
from tests import factories
from tests.browser.people import BAD_GATEWAY, CORE, NEW, OLD, Person
from tests.domain.diagnosis.surfaces.builders import log_row, spreadsheet
from tests.domain.wishes import UPGRADE, answering, wish

SignIn = Callable[[User], Page]
KIT = "coe_starter_kit"
GATEWAY = "A platform service did not answer"
STILL_USED = "Something still uses a part that the new version drops"
NO_FAILURE = "Not an import or upgrade failure"

FRENCH_PANE = f"""Code d’erreur : -2146864266
Message d’exception : {BAD_GATEWAY}
ID d’activité : 41263d72-4dea-ee11-
9048-000d3a341e15"""
ACTIVITY = "41263d72-4dea-ee11-9048-000d3a341e15"
DEPENDENCIES = "Solution dependencies exist, cannot uninstall."


@pytest.fixture
def me(server: str, signed_in_page: SignIn, ana: User) -> Person:
    """Ana, in front of an upgrade of the kit whose import she has just started."""
    run = importing(ana, datetime.now(UTC))
    person = Person(signed_in_page(ana), server)
    person.open(f"/runs/{run.pk}/")
    person.sees("Attempt 1 is open")
    return person


def importing(user: User, now: datetime) -> Run:
    """Taken over before its first attempt, found as it was, checked, and started."""
    facts = {"solution": CORE, "source_version": OLD, "target_version": NEW}
    report = Report(account="Prepared on paper; nothing was imported yet.")
    run = factories.make_run(user, now, pack=KIT, answers=facts, report=report)
    look = Look(base_version=OLD, holding_listed=YesNo.NO, running=YesNo.NO)
    checks = (check.slug for check in library.packs()[KIT].readiness.before_retry)
    for asked in (
        wish(Action.READ_STATE, step="import", look=look),
        answering("import", *checks),
        wish(Action.START_ATTEMPT, plan=UPGRADE),
    ):
        factories.carry_out(run, asked, factories.act(user, run, now=now))
    return run


def hand_in(me: Person, name: str, content: bytes) -> None:
    """Puts a file beside the text, as if it had been picked from the disk."""
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    me.field("Or hand in a file").set_input_files(file)


def titles(me: Person) -> Locator:
    """The headings of the families that the page suggests, in their order."""
    return me.page.locator("section.diagnosis").get_by_role("heading", level=2)


def is_locked(me: Person) -> None:
    """No further attempt can be started before somebody looked at what is installed."""
    me.stands_at("Read the installed state before anything else")
    me.sees("A retry is locked until this is answered")
    expect(me.button(re.compile(r"^Record: attempt \d+ started"))).to_have_count(0)


def test_a_history_pane_in_french_is_read_like_an_english_one(me: Person) -> None:
    me.record_outcome("It failed", text=FRENCH_PANE)

    is_locked(me)
    card = me.card(GATEWAY)
    expect(card).to_contain_text("Certain")
    found = card.get_by_role("definition")
    expect(found.filter(has_text="80097376")).to_be_visible()
    expect(found.filter(has_text=ACTIVITY)).to_be_visible()
    queries.verify_run(Run.objects.get())


def test_a_log_shows_its_failing_rows_and_the_first_one_is_the_cause(me: Person) -> None:
    log = spreadsheet(
        [
            log_row("Processed", name="HELPER - Get Settings"),
            log_row("Failure", "0x80097376", BAD_GATEWAY, name="HELPER - Add User"),
            log_row("Failure", "0x80048033", DEPENDENCIES, name="CLEANUP - Old Flow"),
            log_row("Unprocessed", name="SYNC - Never Reached"),
        ]
    )

    hand_in(me, "import log.xml", log.encode())
    me.record_outcome("It failed")

    is_locked(me)
    expect(titles(me).first).to_have_text(GATEWAY)
    rows = me.page.get_by_role("table", name="Rows of the log that failed").locator("tbody tr")
    expect(rows.filter(visible=True)).to_have_count(2)
    expect(rows).to_contain_text(["HELPER - Add User", "CLEANUP - Old Flow"])
    me.does_not_see("SYNC - Never Reached")
    queries.verify_run(Run.objects.get())


def test_of_two_errors_in_one_paste_a_person_chooses(me: Person) -> None:
    me.record_outcome("It failed", text=f"{BAD_GATEWAY}\n\nThen I tried again:\n\n{DEPENDENCIES}")
    expect(titles(me)).to_have_text([STILL_USED, GATEWAY])

    me.unfold("It is something else")
    me.field("Family").select_option(label=GATEWAY)
    me.field("Why").fill("The second one came from an older try.")
    me.press("Record: this family")

    me.is_told("Recorded: the diagnosis.")
    timeline = me.page.get_by_role("complementary", name="Timeline")
    expect(timeline).to_contain_text(f"Attempt 1 settled as: {GATEWAY}")
    expect(timeline).to_contain_text("The second one came from an older try.")
    is_locked(me)
    queries.verify_run(Run.objects.get())


def test_what_is_no_error_is_said_to_be_none_and_still_locks(me: Person) -> None:
    me.page.expected_errors.append("422")  # type: ignore[attr-defined]
    words = "What is for lunch?"

    me.choose("How did it end?", "It failed")
    me.field("The whole error text").fill(words)
    hand_in(me, "import.log", b"\x7fELF\x02\x01\x01\x00" * 64)
    me.press("Record: how attempt 1 ended")
    me.sees("This is a program. Hand in the log or the text of the error.")
    expect(me.field("The whole error text")).to_have_value(words)
    me.sees("Attempt 1 is open")

    me.press("Record: how attempt 1 ended")
    me.is_told("Recorded: how the attempt ended.")
    expect(titles(me)).to_have_text([NO_FAILURE])
    me.sees("This text does not describe a failed import, upgrade or uninstall of a solution.")
    is_locked(me)
    queries.verify_run(Run.objects.get())

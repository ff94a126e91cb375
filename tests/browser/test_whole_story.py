"""The whole story: Core from 4.50.2 to 4.50.6, with a failure, a stale tab and a lost outcome."""

import json
import re
from datetime import timedelta
from io import StringIO

import time_machine
from django.core.management import call_command
from playwright.sync_api import Page, expect

from runbook import queries
from runbook.models import Run
from runbook.services import accounts
from tests.browser.people import (
    AFTER_IMPORT,
    BAD_GATEWAY,
    BEFORE_IMPORT,
    BEFORE_STATE,
    NEW,
    OLD,
    Person,
    make_the_first_account,
)
from tests.conftest import PASSWORD

COUNTING = re.compile(r"^(\d+:)?\d\d:\d\d$")
GATEWAY = "A platform service did not answer"
WORKFLOW = "1edb4715-b85b-ed11-9561-0022480819d7"


def test_an_upgrade_from_the_first_visit_to_the_handed_over_record(
    clock: time_machine.Traveller, server: str, page: Page
) -> None:
    page.expected_errors.append("409")  # type: ignore[attr-defined]
    ana = Person(page, server)

    arrive_and_prepare(ana)
    second = fail_with_a_second_tab_open(ana)
    read_and_wait(ana)
    a_stale_tab_loses_nothing(second)
    wait_for_the_clock(ana, clock)
    lose_the_outcome(ana)
    cut_the_second_wait_short(ana)
    succeed_and_verify(ana)
    wait_for_the_night_and_close(ana, clock)
    hand_over_the_record(ana)

    run = Run.objects.get()
    count, _ = queries.verify_run(run)
    said = StringIO()
    call_command("verify_timeline", str(run.pk), stdout=said)
    assert f"{count} events, unbroken" in said.getvalue()


def arrive_and_prepare(ana: Person) -> None:
    code = accounts.new_set_up_code()
    ana.open("/")
    make_the_first_account(ana.page, code=code, password=PASSWORD)
    ana.sees("No upgrade is going on.", "What a run looks like")

    ana.start_upgrade()
    ana.sees(f"{OLD} to {NEW}")
    ana.work_through(*BEFORE_STATE)
    ana.stands_at("What is installed now")
    ana.read_state(base=OLD)
    ana.sees("Only the old version is there")
    ana.complete("What is installed now")
    ana.work_through(*BEFORE_IMPORT)
    ana.stands_at("Import the solution")


def fail_with_a_second_tab_open(ana: Person) -> Person:
    ana.start_attempt(1)
    ana.sees("Attempt 1 is open")
    second = ana.opens_a_second_tab()
    second.choose("How did it end?", "It failed")
    second.field("The whole error text").fill("I only saw a red bar and closed it.")

    ana.record_outcome("It failed", text=BAD_GATEWAY)
    ana.stands_at("Read the installed state before anything else")
    card = ana.card(GATEWAY)
    expect(card).to_contain_text("Certain")
    expect(card.get_by_label("The error text")).to_contain_text('status code "BadGateway"')
    expect(card.locator("mark").filter(has_text="BadGateway").first).to_be_visible()
    expect(card).to_contain_text("HELPER - Add User to Security Role")
    card.get_by_role("button", name="Copy component id").click()
    ana.is_told("Copied.")
    ana.sees("Do not delete the base solution: its tables and their rows go with it.")
    expect(ana.button("Record: attempt 2 started")).to_have_count(0)
    return second


def read_and_wait(ana: Person) -> None:
    ana.read_state(base=OLD)
    ana.stands_at(re.compile("^Wait until 24 Nov 02:2., then try the same file again$"))
    waiting(ana, 2)
    ana.page.reload()
    waiting(ana, 2)
    ana.sees("Read by ana", "At least 10 minutes")


def waiting(ana: Person, number: int) -> None:
    """A clock counts down, and the next attempt cannot be started."""
    expect(ana.page.get_by_role("timer")).to_have_text(COUNTING)
    expect(ana.button(f"Record: attempt {number} started")).to_be_disabled()


def a_stale_tab_loses_nothing(second: Person) -> None:
    second.press("Record: how attempt")
    second.sees(
        "Nothing was recorded yet",
        "Attempt 1 failed",
        "Installed state read: Only the old version is there",
        "I only saw a red bar and closed it.",
    )
    second.press("Save mine as a note")
    second.is_told("Recorded: note.")
    second.sees("I only saw a red bar and closed it.")
    second.page.close()


def wait_for_the_clock(ana: Person, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=11))
    ana.follow("Look again")
    ana.stands_at("Attempt 2 may start when these are answered")
    expect(ana.page.get_by_role("timer")).to_have_count(0)
    expect(ana.button("Record: attempt 2 started")).to_be_disabled()
    ana.answer_before_retry()


def lose_the_outcome(ana: Person) -> None:
    ana.start_attempt(2)
    ana.record_outcome("I do not know", seen="The connection broke and the page came back empty.")
    ana.stands_at("Read the installed state before anything else")
    ana.sees("A retry is locked until this is answered")
    expect(ana.button(re.compile(r"^Record: attempt \d started"))).to_have_count(0)
    ana.page.reload()
    ana.stands_at("Read the installed state before anything else")
    ana.read_state(base=OLD)
    waiting(ana, 3)


def cut_the_second_wait_short(ana: Person) -> None:
    ana.override_wait("The window ends at six, and history shows that nothing runs.")
    ana.sees("The wait was cut short with a reason on record.")
    expect(ana.page.get_by_role("timer")).to_have_count(0)
    ana.answer_before_retry()
    ana.start_attempt(3)


def succeed_and_verify(ana: Person) -> None:
    ana.record_outcome("It succeeded")
    ana.stands_at("The new version is installed")
    ana.sees("Attempt 3 succeeded")
    ana.follow("Go on: Verify now")
    ana.work_through(*AFTER_IMPORT)


def wait_for_the_night_and_close(ana: Person, clock: time_machine.Traveller) -> None:
    ana.stands_at("Wait for the next nightly sync")
    ana.press("Record: start waiting")
    expect(ana.page.get_by_role("timer")).to_have_text(COUNTING)
    expect(ana.button("Record: the wait is over")).to_be_disabled()
    clock.shift(timedelta(hours=30))
    ana.page.reload()
    come_back_next_day(ana)
    ana.press("Record: the wait is over")
    ana.work_through("Verify after the nightly sync", "Tell those who wait")

    ana.stands_at("Close the run")
    ana.sees("Still open:")
    ana.answer_everything("Record only")
    ana.press("Record only")
    ana.sees("Every criterion is met.")
    ana.press("Record: close the run")
    ana.stands_at("This run is finished")
    ana.sees("The record is frozen.")


def come_back_next_day(ana: Person) -> None:
    """The sign-in of yesterday is over; after the new one she is where she was."""
    ana.page.get_by_label("Login").fill("ana")
    ana.page.locator("#id_password").fill(PASSWORD)
    ana.button("Sign in").first.click()


def hand_over_the_record(ana: Person) -> None:
    markdown = ana.exports("Markdown, for a ticket")
    assert "HELPER - Add User to Security Role" in markdown
    assert "The window ends at six" in markdown
    record = json.loads(ana.exports("JSON, complete and verifiable"))
    assert str(Run.objects.get().pk) in json.dumps(record)

    ana.follow("Read the report")
    expect(ana.page.get_by_role("heading", level=1, name="CoE production")).to_be_visible()
    ana.sees("Attempts", "Proof", "I only saw a red bar and closed it.")
    ana.open("/")
    ana.sees("Finished", "No upgrade is going on.")
    ana.follow("CoE production")
    ana.stands_at("This run is finished")

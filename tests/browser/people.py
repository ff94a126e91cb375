"""A person at the screen, in the words of a person: every control is found by what stands on it."""

import re
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

CORE = "CenterofExcellenceCoreComponents"
HOLDING = f"{CORE}_Upgrade"
OLD, NEW = "4.50.2", "4.50.6"

#: What the platform said when the flow service did not answer.
BAD_GATEWAY = (
    "Error while importing workflow {1edb4715-b85b-ed11-9561-0022480819d7} type ModernFlow name "
    "HELPER - Add User to Security Role: Flow server error returned with status code "
    '"BadGateway" and details ""'
)

#: Answers by the words of the question; everything else gets a plain sentence.
TEXTS = {
    "Region": "Western Europe",
    "Name of the managed file": f"{CORE}_4_50_6_managed.zip",
    "SHA-256 of the file": "5f3c0d91" * 8,
    "Account that owns the kit": "coe.admin@contoso.example",
    "Label and time of the backup": "Before Core 4.50.6, 24 November 01:40",
}
#: Choices other than the first one that is offered.
CHOICES = {"Is the DLP impact analysis used here": "No"}
COMPLETE, KEEP = "Record and complete this step", "Record only"

#: From the beginning to the import, and from the import to the wait for the night, as the page
#: names the steps.
BEFORE_STATE = (
    "Facts of this run",
    "Before you begin",
    "Backup and what cannot be backed up",
    "Window and notice",
    "Pre-import checklist",
)
BEFORE_IMPORT = (
    "Do you use the DLP impact analysis?",
    "Flow states, and which flows to stop",
    "Go or no go",
)
AFTER_IMPORT = (
    "Verify now",
    "Connections",
    "Flows on again, in order",
    "CoE Setup and Upgrade Wizard",
)


class Person:
    """Somebody with one tab open."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server

    # --- looking and pressing -------------------------------------------------------------------

    def open(self, path: str) -> None:
        """Types an address of the product."""
        self.page.goto(f"{self.server}{path}")

    def sees(self, *texts: str | re.Pattern[str]) -> None:
        """Each of the texts stands on the page, in sight."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def does_not_see(self, *texts: str) -> None:
        """None of the texts can be read on the page."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)

    def stands_at(self, title: str | re.Pattern[str]) -> None:
        """The middle of the page is about this."""
        expect(self.page.get_by_role("heading", level=2, name=title)).to_be_visible()

    def is_told(self, text: str) -> None:
        """A message about what was just done is on the page."""
        said = self.page.get_by_role("status").or_(self.page.get_by_label("Messages"))
        expect(said.filter(has_text=text).first).to_be_visible()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def press(self, name: str | re.Pattern[str]) -> None:
        self.button(name).click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follows a link by its words."""
        self.page.get_by_role("link", name=name).click()

    def unfold(self, words: str) -> None:
        """Opens what is folded away under these words, unless it is open already."""
        self.page.locator("details:not([open]) > summary").filter(has_text=words).click()

    def field(self, label: str) -> Locator:
        """A field by the beginning of its label."""
        return self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))

    def choose(self, question: str, answer: str) -> None:
        """Picks one of the answers that stand beside each other under a question."""
        group = self.page.get_by_role("group", name=question)
        group.get_by_text(answer, exact=True).click()

    def card(self, title: str) -> Locator:
        """The part of the page under this heading."""
        return self.page.get_by_role("region", name=title)

    def opens_a_second_tab(self) -> "Person":
        """The same page once more, beside this one."""
        tab = self.page.context.new_page()
        tab.goto(self.page.url)
        return Person(tab, self.server)

    def exports(self, label: str) -> str:
        """Hands the record out from the page of the run and reads the file."""
        choice = self.page.get_by_role("button", name=label, exact=True)
        if not choice.is_visible():
            self.unfold("Export")
        with self.page.expect_download() as download:
            choice.click()
        return Path(download.value.path()).read_text()

    # --- beginning --------------------------------------------------------------------------------

    def start_upgrade(self, environment: str = "CoE production") -> None:
        """From the first page into a new run of the Core upgrade."""
        # Each pack has its doors; the first pack is the kit.
        self.page.get_by_role("link", name=re.compile("^Start an upgrade")).first.click()
        self._which_upgrade(environment)
        self.press("Begin the record")
        self.is_told("The record has begun.")

    def adopt(self, *, error_text: str = "", outcome: str = "It failed") -> None:
        """Answers the eight questions of somebody who is already stuck."""
        self.page.get_by_role("link", name=re.compile("^I am already stuck")).first.click()
        self._which_upgrade("CoE production")
        self.field("What happened so far?").fill("The import ran for a while and then stopped.")
        self.field("When did the last try start?").fill("2026-11-20T20:15")
        self.field("When did it end").fill("2026-11-20T20:40")
        self.page.get_by_label(outcome).check()
        self.field("The whole error text").fill(error_text)
        self.press("Open the record")
        self.is_told("The record has begun.")

    def _which_upgrade(self, environment: str) -> None:
        self.page.get_by_role("textbox", name=re.compile("^Environment")).fill(environment)
        self.field("Which solution is upgraded").select_option(CORE)
        self.field("Installed version").fill(OLD)
        self.field("Version to install").fill(NEW)
        self.field("Time zone").select_option("Europe/Berlin")

    # --- steps ------------------------------------------------------------------------------------

    def work_through(self, *titles: str) -> None:
        """Answers and completes one step after the other."""
        for title in titles:
            self.complete(title)

    def complete(self, title: str) -> None:
        """Answers all that the step asks and completes it; the page is then about another."""
        self.stands_at(title)
        self.answer_everything()
        self.press(COMPLETE)
        expect(self.page.get_by_role("heading", level=2, name=title)).to_have_count(0)

    def answer_everything(self, button: str = COMPLETE) -> None:
        """Answers each open question, check and slot of the form that ends in this button."""
        form = self.page.locator("form").filter(has=self.button(button))
        self._pick(form, CHOICES)
        for menu in form.get_by_role("combobox").all():
            if not menu.input_value():
                menu.select_option(index=1)
        for moment in form.locator("input[type=datetime-local]:visible").all():
            moment.fill("2026-11-24T02:00")
        for box in form.get_by_role("textbox").filter(visible=True).all():
            if box.get_attribute("placeholder") != "Note" and not box.input_value():
                box.fill(self._words_for(box))

    def _pick(self, form: Locator, choices: Mapping[str, str]) -> None:
        for question, answer in choices.items():
            group = form.get_by_role("group", name=question)
            if group.count():
                group.get_by_text(answer, exact=True).click()
        for group in form.get_by_role("group").all():
            radios = group.get_by_role("radio")
            if radios.count() and not radios.and_(form.get_by_role("radio", checked=True)).count():
                group.locator("label").first.click()

    def _words_for(self, box: Locator) -> str:
        if box.get_attribute("type") == "url":
            return "https://contoso.crm4.dynamics.com"
        label = box.evaluate("box => box.labels[0].textContent.trim()")
        known = (text for words, text in TEXTS.items() if label.startswith(words))
        return next(known, "Kept with the change record.")

    def note(self, text: str) -> None:
        """Writes a note on the timeline."""
        self.page.get_by_role("textbox", name="Note", exact=True).fill(text)
        self.press("Record: note")
        self.is_told("Recorded: note.")

    # --- the import -------------------------------------------------------------------------------

    def read_state(self, *, base: str, holding: str = "", running: str = "No") -> None:
        """Says what the list of solutions shows; an empty version is one that is not listed."""
        self.field(f"Version of {CORE}").fill(base)
        self.choose(f"Is {CORE} listed?", "Yes" if base else "No")
        self.choose(f"Is {HOLDING} listed?", "Yes" if holding else "No")
        self.field("Version of the holding solution").fill(holding)
        self.choose("Does the history show a row without an end time?", running)
        self.press("Record: this is what I see")
        self.is_told("Recorded: the installed state.")

    def start_attempt(self, number: int) -> None:
        self.press(f"Record: attempt {number} started")
        self.stands_at("Watch the history, then record how it ended")

    def record_outcome(self, outcome: str, *, text: str = "", seen: str = "") -> None:
        """Says how the open attempt ended."""
        self.choose("How did it end?", outcome)
        self.field("The whole error text").fill(text)
        self.field("What you saw").fill(seen)
        self.press("Record: how attempt")
        self.is_told("Recorded: how the attempt ended.")

    def answer_before_retry(self) -> None:
        """The short list before another try, all of it passed."""
        self.answer_everything("Record: these answers")
        self.press("Record: these answers")
        self.is_told("Recorded.")

    def asks_to_remove(self, solution: str, *, typed: str, version: str) -> None:
        """Fills in the form that guards every removal, and sends it."""
        self.field("Which solution do you want to remove?").select_option(solution)
        self.field("Type its exact unique name").fill(typed)
        self.field("Its version as listed").fill(version)
        self.field("Backup you could go back to").fill("Manual backup, 23 November 22:10")
        self.press("Record: only this solution was removed")

    def is_refused(self, words: str) -> None:
        """Nothing was done, and the page says why."""
        expect(self.page.get_by_role("alert").filter(has_text=words)).to_be_visible()

    def override_wait(self, reason: str) -> None:
        self.unfold("Override the wait with a reason")
        self.field("Why it cannot wait").fill(reason)
        self.press("Record: override the wait")
        self.is_told("Recorded: the wait is cut short.")


def make_the_first_account(page: Page, *, code: str, password: str) -> None:
    """The set-up page, from the code to the first page of the product."""
    page.get_by_label("Set-up code").fill(code)
    page.get_by_label("Username").fill("ana")
    page.get_by_label("E-mail address").fill("ana@example.org")
    page.locator("#id_password").fill(password)
    page.get_by_label("The same password again").fill(password)
    page.get_by_role("button", name="Make the first account").click()
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_visible()

"""Every kind of page for everybody: axe in both colours, narrow screens, the keyboard alone."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from runbook.domain.vocabulary import RunStage
from runbook.models import User
from tests import factories
from tests.browser import places
from tests.browser.people import COMPLETE, Person
from tests.domain.history import WAYS

SignIn = Callable[[User], Page]
DESK, PHONE, NARROWEST = 1440, 390, 320


class Inspection:
    """What is wrong on the pages that were looked at, in words."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.faults: list[str] = []
        self.looks = 0

    def visit(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.page.goto(f"{self.server}{path}")
            self.look(path)

    def look(self, name: str) -> None:
        """The page as it is, at a desk and on a phone, light and dark."""
        for width in (DESK, PHONE):
            self.page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                self._axe(f"{name} {width} {scheme}")
        for width in (PHONE, NARROWEST):
            self._fits(name, width)

    def _axe(self, where: str) -> None:
        found = Axe().run(self.page).response["violations"]
        self.looks += 1
        self.faults += [
            f"{where}: {fault['id']}: {fault['nodes'][0]['html'][:160]} ({len(fault['nodes'])}) "
            f"{fault['nodes'][0]['failureSummary']}"
            for fault in found
        ]

    def _fits(self, name: str, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            self.faults.append(f"{name}: {needed} px wide on a screen of {width}")


def test_no_page_has_a_fault(
    server: str, signed_in_page: SignIn, page: Page, make_user: Callable[[str], User]
) -> None:
    page.expected_errors += ["404", "422", "409"]  # type: ignore[attr-defined]
    seen = Inspection(page, server)
    seen.visit(["/set-up/"])
    ana = make_user("ana")
    seen.visit(places.without_an_account())
    signed_in_page(ana)
    seen.visit(places.without_a_run())
    seen.visit(places.with_runs(ana))

    me = Person(page, server)
    me.open(f"/runs/new/{places.KIT}/")
    me.page.get_by_role("textbox", name=re.compile("^Environment")).fill("Wrong versions")
    me.field("Installed version").fill("4.29")
    me.field("Version to install").fill("4.9")
    me.press("Begin the record")
    me.sees("4.9 is not higher than 4.29.")
    seen.look("a refused form")
    assert not seen.faults, "\n".join(seen.faults)


def test_a_conflict_and_a_dialog_have_no_fault(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    me = Person(signed_in_page(ana), server)
    me.page.expected_errors.append("409")  # type: ignore[attr-defined]
    seen = Inspection(me.page, server)
    me.start_upgrade()
    stale = me.opens_a_second_tab()
    stale.field("Region").fill("North Europe")  # typing keeps the panel from following the run
    me.complete("Facts of this run")
    stale.press("Record only")
    stale.sees("Nothing was recorded yet", "North Europe")
    seen.page = stale.page
    seen.look("conflict")

    seen.page = me.page
    me.page.keyboard.press("?")
    expect(me.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    seen.look("shortcuts")
    assert not seen.faults, "\n".join(seen.faults)


def test_the_keyboard_alone_completes_a_checklist_and_starts_an_attempt(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    now = datetime.now(UTC)
    me = Person(signed_in_page(ana), server)
    run = factories.make_run(ana, now)
    for asked in WAYS[RunStage.PREPARING][:3]:
        factories.carry_out(run, asked, factories.act(ana, run, now=now))
    me.open(f"/runs/{run.pk}/")
    keys = me.page.keyboard

    me.stands_at("Get ready")
    for check in ("A spare lamp is there.", "The night is clear.", "The keeper slept well."):
        tab_to(me.page.get_by_role("group", name=check).get_by_label("Pass"))
        keys.press("Space")
    tab_to(me.field("A picture of the lamp"))
    keys.type("It hangs in the hall.")
    tab_to(me.button(COMPLETE))
    keys.press("Enter")
    is_where_the_focus_went(me, "Tidy the room", announced="Recorded.")

    me.open(f"/runs/{run.pk}/steps/import/")
    tab_to(me.button("Record: attempt 1 started"))
    keys.press("Enter")
    is_where_the_focus_went(
        me,
        "Watch the history, then record how it ended",
        announced="Recorded: the attempt has started.",
    )
    tab_to(me.page.get_by_role("group", name="How did it end?").get_by_label("It succeeded"))
    keys.press("ArrowRight")
    expect(me.page.get_by_label("It failed")).to_be_checked()


def tab_to(target: Locator) -> None:
    """Presses Tab as often as it takes to get there."""
    for _ in range(120):
        if target.evaluate("target => target === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"No way to {target} with the Tab key.")


def is_where_the_focus_went(me: Person, title: str, *, announced: str) -> None:
    """The changed part has the focus, and the live region said what was done."""
    expect(me.page.get_by_role("heading", level=2, name=title)).to_be_focused()
    expect(me.page.locator("[aria-live=polite]")).to_have_text(announced)

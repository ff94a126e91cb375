"""Two browsers: a lead shares a run, a reader without an account opens the link, asks, and is out."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from runbook import queries
from runbook.domain.vocabulary import LinkScope, RunStage
from runbook.models import Run, ShareLink, User
from runbook.services import talk
from tests.browser.people import Person
from tests.browser.test_accessibility import Inspection
from tests.factories import act, make_run_at
from tests.shares import make_link

SignIn = Callable[[User], Page]


@pytest.fixture
def run(server: str, ana: User) -> Run:
    return make_run_at(RunStage.RETRY_PLANNED, ana, datetime.now(UTC))


@pytest.fixture
def reader(server: str, browser: Browser) -> Iterator[Person]:
    """Somebody at another machine, without an account; every request of theirs is kept."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    page = context.new_page()
    sent: list[Request] = []
    page.sent = sent  # type: ignore[attr-defined]

    def keep(request: Request) -> None:
        sent.append(request)

    page.on("request", keep)
    yield Person(page, server)
    context.close()


def make_in_the_browser(me: Person, run: Run, *, label: str, allows: str) -> tuple[str, str]:
    """The address and the code, as the page shows them once."""
    me.open(f"/runs/{run.pk}/links/")
    me.field("For whom").fill(label)
    me.choose("What the link allows", allows)
    me.press("Record: make the link")
    me.sees(f"The link for {label}")
    copies = me.page.locator("[data-copy]")
    shown = [copies.nth(place).get_attribute("data-copy") or "" for place in (0, 1)]
    # Tests listen on another port than the site's own address names.
    return re.sub(r"^https?://[^/]+", me.server, shown[0]), shown[1]


def test_a_link_is_opened_asked_through_and_dead_at_the_next_click(
    run: Run, signed_in_page: SignIn, ana: User, reader: Person
) -> None:
    me = Person(signed_in_page(ana), reader.server)
    address, code = make_in_the_browser(
        me, run, label="Support desk", allows="Reads the record and asks questions"
    )
    me.page.reload()  # sends the form again: one link, and its code is gone
    me.does_not_see(code)

    reader.page.goto(address)
    reader.page.wait_for_url("**/shared/**")
    reader.sees("The last attempt failed", "Names stand as roles")
    reader.does_not_see("Ana")
    failed = next(e for e in queries.all_entries(run) if e.type == "attempt.failed")
    entry = reader.page.locator(f"#entry-{failed.seq}")
    entry.get_by_text("Ask about this entry").click()
    entry.get_by_label("Your question").fill("Which lamp was it?")
    entry.get_by_role("button", name="Record: ask").click()
    expect(entry).to_contain_text("Which lamp was it?")
    talk.answer_question(
        run_id=run.pk, act=act(ana, now=datetime.now(UTC)), number=1, text="The big one."
    )
    reader.page.reload()
    expect(entry).to_contain_text("The big one.")

    me.open(f"/runs/{run.pk}/timeline/")
    me.sees("Share link opened: Support desk", "Share link: Support desk")
    me.open(f"/runs/{run.pk}/links/")
    me.sees("opened 1 time,")
    me.unfold("Revoke the link for Support desk")
    me.press("Record: revoke for good")
    me.is_told("The link is revoked.")
    reader.page.reload()
    reader.sees("This is closed")
    reader.does_not_see("Which lamp was it?")
    run.refresh_from_db()
    queries.verify_run(run)
    assert ShareLink.objects.count() == 1


def test_the_code_stays_out_of_addresses_referrers_and_the_history(
    run: Run, ana: User, reader: Person
) -> None:
    _, code = make_link(run, ana, datetime.now(UTC))

    reader.open(f"/s/#{code}")
    reader.page.wait_for_url("**/shared/**")
    visited = reader.page.url
    reader.follow("As it stood at a moment")
    reader.sees("As it stood at")
    reader.page.go_back()
    reader.page.go_back()

    sent: list[Request] = reader.page.sent  # type: ignore[attr-defined]
    assert [r.url for r in sent if code in r.url.partition("#")[0]] == []
    assert [r for r in sent if code in str(r.all_headers())] == []
    assert code not in visited + reader.page.url + reader.page.content()
    posted = [r for r in sent if code in (r.post_data or "")]
    assert [(r.method, r.url) for r in posted] == [("POST", f"{reader.server}/s/")]


def test_a_link_that_comes_while_the_door_is_open_works(
    run: Run, ana: User, reader: Person
) -> None:
    _, code = make_link(run, ana, datetime.now(UTC))
    reader.open("/s/")

    reader.open(f"/s/#{code}")

    reader.page.wait_for_url("**/shared/**")
    reader.sees("The last attempt failed")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_script_the_code_is_typed(server: str, run: Run, page: Page, ana: User) -> None:
    link, code = make_link(run, ana, datetime.now(UTC), scope=LinkScope.COMMENT)
    me = Person(page, server)

    me.open(f"/s/#{code}")
    me.field("Code").fill(code)
    me.press("Open the shared run")

    me.sees("The last attempt failed")
    page.locator("summary").filter(has_text="ordinary entries").first.click()
    page.get_by_role("link", name="ask").first.click()
    page.get_by_label("Your question").filter(visible=True).fill("And this one?")
    page.get_by_role("button", name="Record: ask").filter(visible=True).click()
    me.sees("And this one?", "No answer yet.")
    assert link.label == "The vendor"


def test_the_pages_of_sharing_have_no_fault(
    server: str, run: Run, signed_in_page: SignIn, page: Page, ana: User
) -> None:
    now = datetime.now(UTC)
    page.expected_errors.append("404")  # type: ignore[attr-defined]
    page.expected_errors.append("422")  # type: ignore[attr-defined]
    talk.ask_question(run_id=run.pk, act=act(ana, now=now), about=2, text="Why?")
    talk.promise_update(run_id=run.pk, act=act(ana, now=now), promise="Soon.", next_update=None)
    tokens = [
        make_link(run, ana, now, scope=scope, profile="internal")[1]
        for scope in (LinkScope.STATUS, LinkScope.COMMENT, LinkScope.READ_FILES)
    ]
    seen = Inspection(page, server)
    signed_in_page(ana)
    base = f"/runs/{run.pk}"
    seen.visit(
        [f"{base}/links/", f"{base}/review/?ask=3", f"{base}/at/?seq=5", f"{base}/at/?seq=x"]
    )
    page.context.clear_cookies()
    seen.visit(["/s/", f"/shared/{run.pk}/"])
    for token in tokens:
        page.goto(f"{server}/s/#{token}")
        page.wait_for_url("**/shared/**")
        seen.look(page.url)

    assert not seen.faults, "\n".join(seen.faults)

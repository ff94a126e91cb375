"""What the browser itself must keep to: settings of htmx, its off-switches, storage, one event each."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, Route, expect

from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.vocabulary import Action, CheckResult, InstalledState, RunStage
from runbook.models import Run, User
from tests import factories
from tests.browser import places
from tests.browser.people import KEEP, Person
from tests.domain.history import START
from tests.domain.wishes import FACTS, GATEWAY, failing, looking, wish

SignIn = Callable[[User], Page]

#: What this product pins for major version 2 of htmx, by the names of that version.
PINNED_FOR_2: dict[str, Any] = {
    "allowEval": False,
    "allowScriptTags": False,
    "historyCacheSize": 0,
    "includeIndicatorStyles": False,
    "refreshOnHistoryMiss": True,  # going back must never swap a fragment in as a page
    "selfRequestsOnly": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "409", "swap": True},
        {"code": "422", "swap": True},
        {"code": "503", "swap": True},  # a busy database gives the typed text back
        {"code": "[45]..", "swap": False, "error": True},
    ],
}
MARK = "Zanzibar"
ATTACK = f'{MARK} <i hx-post="/stolen/" hx-trigger="load"></i><b data-hx-get="/stolen/">x</b>'


def test_a_crawl_finds_the_pinned_settings_and_no_report(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    """Follows every link from the first page; the listener of the page sees what CSP blocks."""
    page = signed_in_page(ana)
    list(places.with_runs(ana))
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop()
        if (
            kind(path) in seen
            or path.endswith((".ics", ".json"))
            or re.search(r"/(evidence|files)/.", path)
        ):
            continue  # a file is saved, not shown
        seen.add(kind(path))
        answer = page.goto(f"{server}{path}")
        assert answer
        assert answer.status == 200, path
        version, settings = page.evaluate("[htmx.version, htmx.config]")
        assert version.partition(".")[0] == "2"
        assert {name: settings.get(name) for name in PINNED_FOR_2} == PINNED_FOR_2, path
        waiting += links(page)
    assert seen > {"/", "/runs/*/", "/runs/*/report/", "/runs/*/timeline/", "/knowledge/*/"}


def links(page: Page) -> list[str]:
    """The addresses of this site that the page links to."""
    found: list[str] = page.evaluate(
        "[...document.links].filter(a => a.origin === location.origin).map(a => a.pathname)"
    )
    return found


def kind(path: str) -> str:
    """Addresses that differ only in the run or the family are one kind of page."""
    path = re.sub(r"[0-9a-f-]{36}", "*", path)
    return re.sub(r"(?<=/knowledge/)[^/]+/([^/]+/)?$", lambda m: "*/*/" if m[1] else "*/", path)


def test_text_of_people_cannot_make_the_page_send_anything(
    server: str, signed_in_page: SignIn, ana: User
) -> None:
    page = signed_in_page(ana)
    page.expected_errors.append("404")  # type: ignore[attr-defined]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.removeprefix(server)))

    bare = []
    for path in attacked(ana):
        page.goto(f"{server}{path}")
        bare += [f"{path}: {place}" for place in page.evaluate(UNSHIELDED, MARK)]
        assert page.evaluate(INJECT) > 0, path
        with page.expect_response("**/control/"):
            page.evaluate(CONTROL)
    assert "/control/" in sent
    assert [url for url in sent if "stolen" in url] == []
    assert not bare, "\n".join(bare)


#: Where a text that a person wrote stands outside the off-switches of htmx.
UNSHIELDED = """mark => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const place = walk.currentNode.parentElement;
    if (!walk.currentNode.data.includes(mark) || place.closest('textarea, option, script')) continue;
    if (!place.closest('[hx-disable]') || !place.closest('[hx-ignore]')) found.push(place.outerHTML.slice(0, 200));
  }
  return found;
}"""
#: Puts an element that would send at once into each shielded place, and lets htmx look at it.
INJECT = """() => {
  const places = [...document.querySelectorAll('[hx-disable]')];
  places.forEach(place => {
    place.insertAdjacentHTML('beforeend',
      '<i hx-post="/stolen/" hx-trigger="load"></i><i data-hx-get="/stolen/" data-hx-trigger="load"></i>');
    htmx.process(place);
  });
  htmx.process(document.body);
  return places.length;
}"""
CONTROL = """() => {
  document.body.insertAdjacentHTML('beforeend', '<i hx-post="/control/" hx-trigger="load"></i>');
  htmx.process(document.body);
}"""


PASSED = CheckResult.PASSED
ATTACKS = (
    wish(Action.COMPLETE_STEP, step="facts"),
    wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "no"}),
    wish(Action.COMPLETE_STEP, step="wiring"),
    wish(
        Action.RECORD_CHECKS,
        step="ready",
        answers=[
            CheckAnswer(check=check, result=PASSED, note=ATTACK)
            for check in ("backup", "weather", "mood")
        ],
    ),
    wish(Action.ADD_EVIDENCE, step="ready", slot="picture", text=ATTACK),
    wish(Action.COMPLETE_STEP, step="ready"),
    wish(Action.SKIP_STEP, step="tidy", reason=ATTACK),
    wish(Action.ADD_NOTE, text=ATTACK),
    START,
    failing(f"{GATEWAY} {ATTACK}"),
    looking(InstalledState.BASE_GONE),
    wish(Action.SEND_ESCALATION, recipient="workshop", ticket=ATTACK),
)
ENDING = (
    wish(Action.PAUSE, reason=ATTACK),
    wish(Action.RESUME),
    wish(Action.ABANDON, reason=ATTACK),
)


def attacked(user: User) -> Iterator[str]:
    """Pages of a run in which every text that a person can write is an attack."""
    now = datetime.now(UTC)
    user.display_name = f"{MARK} <i>"
    user.save()
    run = factories.make_run(user, now, title=ATTACK, answers=FACTS | {"solution": ATTACK})
    for asked in ATTACKS:
        factories.carry_out(run, asked, factories.act(user, run, now=now))
    yield "/"
    yield f"/runs/{run.pk}/steps/ready/"
    yield f"/runs/{run.pk}/steps/import/"
    yield f"/runs/{run.pk}/timeline/"
    yield f"/runs/{run.pk}/report/"
    for asked in ENDING:
        factories.carry_out(run, asked, factories.act(user, run, now=now))
        yield f"/runs/{run.pk}/"


SECRET = "The tower key hangs behind the third stone"
#: Everything that the browser would still know after the page is gone.
STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


def test_the_browser_keeps_no_text_of_a_run(server: str, signed_in_page: SignIn, ana: User) -> None:
    me = Person(signed_in_page(ana), server)
    run = factories.make_run(ana, datetime.now(UTC), title=SECRET)
    me.open(f"/runs/{run.pk}/")
    box = me.page.get_by_role("textbox", name="Note", exact=True)

    box.fill(f"{SECRET} and nobody knows it.")
    assert SECRET in me.page.evaluate(STORED), "an unsent text waits as a draft"
    me.page.reload()
    expect(box).to_have_value(f"{SECRET} and nobody knows it.")
    me.press("Record: note")
    me.is_told("Recorded: note.")
    assert SECRET not in me.page.evaluate(STORED)

    me.press(KEEP)
    me.is_told("Recorded.")
    me.follow("Report")
    me.open("/")
    me.page.go_back()
    me.page.go_back()
    assert SECRET not in me.page.evaluate(STORED)

    box.fill(f"{SECRET}, unsent.")
    me.unfold("Ana")
    me.press("Sign out")
    expect(me.button("Sign in")).to_be_visible()
    assert SECRET not in me.page.evaluate(STORED)
    me.page.go_back()
    me.does_not_see(SECRET)


def test_a_hurried_hand_records_one_event(server: str, signed_in_page: SignIn, ana: User) -> None:
    me = Person(signed_in_page(ana), server)
    run = factories.make_run_at(RunStage.PREPARING, ana, datetime.now(UTC))
    me.open(f"/runs/{run.pk}/")
    held: list[Route] = []
    me.page.route("**/notes/", lambda route: held.append(route))

    me.page.get_by_role("textbox", name="Note", exact=True).fill("Once is enough.")
    with me.page.expect_request("**/notes/"):
        me.button("Record: note").dblclick()
    me.button("Record: note").click(force=True)
    for route in held:
        route.continue_()
    me.is_told("Recorded: note.")
    expect(me.page.get_by_text("Once is enough.")).to_have_count(1)
    before = Run.objects.get().version

    me.page.unroute("**/notes/")
    for _ in range(5):
        me.page.reload()
        for turn in (me.page.go_back, me.page.go_forward):
            with me.page.expect_event("load"):
                turn()
            expect(me.page.get_by_role("heading", level=1)).to_be_visible()
            expect(me.page.get_by_role("navigation", name="Steps")).to_be_visible()
            me.sees("Once is enough.")
    assert Run.objects.get().version == before

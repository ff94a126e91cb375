"""The tab that tells: its title, a sound and a notification, each only with the person's leave."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from runbook.domain.vocabulary import Role
from runbook.models import User
from runbook.services import outgoing, reminders, talk
from runbook.services.timeline import Act
from tests.browser.test_accessibility import Inspection
from tests.factories import add_member, make_run
from tests.services.receivers import DOWN, Outside, channel, question, team_of

SignIn = Callable[[User], Page]
NOTICE = "document.dispatchEvent(new CustomEvent('runbook:notice', {detail: {text: 'News.'}}))"
#: Counts on the root element what would be heard and seen outside of the page.
WATCH = """
  const count = (name) => {
    const kept = document.documentElement.dataset;
    kept[name] = Number(kept[name] || 0) + 1;
  };
  const real = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () { count("tones"); return real.call(this); };
  window.Notification = class {
    static permission = "granted";
    static requestPermission() { return Promise.resolve("granted"); }
    constructor(title, { body }) { count("shown"); document.documentElement.dataset.body = body; }
    close() {}
  };
  window.away = (yes) => { document.hasFocus = () => !yes; };
"""


def told(page: Page) -> tuple[str | None, str | None]:
    """How many tones and notifications there were."""
    root = page.locator("html")
    return root.get_attribute("data-tones"), root.get_attribute("data-shown")


def test_a_notice_marks_the_title_and_nothing_more_until_it_is_wished(
    signed_in_page: SignIn, ana: User, server: str
) -> None:
    page = signed_in_page(ana)
    page.context.add_init_script(WATCH)
    page.goto(f"{server}/notices/")
    title = page.title()

    page.evaluate(NOTICE)
    assert page.title() == title  # who looks at the page needs no mark
    page.evaluate("away(true)")
    page.evaluate(NOTICE)
    assert page.title() == f"● {title}"
    page.evaluate(NOTICE)
    assert page.title() == f"● {title}"
    page.evaluate("dispatchEvent(new Event('focus'))")
    assert page.title() == title
    assert told(page) == (None, None)


def test_sound_and_notifications_are_switched_on_and_off_in_this_browser(
    signed_in_page: SignIn, ana: User, server: str
) -> None:
    page = signed_in_page(ana)
    page.context.add_init_script(WATCH)
    page.goto(f"{server}/account/notices/")
    sound = page.get_by_role("button", name="Sound")
    desktop = page.get_by_role("button", name="Notifications of the system")
    for button in (sound, desktop):
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    root = page.locator("html")
    expect(root).to_have_attribute("data-tones", "2")  # so that one knows what it will be

    page.goto(f"{server}/notices/")
    page.evaluate("away(true)")
    page.evaluate(NOTICE)
    expect(root).to_have_attribute("data-tones", "2")
    expect(root).to_have_attribute("data-body", "News.")
    page.goto(f"{server}/account/notices/")
    for button in (sound, desktop):
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
    page.evaluate("away(true)")
    page.evaluate(NOTICE)
    assert told(page) == (None, None)


def test_a_clock_that_runs_out_tells(signed_in_page: SignIn, ana: User, server: str) -> None:
    page = signed_in_page(ana)
    now = datetime.now(UTC)
    run = make_run(ana, now)
    talk.promise_update(
        run_id=run.pk,
        act=Act(actor=ana.actor_id, now=now),
        promise="More.",
        next_update=now + timedelta(days=1),
    )
    page.goto(f"{server}/runs/{run.pk}/")
    page.evaluate("document.hasFocus = () => false")
    page.evaluate(
        """() => {
          const clock = document.querySelector("main").appendChild(document.createElement("b"));
          clock.dataset.now = new Date().toISOString();
          clock.dataset.due = new Date(Date.now() + 300).toISOString();
        }"""
    )
    expect(page).to_have_title(re.compile("^● "))


def test_the_pages_about_notices_are_for_everybody(
    signed_in_page: SignIn, ana: User, ben: User, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    outside = Outside([DOWN])
    monkeypatch.setattr(outgoing, "send", outside.send)
    User.objects.filter(pk=ben.pk).update(is_staff=True)
    run = make_run(ana, now)
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    question(run, ana, now=now)
    reminders.tick(now)
    team = team_of(run, ben, now)
    for owner in (ben, team):
        channel(owner, now, kind="webhook")
    page = signed_in_page(ben)
    seen = Inspection(page, server)
    teams = reverse("team-channels", args=[team.handle])
    seen.visit(["/notices/", "/account/notices/", teams, "/owner/deliveries/"])
    page.goto(f"{server}/account/notices/")
    page.get_by_role("button", name="Make an address").click()
    seen.look("an address shown once")

    assert seen.looks == 20
    assert seen.faults == []

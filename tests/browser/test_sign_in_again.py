"""AN-05: a session ends while somebody types; after signing in again the text is there."""

from datetime import UTC, datetime, timedelta

import time_machine
from django.conf import settings
from playwright.sync_api import Page, expect

from runbook.models import User
from tests.browser.test_diagnosis_inputs import importing
from tests.conftest import PASSWORD


def sign_in(page: Page) -> None:
    page.locator("#id_login").fill("ana")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_an_unsent_text_survives_signing_in_again(
    clock: time_machine.Traveller, server: str, page: Page, ana: User
) -> None:
    run = importing(ana, datetime.now(UTC))
    page.goto(f"{server}/runs/{run.pk}/")
    sign_in(page)
    box = page.locator("textarea[data-draft]").first
    box.fill("The import said BadGateway, and then")

    clock.shift(timedelta(seconds=settings.SESSION_IDLE_AGE + 61))
    page.reload()
    assert "/accounts/login/" in page.url
    sign_in(page)

    page.wait_for_url(f"{server}/runs/{run.pk}/**")
    expect(box).to_have_value("The import said BadGateway, and then")

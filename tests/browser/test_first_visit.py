"""The first visit to a fresh installation, and the visits after it."""

from collections.abc import Callable

from playwright.sync_api import Page

from runbook.models import User
from runbook.services import accounts
from tests.conftest import PASSWORD


def test_a_fresh_installation_is_set_up_and_used(server: str, page: Page) -> None:
    code = accounts.new_set_up_code()
    page.goto(server)
    assert page.url == f"{server}/set-up/"

    page.get_by_label("Set-up code").fill(code)
    page.get_by_label("Username").fill("ana")
    page.get_by_label("E-mail address").fill("ana@example.org")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the first account").click()

    page.wait_for_url(f"{server}/")
    assert User.objects.get().username == "ana"


def test_a_person_signs_in(server: str, page: Page, ana: User) -> None:
    page.goto(server)
    page.locator("#id_login").fill("ana")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url(f"{server}/")


def test_the_listener_sees_a_blocked_inline_style(server: str, page: Page) -> None:
    page.goto(server)
    page.expected_errors.append("CSP style-src")  # type: ignore[attr-defined]
    page.expected_errors.append("Content Security Policy")  # type: ignore[attr-defined]

    with page.expect_console_message(lambda message: message.text.startswith("CSP style-src")):
        page.evaluate("document.body.setAttribute('style', 'color: red')")


def test_a_signed_in_page_is_at_hand(signed_in_page: Callable[[User], Page], ana: User) -> None:
    page = signed_in_page(ana)

    assert page.locator("body").inner_text()

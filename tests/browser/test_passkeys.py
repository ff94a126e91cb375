"""Passkeys in a real browser, with an authenticator that Chromium plays; and the link of an invitation."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from playwright.sync_api import Page, expect

from runbook.models import User
from runbook.services import invitations
from tests.conftest import PASSWORD


@pytest.fixture
def key(page: Page) -> None:
    """A device that knows its user: it keeps passkeys and confirms at once."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def site(server: str) -> str:
    """Passkeys are bound to a name, so this browser goes to localhost."""
    return server.replace("127.0.0.1", "localhost")


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.locator("#id_login").fill("ana")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_key(page: Page, site: str, *, alone: bool) -> None:
    page.goto(f"{site}/accounts/second-factor/webauthn/add/")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Ana's laptop")
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_out(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/accounts/login/")


def test_a_passkey_is_added_and_signs_in_alone(site: str, page: Page, key: None, ana: User) -> None:
    sign_in(page, site)
    add_key(page, site, alone=True)
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).count() == 1
    sign_out(page, site)

    page.get_by_role("button", name="Use a passkey instead").click()

    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/second-factor/webauthn/")
    expect(page.get_by_role("strong").get_by_text("Ana's laptop")).to_be_visible()


def test_a_security_key_is_asked_for_after_the_password(
    site: str, page: Page, key: None, ana: User
) -> None:
    sign_in(page, site)
    add_key(page, site, alone=False)
    sign_out(page, site)

    sign_in(page, site)
    page.wait_for_url(f"{site}/accounts/second-factor/authenticate/")
    page.get_by_role("button", name="Use a passkey or security key").click()

    page.wait_for_url(f"{site}/")


def test_without_a_fitting_passkey_a_sentence_says_so(site: str, page: Page, ana: User) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    page.goto(f"{site}/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('none')); }")

    page.get_by_role("button", name="Use a passkey instead").click()

    expect(page.get_by_text("The passkey was not used")).to_be_visible()


def test_the_link_of_an_invitation_opens_by_itself_and_leaves_no_trace(
    site: str, page: Page, make_user: Callable[[str], User]
) -> None:
    owner = make_user("olga")
    owner.is_staff = True
    owner.save()
    _, token = invitations.invite(actor=owner, now=timezone.now())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{site}/join/#{token}")

    page.wait_for_url(re.compile("/join/accept/$"))
    expect(page.get_by_text("Olga invites you to Upgrade Runbook.")).to_be_visible()
    assert not any("uwi_" in address for address in asked)
    page.go_back()
    assert "uwi_" not in page.url

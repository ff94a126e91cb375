"""The second factor: codes of an app, recovery codes, and secrets that the database does not give away."""

import json
import re
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings

from runbook.models import User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"
FACTOR = "/accounts/second-factor/"
CODE_PAGE = f"{FACTOR}authenticate/"


@pytest.fixture(autouse=True)
def no_tries_yet(db: None) -> None:
    cache.clear()


def code(secret: str, *, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def confirmed(user: User) -> Client:
    """Signed in, and the password given once more."""
    client = Client()
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def secret_on(page: str) -> str:
    found = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert found, page
    return found[1]


@pytest.fixture
def secret(ana: User) -> str:
    """Ana has set up an app; this is its secret."""
    client = confirmed(ana)
    given = secret_on(client.get(f"{FACTOR}totp/activate/").content.decode())
    response = client.post(f"{FACTOR}totp/activate/", {"code": code(given)})
    assert response.status_code == 302
    cache.clear()  # the code may be used again for signing in
    return given


def recovery_codes(user: User) -> list[str]:
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return list(row.wrap().get_unused_codes())


def with_password() -> Client:
    client = Client()
    response = client.post(LOGIN, {"login": "ana", "password": PASSWORD})
    assert response["Location"] == CODE_PAGE
    return client


def inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_setting_up_asks_for_the_password_once_more(ana: User) -> None:
    client = Client()
    client.force_login(ana)

    for page in ("totp/activate/", "webauthn/add/", "recovery-codes/generate/"):
        assert client.get(f"{FACTOR}{page}")["Location"].startswith("/accounts/reauthenticate/")


def test_the_picture_is_an_image_that_the_policy_allows(ana: User) -> None:
    page = confirmed(ana).get(f"{FACTOR}totp/activate/").content.decode()

    assert 'src="data:image/svg+xml;base64,' in page
    assert "data:" in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"]


def test_a_wrong_code_sets_nothing_up(ana: User) -> None:
    client = confirmed(ana)
    given = secret_on(client.get(f"{FACTOR}totp/activate/").content.decode())

    client.post(f"{FACTOR}totp/activate/", {"code": code(given, steps=9)})

    assert not Authenticator.objects.exists()


def test_signing_in_takes_password_and_code(ana: User, secret: str) -> None:
    client = with_password()
    assert not inside(client)

    response = client.post(CODE_PAGE, {"code": code(secret)})

    assert response["Location"] == "/"
    assert inside(client)


def test_a_code_works_once(ana: User, secret: str) -> None:
    used = code(secret)
    with_password().post(CODE_PAGE, {"code": used})
    client = with_password()

    client.post(CODE_PAGE, {"code": used})

    assert not inside(client)


@pytest.mark.parametrize("steps", [-5, 5])
def test_an_old_or_future_code_opens_nothing(ana: User, secret: str, steps: int) -> None:
    client = with_password()

    client.post(CODE_PAGE, {"code": code(secret, steps=steps)})

    assert not inside(client)


def test_codes_cannot_be_tried_out(ana: User, secret: str) -> None:
    """The count belongs to the account, so new sign-ins and new browsers do not start it again."""
    for _ in range(6):
        with_password().post(CODE_PAGE, {"code": "000000"})
    client = with_password()

    page = client.post(CODE_PAGE, {"code": code(secret)})

    assert not inside(client)
    assert "Too many failed login attempts" in page.content.decode()


def test_a_code_alone_opens_nothing(ana: User, secret: str) -> None:
    client = Client()

    assert client.post(CODE_PAGE, {"code": code(secret)})["Location"] == LOGIN
    assert not inside(client)


def test_a_recovery_code_works_once(ana: User, secret: str) -> None:
    one = recovery_codes(ana)[0]
    client = with_password()
    client.post(CODE_PAGE, {"code": one})
    assert inside(client)
    again = with_password()

    again.post(CODE_PAGE, {"code": one})

    assert not inside(again)
    assert len(recovery_codes(ana)) == 9


def test_the_session_gets_a_new_key_after_the_code(ana: User, secret: str) -> None:
    """AN-03: the half-way session does not become the whole one."""
    client = with_password()
    before = client.cookies[settings.SESSION_COOKIE_NAME].value

    client.post(CODE_PAGE, {"code": code(secret)})

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert settings.SEEN_COOKIE_NAME in client.cookies


def test_a_reset_password_does_not_go_around_it(ana: User, secret: str) -> None:
    Client().post("/accounts/password/reset/", {"email": "ana@example.org"})
    found = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))
    assert found
    client = Client()
    form = client.get(found[0])["Location"]
    client.post(form, {"password1": PASSWORD, "password2": PASSWORD})

    assert not inside(client)
    assert not inside(with_password())


def test_the_database_gives_no_secret_away(ana: User, secret: str) -> None:
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    assert secret not in stored
    assert not any(one in stored for one in recovery_codes(ana))
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert row.data["secret"].startswith("gAAAA")


def test_with_another_key_no_code_fits_and_nothing_crashes(ana: User, secret: str) -> None:
    client = with_password()
    with override_settings(SECRET_KEY="another one"):
        client = Client()
        client.post(LOGIN, {"login": "ana", "password": PASSWORD})
        for typed in (code(secret), code("A" * 32), format_hotp_value(hotp_value("", 0))):
            assert client.post(CODE_PAGE, {"code": typed}).status_code == 200
        assert not inside(client)


def test_turning_it_off_takes_the_recovery_codes_along_and_sends_word(
    ana: User, secret: str
) -> None:
    client = confirmed(ana)

    client.post(f"{FACTOR}totp/deactivate/")

    assert not Authenticator.objects.exists()
    letter = mail.outbox[-1]
    assert letter.to == ["ana@example.org"]
    assert "Your account has changed" in letter.body
    assert "Authenticator app deactivated" in letter.body


def test_passkeys_belong_to_the_configured_site(ana: User) -> None:
    page = confirmed(ana).get(f"{FACTOR}webauthn/add/", headers={"host": "127.0.0.1:9"})
    options = page.context["js_data"]["creation_options"]["publicKey"]

    assert options["rp"]["id"] == settings.SITE.hostname == "localhost"


def test_a_made_up_passkey_opens_nothing(ana: User) -> None:
    client = Client()
    client.get(f"{FACTOR}webauthn/login/", headers={"accept": "application/json"})
    handle = {
        "userHandle": "MQ",
        "clientDataJSON": "e30",
        "authenticatorData": "AA",
        "signature": "AA",
    }
    for credential in (
        "{}",
        "x",
        json.dumps({"id": "AA", "rawId": "AA", "response": handle, "type": "public-key"}),
    ):
        response = client.post(f"{FACTOR}webauthn/login/", {"credential": credential})
        assert response["Location"] == LOGIN

    assert not inside(client)


PAGES = (
    "",
    "webauthn/",
    "webauthn/add/",
    "recovery-codes/",
    "recovery-codes/generate/",
    "totp/deactivate/",
)


@pytest.mark.parametrize("place", PAGES)
def test_each_page_is_ours_and_runs_no_script_of_its_own(
    ana: User, secret: str, place: str
) -> None:
    response = confirmed(ana).get(f"{FACTOR}{place}")
    text = response.content.decode()

    assert response.status_code == 200
    assert 'class="entry entry-manage"' in text
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in one or 'type="application/json"' in one for one in scripts)
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)


def test_who_is_not_signed_in_sees_none_of_it(
    client: Client, make_user: Callable[[str], User]
) -> None:
    make_user("ana")

    assert all(client.get(f"{FACTOR}{page}").status_code == 302 for page in PAGES)

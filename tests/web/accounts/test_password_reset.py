"""AN-06, AN-07: a forgotten password; links that lead here only, and answers that tell nothing."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from runbook.models import User
from tests.conftest import PASSWORD

RESET = "/accounts/password/reset/"
NEW = "nine blue lamps are lit"
POISONED: tuple[dict[str, str], ...] = (
    {"host": "evil.example"},
    {"host": "localhost:6666"},
    {"host": "localhost@evil.example"},
    {"host": "127.0.0.1:9"},
    {"x-forwarded-host": "evil.example"},
    {"x-forwarded-server": "evil.example"},
    {"x-host": "evil.example"},
    {"forwarded": "host=evil.example"},
    {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example:443"},
    {"x-original-url": "https://evil.example/", "x-forwarded-port": "6666"},
)


@pytest.fixture(autouse=True)
def no_tries_yet(db: None) -> None:
    cache.clear()


def ask(address: str = "ana@example.org", **headers: str) -> Client:
    client = Client(headers=headers)
    client.post(RESET, {"email": address})
    return client


def link() -> str:
    found = re.search(r"https?://\S+/key/\S+", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[0]


def choose(client: Client, address: str, password: str = NEW) -> Client:
    path = address.removeprefix(settings.SITE_URL)
    form = client.get(path)
    client.post(form.get("Location", path), {"password1": password, "password2": password})
    return client


@pytest.mark.parametrize("headers", POISONED, ids=str)
def test_the_link_leads_to_the_configured_site(ana: User, headers: dict[str, str]) -> None:
    """AN-07, 10 of 10: the host of the request counts for nothing."""
    ask(**headers)

    assert len(mail.outbox) <= 1
    if mail.outbox:
        letter = mail.outbox[0]
        assert link().startswith(f"{settings.SITE_URL}/accounts/password/reset/key/")
        for text in ("evil", "6666", ":9/"):
            assert text not in letter.body
            assert text not in letter.subject


def test_the_host_that_django_lets_through_would_have_poisoned_it(ana: User) -> None:
    """The control: this request is answered, and its own host is another one."""
    client = ask(host="localhost:6666")

    assert len(mail.outbox) == 1
    assert client.get(RESET).wsgi_request.build_absolute_uri("/") == "http://localhost:6666/"


def test_the_link_sets_a_new_password_once(ana: User) -> None:
    client = ask()
    address = link()

    choose(client, address)

    ana.refresh_from_db()
    assert ana.check_password(NEW)
    assert (
        "no longer works" in Client().get(address.removeprefix(settings.SITE_URL)).content.decode()
    )


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_the_link_works_for_an_hour(ana: User, minutes: int, works: bool) -> None:
    start = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = ask()
        clock.move_to(start + timedelta(minutes=minutes))
        choose(client, link())

    ana.refresh_from_db()
    assert ana.check_password(NEW) is works


def test_the_mail_speaks_our_words(ana: User) -> None:
    ask()

    letter = mail.outbox[0]
    assert letter.subject == "Choose a new password for Upgrade Runbook"
    assert "It works once and for one hour." in letter.body
    assert "the account ana" in letter.body


def test_the_person_hears_of_the_change(ana: User) -> None:
    choose(ask(), link())

    letter = mail.outbox[-1]
    assert letter.to == ["ana@example.org"]
    assert "Your account has changed" in letter.body
    assert "testserver" not in letter.body


def test_the_answer_does_not_tell_whether_the_address_is_known(ana: User) -> None:
    """AN-06: text, status, way and number of mails are the same."""

    def told(address: str) -> tuple[int, str, str, int]:
        mail.outbox.clear()
        client = Client()
        first = client.post(RESET, {"email": address})
        page = client.get(first["Location"]).content.decode()
        page = re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", page)
        return first.status_code, first["Location"], page, len(mail.outbox)

    assert told("ana@example.org") == told("nobody@example.org")


@pytest.mark.parametrize("problem", [SMTPException("busy"), ConnectionRefusedError()])
def test_a_mail_server_that_fails_changes_no_answer(
    ana: User, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def refuse(backend: EmailBackend, messages: object) -> int:
        raise problem

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    for address in ("ana@example.org", "nobody@example.org"):
        assert Client().post(RESET, {"email": address}).status_code == 302


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is hashed, which is what signing in spends its time on."""
    made: list[str] = []
    real = MD5PasswordHasher.encode

    def count(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        made.append(password)
        return str(real(hasher, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    return made


@pytest.mark.parametrize("login", ["ana", "ana@example.org", "nobody", "nobody@example.org"])
def test_signing_in_works_as_hard_for_a_name_that_nobody_has(
    ana: User, hashes: list[str], login: str
) -> None:
    """AN-06: one hash each; what remains is below the noise of a request."""
    hashes.clear()

    page = Client().post("/accounts/login/", {"login": login, "password": "wrong"})

    assert hashes == ["wrong"]
    assert page.status_code == 200


def test_signing_in_says_the_same_about_every_name(ana: User) -> None:
    def told(login: str) -> str:
        page = Client().post("/accounts/login/", {"login": login, "password": "wrong"})
        text = page.content.decode().replace(f'value="{login}"', "")
        return re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", text)

    assert told("ana") == told("nobody")
    assert told("ana@example.org") == told("nobody@example.org")


def test_a_closed_account_gets_no_way_back_by_mail(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)

    ask()

    assert all("/key/" not in letter.body for letter in mail.outbox)


def test_the_time_does_not_tell_either(
    ana: User, make_user: Callable[[str], User], settings: object
) -> None:
    """AN-06: the median of asking for a known and an unknown address lies within 5 ms."""
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined]
    client = Client()
    spent: dict[str, list[float]] = {"ana@example.org": [], "nobody@example.org": []}
    for _ in range(60):
        for address, times in spent.items():
            begin = time.process_time()
            client.post(RESET, {"email": address})
            times.append(time.process_time() - begin)

    medians = [sorted(times)[len(times) // 2] for times in spent.values()]

    assert abs(medians[0] - medians[1]) < 0.005, (medians, PASSWORD)

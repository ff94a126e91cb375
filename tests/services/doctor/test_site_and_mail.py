"""The doctor: a sound installation has nothing bad, and each wrong setting is noticed."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.utils import timezone

from runbook.models import User
from runbook.services import doctor
from runbook.services.doctor import Level
from tests.exports.records import stored_run
from tests.services.doctor.patient import (
    BAD,
    SMTP,
    SOUND,
    SQLITE,
    WARN,
    look,
    noticed,
    service,
)

#: What the throw-away PostgreSQL of the tests lacks on purpose.
FAST = ("-",) if SQLITE else ("fsync of", "full_page_writes of")
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


def test_a_sound_installation_has_nothing_bad(sound: User, now: datetime) -> None:
    stored_run(sound, now)

    found = look(deep=True)

    own = [each for each in found if not each.sentence.startswith(FAST)]
    assert [each.sentence for each in own if each.level is Level.BAD] == []
    warned = [each.sentence for each in own if each.level is Level.WARN]
    # The tests own their tables, and the disk of a developer may be full.
    assert [each for each in warned if "owns the tables" not in each and "disk" not in each] == []
    told = " ".join(each.sentence for each in found)
    for words in (
        "Python is",
        "guards of the timeline",
        "record is unbroken: 1",
        "second factor: 1",
    ):
        assert words in told


def plain_http(host: str) -> dict[str, Any]:
    address = f"http://{host}"
    return {"SITE_URL": address, "SITE": urlsplit(address), "HTTPS": False, "ALLOWED_HOSTS": [host]}


IN_SETTINGS: list[tuple[dict[str, Any], Level, str]] = [
    (plain_http("runbook.example.org"), BAD, "passwords cross the network in clear"),
    (plain_http("localhost"), WARN, "for this machine only"),
    ({"ALLOWED_HOSTS": ["*"]}, BAD, "ALLOWED_HOSTS is *"),
    ({"ALLOWED_HOSTS": ["other.example"]}, BAD, "not runbook.example.org"),
    ({"CSRF_TRUSTED_ORIGINS": []}, BAD, "CSRF_TRUSTED_ORIGINS lacks"),
    ({"DEBUG": True}, BAD, "DEBUG is on"),
    ({"SECRET_KEY": "short"}, BAD, "sessions can be forged"),
    ({"SECRET_KEY": "ab" * 40}, BAD, "sessions can be forged"),
    ({"SECRET_KEY": f"django-insecure-{SOUND['SECRET_KEY']}"}, BAD, "sessions can be forged"),
    ({"SESSION_COOKIE_SECURE": False}, BAD, "SESSION_COOKIE_SECURE weaken"),
    ({"CSRF_COOKIE_HTTPONLY": False}, BAD, "CSRF_COOKIE_HTTPONLY weaken"),
    ({"SESSION_COOKIE_SAMESITE": "None"}, BAD, "SESSION_COOKIE_SAMESITE weaken"),
    ({"SESSION_COOKIE_NAME": "session"}, BAD, "SESSION_COOKIE_NAME weaken"),
    ({"SECURE_HSTS_SECONDS": 0}, BAD, "SECURE_HSTS_SECONDS weaken"),
    ({"EMAIL_BACKEND": SMTP.replace("smtp", "console")}, WARN, "Mail goes to the terminal"),
    ({"EMAIL_USE_TLS": False}, WARN, "in clear"),
    ({"DEFAULT_FROM_EMAIL": "runbook@localhost"}, WARN, "which most servers refuse"),
    ({"SOCIALACCOUNT_PROVIDERS": service(issuer="http://id.example.org")}, BAD, "not reached by"),
    ({"SOCIALACCOUNT_PROVIDERS": service(secret="s")}, BAD, "a secret that can be guessed"),
    (
        {"SOCIALACCOUNT_PROVIDERS": service(issuer="https://login.example.org/common/v2.0")},
        *(BAD, "the accounts of every organisation"),
    ),
    (
        {
            "SOCIALACCOUNT_PROVIDERS": service(issuer="https://accounts.google.com"),
            "OIDC_OPEN": True,
        },
        *(BAD, "everybody can have an account"),
    ),
    ({"SOCIALACCOUNT_PROVIDERS": {}, "OIDC_OPEN": True}, WARN, "no sign-in service is set"),
    (
        {"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}},
        *(WARN, "counts wrong passwords by itself"),
    ),
    (
        {"CACHES": {"default": {"BACKEND": "x.DatabaseCache", "LOCATION": "not_there"}}},
        *(BAD, "table of the cache is missing"),
    ),
]


@pytest.mark.parametrize(("changed", "level", "words"), IN_SETTINGS)
@pytest.mark.usefixtures("sound")
def test_a_wrong_setting_is_noticed(
    settings: Any, changed: dict[str, Any], level: Level, words: str
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    noticed(level, words)


@pytest.mark.usefixtures("sound")
def test_a_proxy_that_everybody_can_play_is_noticed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    noticed(WARN, "can pretend any address")

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.2")
    noticed(Level.OK, "calls from 10.0.0.2")

    settings.HTTPS = False
    noticed(WARN, "SITE_URL is not https")


@pytest.mark.usefixtures("sound")
def test_a_key_beside_the_data_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret_key"))

    noticed(WARN, "beside the data")


@pytest.mark.usefixtures("sound")
def test_no_secret_stands_in_a_finding(settings: Any) -> None:
    settings.EMAIL_HOST_PASSWORD = "mail-password-canary"
    settings.SOCIALACCOUNT_PROVIDERS = service(secret="sign-in-canary")
    told = str(look())

    for secret in (SOUND["SECRET_KEY"], "mail-password-canary", "sign-in-canary"):
        assert secret not in told


def test_a_test_mail_is_sent_or_the_reason_is_said(sound: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = LOCMEM
    sent = doctor.send_test_mail("ana@example.org", now=timezone.now())

    assert sent.level is Level.OK
    assert [letter.to for letter in mail.outbox] == [["ana@example.org"]]

    refused = doctor.send_test_mail("no address", now=timezone.now())
    assert (refused.level, "no mail address" in refused.sentence) == (BAD, True)

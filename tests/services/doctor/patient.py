"""What the tests of the doctor ask: a sound installation as settings, and what is noticed in it."""

from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from runbook.services import doctor
from runbook.services.doctor import Finding, Level

SQLITE = connection.vendor == "sqlite"
BAD, WARN = Level.BAD, Level.WARN
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def service(**changed: Any) -> dict[str, Any]:
    """A sign-in service as the settings hold it."""
    issuer = changed.pop("issuer", "https://id.example.org/one")
    app = {"name": "Contoso", "client_id": "runbook", "secret": "s" * 30, **changed}
    return {"openid_connect": {"APPS": [{**app, "settings": {"issuer": issuer}}]}}


SOUND: dict[str, Any] = {
    "SITE_URL": "https://runbook.example.org",
    "SITE": urlsplit("https://runbook.example.org"),
    "HTTPS": True,
    "ALLOWED_HOSTS": ["runbook.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://runbook.example.org"],
    "SECRET_KEY": "uS1-3mQz8vT4nB6xK9wR2yL5cJ7hG0dF1aE3iO5pU8tY6rW4qZ2sX",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Host-session",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "SECURE_HSTS_SECONDS": 31536000,
    "EMAIL_BACKEND": SMTP,
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_PORT": 587,
    "EMAIL_USE_TLS": True,
    "DEFAULT_FROM_EMAIL": "runbook@example.org",
    "SOCIALACCOUNT_PROVIDERS": service(),
    "OIDC_OPEN": False,
}


def look(**more: Any) -> list[Finding]:
    return doctor.examine(**{"now": timezone.now(), **more})


def noticed(level: Level, words: str, **more: Any) -> Finding:
    """The finding with these words; it says what to do, and stands among its like."""
    found = look(**more)
    assert [each.level for each in found] == sorted(
        (each.level for each in found), key=list(Level).index
    )
    hits = [each for each in found if words in each.sentence]
    assert [each.level for each in hits] == [level], [each.sentence for each in found]
    assert hits[0].remedy or level is Level.OK
    return hits[0]


def execute(*statements: str, values: tuple[str, ...] = ()) -> None:
    """Somebody with the database's own tools."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)

"""The settings in the situations that differ from a test run: https, a kept secret, PostgreSQL."""

import json
import os
import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from runbook import settings as product

QUESTION = """
import json
from runbook import settings as s
print(json.dumps([s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_NAME,
                  s.SECURE_SSL_REDIRECT, s.ALLOWED_HOSTS, s.DEBUG]))
"""


def settings_with(**environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a fresh interpreter, since they are read once per process."""
    clean = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody@/none"}
    return subprocess.run(
        [sys.executable, "-c", QUESTION],
        cwd=product.BASE_DIR,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("environment", [{}, {"SITE_URL": "https://x.example"}, {"DEBUG": "0"}])
def test_there_is_no_start_without_a_secret(environment: dict[str, str]) -> None:
    result = settings_with(**environment)

    assert result.returncode != 0
    assert "Set SECRET_KEY to a long random text" in result.stderr


def test_a_site_with_https_never_makes_its_own_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    result = settings_with(SITE_URL="https://x.example", SECRET_KEY_FILE=str(file))

    assert result.returncode != 0
    assert not file.exists()


def test_https_turns_on_the_strict_cookies() -> None:
    result = settings_with(SITE_URL="https://x.example", SECRET_KEY="x")

    assert json.loads(result.stdout) == [
        *("__Host-session", True, "__Host-csrf", True),
        *(["x.example"], False),
    ]


def test_plain_http_on_this_machine_has_cookies_that_browsers_accept() -> None:
    result = settings_with(SECRET_KEY="x")

    assert json.loads(result.stdout) == [
        *("session", False, "csrf", False),
        *(["127.0.0.1", "[::1]", "localhost"], False),
    ]


def test_a_secret_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret_key"
    first = product.kept_secret(file, may_create=True)

    assert len(first) > 60
    assert product.kept_secret(file, may_create=True) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret_key"]
    assert product.kept_secret(tmp_path / "none", may_create=False) == ""


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
    ],
)
def test_the_journal_is_quick_only_where_it_is_sound(version: tuple[int, ...], mode: str) -> None:
    assert product.journal_mode(version) == mode


def test_a_database_address_is_taken_apart() -> None:
    database = product.postgresql("postgresql://ana:p%40ss@db.example:5433/runs?sslmode=require")

    assert [database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        *("runs", "ana", "p@ss", "db.example", "5433"),
    ]
    assert database["OPTIONS"]["sslmode"] == "require"
    assert product.postgresql("postgresql://ana@/runs?host=/run/pg")["HOST"] == "/run/pg"


def test_the_database_runs_with_the_settings_that_keep_the_record_safe(db: None) -> None:
    if connection.vendor == "sqlite":
        names = ("synchronous", "foreign_keys", "secure_delete", "mmap_size", "recursive_triggers")
        assert [_ask(f"PRAGMA {name}") for name in names] == [2, 1, 1, 0, 1]
        assert _ask("PRAGMA journal_mode") == product.journal_mode(_version()).lower()
    else:
        assert _ask("SHOW idle_in_transaction_session_timeout") == "15s"
        assert _ask("SHOW synchronous_commit") == "on"
        assert _ask("SHOW transaction_isolation") == "read committed"


def _version() -> tuple[int, ...]:
    return tuple(int(part) for part in str(_ask("SELECT sqlite_version()")).split("."))


def _ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


RUN = "0b9a3a3e-4c57-4d0b-9c39-6c4b8f1f4d11"


def test_evidence_is_kept_for_ever_unless_somebody_says_otherwise() -> None:
    assert product.months("") == 0
    assert product.months("13") == 13
    assert product.run_ids("") == frozenset()
    assert product.run_ids(f"{RUN}, {RUN.upper()}") == {uuid.UUID(RUN)}


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "a year", "1201", "١٢"])
def test_a_slip_of_the_pen_erases_nothing(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="KEEP_EVIDENCE_MONTHS needs a whole number"):
        product.months(text)


def test_nor_does_an_exemption_that_cannot_be_read() -> None:
    with pytest.raises(ImproperlyConfigured, match="needs the ids of runs"):
        product.run_ids(f"{RUN} Tower-7")

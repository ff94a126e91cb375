"""doctor at the terminal: what it prints, its exit code, and a database that does not answer."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from runbook import settings as product
from runbook.services import doctor
from runbook.services.doctor import Finding, Level

WELL = Finding(level=Level.OK, sentence="The disk is empty.")
WORRY = Finding(level=Level.WARN, sentence="The disk fills up.", remedy="Free some space.")
ILL = Finding(level=Level.BAD, sentence="The disk is full.", remedy="Free some space now.")


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the doctor finds; and how it was asked, behind it."""
    found: list[Finding] = []
    monkeypatch.setattr(doctor, "examine", lambda **asked: list(found))
    return found


def test_findings_are_told_with_what_to_do(finds: list[Finding]) -> None:
    finds += [WORRY, WELL]
    out = io.StringIO()

    call_command("doctor", stdout=out)

    assert out.getvalue() == (
        "WARN  The disk fills up.\n"
        "      Free some space.\n"
        "ok    The disk is empty.\n"
        "\n0 bad, 1 to look at, 1 in order.\n"
    )


def test_something_bad_fails_the_command(finds: list[Finding]) -> None:
    finds += [ILL, WELL]

    with pytest.raises(CommandError, match=r"Findings to mend: 1\.") as refusal:
        call_command("doctor", stdout=io.StringIO())

    assert refusal.value.returncode == 1


def test_as_json(finds: list[Finding]) -> None:
    finds += [ILL, WORRY]
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("doctor", "--json", stdout=out)

    told = json.loads(out.getvalue())
    assert (told["bad"], told["warn"], told["ok"]) == (1, 1, 0)
    assert told["findings"][0] == {
        "level": "bad",
        "sentence": "The disk is full.",
        "remedy": "Free some space now.",
    }


def test_deep_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def examine(**more: Any) -> list[Finding]:
        asked.append(more)
        return []

    monkeypatch.setattr(doctor, "examine", examine)

    call_command("doctor", stdout=io.StringIO())
    call_command("doctor", "--deep", stdout=io.StringIO())

    assert [each["deep"] for each in asked] == [False, True]
    assert asked[0]["now"] > datetime(2026, 1, 1, tzinfo=UTC)


def test_mail_is_sent_only_when_asked(finds: list[Finding]) -> None:
    out = io.StringIO()

    call_command("doctor", stdout=out)
    assert mail.outbox == []
    call_command("doctor", "--send-mail", "ana@example.org", stdout=out)

    assert [letter.to for letter in mail.outbox] == [["ana@example.org"]]
    assert "took a test mail to ana@example.org" in out.getvalue()


def test_a_mail_that_could_not_be_sent_is_bad(finds: list[Finding]) -> None:
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("doctor", "--send-mail", "nowhere", stdout=out)

    assert out.getvalue().startswith("BAD   The test mail to nowhere was not sent.")


def test_an_unreachable_database_and_careless_settings_are_told_without_a_traceback() -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=product.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": "postgresql://somebody:password-canary@127.0.0.1:1/none",
            "SECRET_KEY": "short",
            "SITE_URL": "http://runbook.example.org",
            "DEBUG": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "password-canary" not in result.stdout + result.stderr
    told = [each["sentence"] for each in json.loads(result.stdout)["findings"]]
    for words in ("database cannot be reached", "DEBUG is on", "can be forged", "in clear"):
        assert any(words in sentence for sentence in told), words

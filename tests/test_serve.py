"""Starting the product: one command, and the first account's code on the terminal."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from runbook.management.commands import serve
from runbook.models import User


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server was started with, without starting it."""
    options: dict[str, Any] = {}
    monkeypatch.setattr(serve.uvicorn, "run", lambda app, **rest: options.update(rest, app=app))
    return options


def output_of_serve() -> str:
    output = StringIO()
    call_command("serve", port=8123, stdout=output)
    return output.getvalue()


def test_prints_the_address_and_a_code_that_works(db: None, served: dict[str, Any]) -> None:
    text = output_of_serve()

    assert "Upgrade Runbook is served at http://127.0.0.1:8123/ until you press Ctrl-C." in text
    assert "http://127.0.0.1:8123/set-up/" in text
    code = re.search(r"one-time set-up code: (\S+)", text)
    assert code
    answers = {"code": code[1], "username": "ana", "email": "ana@example.org"}
    passwords = dict.fromkeys(("password", "password_again"), "correct horse battery staple")
    assert Client().post("/set-up/", answers | passwords).status_code == 302


def test_prints_no_code_once_there_is_an_account(ana: User, served: dict[str, Any]) -> None:
    assert "code" not in output_of_serve()


def test_runs_one_process_that_stops_soon(db: None, served: dict[str, Any]) -> None:
    output_of_serve()

    assert (served["app"], served["host"], served["port"]) == (
        *("runbook.asgi:application", "127.0.0.1"),
        8123,
    )
    assert served["timeout_graceful_shutdown"] == 2
    assert "workers" not in served


def test_static_files_are_collected_only_when_one_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[str] = []
    prints = iter(["one", "one", "two"])
    monkeypatch.setattr(serve, "call_command", lambda name, **options: collected.append(name))
    monkeypatch.setattr(serve, "_fingerprint", lambda: next(prints))

    for _ in range(3):
        serve.collect_static_files()

    assert collected == ["collectstatic", "collectstatic"]

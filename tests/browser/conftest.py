"""Real-browser journeys: the real ASGI application on a free port, watched by a strict listener.

Run them with their own command: Playwright leaves an event loop running in the test's thread, so
Django's check against database calls from async code has to be off here, and here only.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
import uvicorn
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from runbook.models import User

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium must neither call home nor use /dev/shm, which is tiny in containers.
FLAGS = [
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

# A busy machine may take seconds for the first page; what must be quick says so in its own test.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Both the browser and the application are on this machine; everything else stays closed.
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.enable_socket)
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1"]))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")
    own = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **own, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # Nothing glides or fades for somebody who asked for no motion, so nothing is waited for.
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The server's clock, at ten past two on a Tuesday night; it runs on and can be moved.

    Name it before `server`, so that it goes back only after the server has stopped.
    """
    with time_machine.travel(datetime(2026, 11, 24, 1, 10, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def server(committed_db: None) -> Iterator[str]:
    """Address of the running application; its database is empty at the start of each test."""
    from runbook.asgi import application  # noqa: PLC0415 - needs Django to be set up

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join(5)


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    # What the policy blocks is an event of the page; on the console the listener below sees it.
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e =>"
        " console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI));"
    )
    context.set_default_timeout(20_000)
    return context


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that fails its test for an error on the console, an exception or a CSP violation.

    The same holds for further tabs beside it. A test that provokes an answer such as 422 on purpose says so in page.expected_errors.
    """
    errors: list[str] = []
    page.expected_errors = []  # type: ignore[attr-defined]

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.context.on("console", note)
    page.context.on("weberror", lambda error: errors.append(str(error.error)))
    yield page
    expected: list[str] = page.expected_errors  # type: ignore[attr-defined]
    surprises = [text for text in errors if not any(part in text for part in expected)]
    assert surprises == []


@pytest.fixture
def signed_in_page(server: str, page: Page) -> Callable[[User], Page]:
    """Sign a person in by cookie, at the server's address, and hand out the page."""

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}]
        )
        page.goto(server)
        assert urlsplit(page.url).path == "/"
        return page

    return sign_in

"""A browser's side of a stream, without a browser: calls the application and reads what it says."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from runbook.live import LiveUpdates
from runbook.models import Run, User
from runbook.wsgi import application as site

PATIENCE = 10.0


def cookie_of(user: User) -> str:
    """The cookie of somebody who has just signed in."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


async def meanwhile(do: Callable[..., Any], *given: Any) -> Any:
    """Does something in another thread, with a connection of its own, as a page would."""

    def work() -> Any:
        try:
            return do(*given)
        finally:
            connection.close()

    return await asyncio.to_thread(work)


class Reader:
    """One stream, open inside `async with`."""

    def __init__(
        self,
        live: LiveUpdates,
        run: Run | str,
        *,
        cookie: str = "",
        query: str = "",
        method: str = "GET",
        headers: dict[str, str] | None = None,
    ) -> None:
        self._live = live
        path = run if isinstance(run, str) else f"/live/runs/{run.pk}/"
        said = {"host": "testserver", "cookie": cookie, **(headers or {})}
        self._scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), text.encode()) for name, text in said.items() if text],
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
        }
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.ended = False
        self._left = asyncio.Event()
        self._heard = asyncio.Condition()

    async def __aenter__(self) -> "Reader":
        self._task = asyncio.create_task(self._live(self._scope, self._receive, self._send))
        await self.until(lambda: bool(self.status) and (bool(self.text) or self.ended))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        await asyncio.wait_for(self._task, PATIENCE)

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        async with self._heard:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode(): text.decode() for name, text in message["headers"]}
            else:
                self.text += message["body"].decode()
                self.ended = not message.get("more_body", False)
            self._heard.notify_all()

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Name and content of what was said, in order."""
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"])))
        return found

    def said(self, name: str) -> list[Any]:
        """The contents of all events of a name."""
        return [content for event, content in self.events if event == name]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for what comes until it is so."""
        async with self._heard:
            await asyncio.wait_for(self._heard.wait_for(is_so), PATIENCE)

    async def hears(self, name: str, content: Any) -> None:
        await self.until(lambda: self.said(name)[-1:] == [content])

    async def is_ended(self) -> None:
        await self.until(lambda: self.ended)


def play(scene: Callable[[LiveUpdates], Coroutine[Any, Any, None]]) -> None:
    """A scene on a loop and with a hub of its own."""

    async def whole() -> None:
        live = LiveUpdates(site)
        try:
            await scene(live)
        finally:
            live.hub.stop()

    asyncio.run(asyncio.wait_for(whole(), 60))

"""Live updates: server-sent events beside Django, one hub per event loop.

A stream says only that a run changed, up to which event, and who else is looking; what changed is
fetched as a page like any other, so no right is decided here. `door` asks the site who may watch,
`standing` looks whether they still may, `sources` notice commits, `hub` passes the word on.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from runbook.live.door import Site
from runbook.live.hub import Hub

PREFIX = "/live/"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[int, FrameType | None], Any]


class LiveUpdates:
    """The part of the application that answers under /live/ and ends with the server."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # A hub's tasks belong to the loop that started them; another loop gets its own.
        self._hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()

    @property
    def hub(self) -> Hub:
        """The hub of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._hubs:
            self._hubs[loop] = Hub(self._site)
        return self._hubs[loop]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self.hub.serve(scope, receive=receive, send=send)

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """The server's beginning and end; servers wait for open streams, so a signal ends them."""
        await receive()
        hub = self.hub
        _end_with_the_process(hub)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        hub.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _end_with_the_process(hub: Hub) -> None:
    """Puts the end of the streams before what the server does on a signal."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _then(before, lambda: loop.call_soon_threadsafe(hub.stop)))


def _then(before: Handler, end: Callable[[], object]) -> Handler:
    def handle(number: int, frame: FrameType | None) -> Any:
        end()
        return before(number, frame)

    return handle

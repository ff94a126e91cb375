"""Takes in what a request carries before one of the few threads answers it.

Then a slow upload costs nobody a thread, and one that breaks off never reaches the product: no view
sees half a file. Small forms pass through memory; more lies in a file without a name beside the
objects, which is gone with the request, also when the process is killed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

from runbook.domain.handed_files import MIB
from runbook.services import objects
from runbook.web.upload_limit import LARGEST

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_IN_MEMORY = 256 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a sender is waited for: some seconds, and more for each byte that came.

    `room` is how many bytes all requests on their way may take together.
    """

    seconds: float = 30.0
    bytes_per_second: int = 1024
    room: int = 1024 * MIB


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    sentence: str


_TOO_SLOW = _Refusal(
    408, "This came in too slowly, so nothing was recorded. Send it again on a better line."
)
_NO_ROOM = _Refusal(
    503, "Too much is being handed in at this moment. Nothing was recorded; send it in a minute."
)


class _GaveUp(Exception):
    """The sender broke the connection off; there is nobody to answer."""


class WholeBodies:
    """Stands before the pages: each is asked when all that belongs to its request is here."""

    def __init__(self, pages: App, patience: Patience | None = None) -> None:
        self._pages = pages
        self._patience = patience or Patience()
        self._taken = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hands the request on, or answers it with a refusal, or drops it with its sender."""
        if not 0 < _announced(scope) <= LARGEST:
            # Nothing is read of it: there is none, or the product refuses it by its length.
            await self._pages(scope, receive, send)
            return
        body = _Body(receive)
        try:
            refusal = await self._take_in(body)
            if refusal is None:
                await self._pages(scope, body.again, send)
            else:
                await _answer(send, refusal)
        except _GaveUp:
            logger.info("An upload broke off after %s bytes.", body.size)
        finally:
            self._taken -= body.size
            body.close()

    async def _take_in(self, body: "_Body") -> _Refusal | None:
        patience, clock = self._patience, asyncio.get_running_loop().time
        until = clock() + patience.seconds
        try:
            while not body.is_whole:
                async with asyncio.timeout_at(until + body.size / patience.bytes_per_second):
                    self._taken += await body.take()
                if self._taken > patience.room:
                    return _NO_ROOM
        except TimeoutError:
            return _TOO_SLOW
        except OSError:
            logger.exception("An upload could not be taken in.")
            return _NO_ROOM
        return None


class _Body:
    """What came so far, in the order in which it came, to be received once more."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._file: IO[bytes] = BytesIO()
        self._in_memory = True
        self.size = 0
        self.is_whole = False
        self._left: int | None = None

    async def take(self) -> int:
        """Waits for the next piece; how many bytes it has."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _GaveUp
        piece = message.get("body", b"")
        self.size += len(piece)
        if self._in_memory and self.size > _IN_MEMORY:
            self._move_to_disk()
        self._file.write(piece)
        self.is_whole = not message.get("more_body", False)
        return len(piece)

    def _move_to_disk(self) -> None:
        file = TemporaryFile(dir=objects.incoming())  # noqa: SIM115 - closed with the body
        self._file.seek(0)
        file.write(self._file.read())
        self._file, self._in_memory = file, False

    async def again(self) -> Message:
        """The same once more; after that, whatever the server says next."""
        if self._left is None:
            self._file.seek(0)
            self._left = self.size
        elif not self._left:
            return await self._receive()
        piece = self._file.read(_CHUNK)
        self._left -= len(piece)
        return {"type": "http.request", "body": piece, "more_body": self._left > 0}

    def close(self) -> None:
        """Lets go of the bytes."""
        self._file.close()


def _announced(scope: Message) -> int:
    """How many bytes the request says it carries; Django reads no others."""
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _answer(send: Send, refusal: _Refusal) -> None:
    body = refusal.sentence.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Takes in what a request carries before one of the few threads answers it.

Then a slow upload costs nobody a thread, and one that breaks off never reaches the product: no view
sees half a file. Small forms pass through memory; more lies in a file without a name beside the
objects, which is gone with the request, also when the process is killed.
"""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
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
class Room:
    """How many bytes all requests on their way may take together, and those from one address."""

    all: int
    each: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a sender is waited for: some seconds, and more for each byte that came.

    Time that was not needed is not saved up: who sent most of a file at once is not waited for any
    longer than somebody who begins. Requests that announce no more than `small` have a room of their
    own, so that nobody who fills the other with files keeps people from signing in.
    """

    seconds: float = 30.0
    bytes_per_second: int = 1024
    small: int = MIB
    for_small: Room = Room(all=128 * MIB, each=32 * MIB)
    for_large: Room = Room(all=1024 * MIB, each=512 * MIB)


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
        self._small = _Taken(self._patience.for_small)
        self._large = _Taken(self._patience.for_large)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hands the request on, or answers it with a refusal, or drops it with its sender."""
        announced = _announced(scope)
        if not 0 < announced <= LARGEST:
            # Nothing is read of it: there is none, or the product refuses it by its length.
            await self._pages(scope, receive, send)
            return
        taken = self._small if announced <= self._patience.small else self._large
        body = _Body(receive)
        with taken.by(_network(scope)) as take:
            try:
                refusal = await self._take_in(body, take)
                if refusal is None:
                    await self._pages(scope, body.again, send)
                else:
                    await _answer(send, refusal)
            except _GaveUp:
                logger.info("An upload broke off after %s bytes.", body.size)
            finally:
                body.close()

    async def _take_in(self, body: "_Body", take: "Take") -> _Refusal | None:
        patience = self._patience
        until = _clock() + patience.seconds
        try:
            while not body.is_whole:
                async with asyncio.timeout_at(until):
                    size = await body.take()
                earned = size / patience.bytes_per_second
                until = min(until + earned, _clock() + patience.seconds)
                if not take(size):
                    return _NO_ROOM
        except TimeoutError:
            return _TOO_SLOW
        except OSError:
            logger.exception("An upload could not be taken in.")
            return _NO_ROOM
        return None


#: Notes that so many bytes came; False if that was too much.
Take = Callable[[int], bool]


class _Taken:
    """What the requests on their way take, by the address that they come from."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._by: Counter[str] = Counter()

    @contextmanager
    def by(self, whose: str) -> Iterator[Take]:
        """What one request takes, given back when it is over."""
        mine = 0

        def take(size: int) -> bool:
            nonlocal mine
            mine += size
            self._by[whose] += size
            return self._by[whose] <= self._room.each and self._by.total() <= self._room.all

        try:
            yield take
        finally:
            self._by[whose] -= mine
            self._by += Counter()  # forgets who has nothing on its way any more


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


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _network(scope: Message) -> str:
    """Where a request comes from; for IPv6 the network, since one sender owns all of it."""
    host = (scope.get("client") or ("",))[0]
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    bits = 64 if parsed.version == 6 else 32
    return str(ipaddress.ip_network((parsed.packed, bits), strict=False))


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

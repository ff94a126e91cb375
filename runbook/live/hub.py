"""The hub of one event loop: holds the streams, notices what they must hear, ends those it should.

A stream keeps no queue. It compares what it has said with what is true now, so a slow reader costs
no memory and a fast writer wakes it once.
"""

import asyncio
import json
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.db import connection, connections

from runbook.live import sources
from runbook.live.door import Answer, Site, Watcher, who_watches
from runbook.live.presence import People, Presence
from runbook.live.standing import still_allowed, versions

logger = logging.getLogger(__name__)

#: Seconds between two looks whether everybody may still watch; each is followed by a ping.
BEAT = 10.0
#: Seconds after which a stream ends and the browser asks the site anew: the age of an idle sign-in
#: stands in a cookie, which only a new request brings along.
LIFETIME = 300.0
#: Seconds for which coming and going is collected before it is told.
SETTLE = 0.3
STREAMS_PER_PERSON = 6
STREAMS = 800
WAITING_AT_THE_DOOR = 200
#: Seconds that a reader may leave a message in the socket.
PATIENCE = 30.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Result = TypeVar("Result")


class Stream:
    """One open answer: what it has said, and what wakes it.

    `scope` is kept for those whom only the site can judge again.
    """

    __slots__ = ("ends", "names", "over", "ping", "scope", "seq", "told", "wake", "watcher")

    def __init__(self, watcher: Watcher, *, scope: Message | None, seq: int, ends: float) -> None:
        self.watcher, self.scope, self.seq, self.ends = watcher, scope, seq, ends
        self.names: list[str] | None = None
        self.told: list[str] | None = None
        self.over = self.ping = False
        self.wake = asyncio.Event()

    def end(self) -> None:
        self.over = True
        self.wake.set()

    def due(self, seq: int) -> bytes:
        """What the reader has not heard yet."""
        lines = ""
        if seq != self.seq:
            self.seq = seq
            lines += f"event: changed\nid: {seq}\ndata: {seq}\n\n"
        if self.names != self.told:
            self.told = self.names
            lines += f"event: presence\ndata: {json.dumps(self.names)}\n\n"
        if self.ping:
            self.ping = False
            lines += "event: ping\ndata: 1\n\n"
        return lines.encode()


class Room:
    """A run that is watched: its newest event and its streams."""

    __slots__ = ("seq", "streams")

    def __init__(self) -> None:
        self.seq = 0
        self.streams: set[Stream] = set()

    def people(self) -> People:
        found = (stream.watcher for stream in self.streams)
        return {each.who: each.name for each in found if each.name}


class Hub:
    """Everything that the streams of one loop share."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rooms: dict[uuid.UUID, Room] = {}
        self._presence = Presence()
        self._restless: set[uuid.UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_the_door = 0
        self._stopping = False
        # The door's connection ends with each request it makes; the one that looks is kept.
        self._door = ThreadPoolExecutor(1, "live-door")
        self._looking = ThreadPoolExecutor(1, "live-look")

    # --- what the sources and the tests use ------------------------------------------------------

    def watched(self) -> list[uuid.UUID]:
        return list(self._rooms)

    def streams(self) -> list[Stream]:
        return [stream for room in self._rooms.values() for stream in room.streams]

    async def look(self, ask: Callable[..., Result], *given: Any) -> Result:
        """Asks the database in the hub's own thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._looking, lambda: _looked(ask, given))

    async def spread(self, found: dict[uuid.UUID, int]) -> None:
        """Wakes those who watch a run that went on, once it is sure that they still may."""
        moved = {
            run: seq
            for run, seq in found.items()
            if run in self._rooms and seq > self._rooms[run].seq
        }
        if not moved:
            return
        await self._end_the_revoked([s for run in moved for s in self._rooms[run].streams])
        for run, seq in moved.items():
            room = self._rooms.get(run, Room())
            room.seq = max(room.seq, seq)
            for stream in room.streams:
                stream.wake.set()

    def hear(self, said: dict[str, Any]) -> None:
        """Another process tells who is there."""
        run = uuid.UUID(said["run"])
        if said["hub"] == self._presence.own or run not in self._rooms:
            return
        unknown = self._presence.hear(said, at=_now())
        self._tell_names(run)
        if unknown:  # it cannot know of us either
            self._keep(self._share([run]))

    def stop(self) -> None:
        """Ends every stream and takes no more; a second time does nothing."""
        if self._stopping:
            return
        self._stopping = True
        for stream in self.streams():
            stream.end()
        self._rest()
        for pool in (self._door, self._looking):
            pool.shutdown(wait=False)

    # --- one stream ------------------------------------------------------------------------------

    async def serve(self, scope: Message, *, receive: Receive, send: Send) -> None:
        """Answers one request: a stream until somebody ends it, or the site's refusal."""
        stream = await self._begun(scope, send)
        if stream is None:
            return
        gone = asyncio.ensure_future(_until_gone(receive, stream))
        try:
            await self._speak(stream, send)
        except (TimeoutError, OSError):
            pass  # the reader is gone or does not read
        except RuntimeError:  # so say the threads of a hub that has stopped meanwhile
            if not self._stopping:
                raise
        finally:
            gone.cancel()
            self._leave(stream)

    async def _begun(self, scope: Message, send: Send) -> Stream | None:
        """The stream behind an answer that has begun; none after a refusal.

        What it took to decide is forgotten here: a stream lives long and should be small.
        """
        answer = await self._asked(scope)
        if answer.watcher is None:
            await _refuse(send, answer)
            return None
        ends = _now() + LIFETIME * random.uniform(0.8, 1.0)  # noqa: S311 - spreads the returns
        cursor = _cursor(scope)
        stream = Stream(
            answer.watcher,
            scope=None if answer.watcher.session else scope,
            seq=answer.seq if cursor is None else cursor,
            ends=ends,
        )
        self._join(stream, seq=answer.seq)
        kind = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        headers = [*answer.headers, *kind]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        except BaseException:
            self._leave(stream)
            raise
        return stream

    async def _asked(self, scope: Message) -> Answer:
        if scope["method"] != "GET":
            return _no(405, "Read it.", (b"allow", b"GET"))
        if self._stopping or self._at_the_door >= WAITING_AT_THE_DOOR:
            return _no(503, "Not now.", (b"retry-after", b"5"))
        self._at_the_door += 1
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(
                self._door, lambda: who_watches(scope, site=self._site)
            )
        finally:
            self._at_the_door -= 1
        if answer.watcher is None:
            return answer
        streams = self.streams()
        own = sum(stream.watcher.who == answer.watcher.who for stream in streams)
        if own >= STREAMS_PER_PERSON:
            return _no(429, "Too many pages are open.", (b"retry-after", b"60"))
        if self._stopping or len(streams) >= STREAMS:
            return _no(503, "Not now.", (b"retry-after", b"60"))
        return answer

    async def _speak(self, stream: Stream, send: Send) -> None:
        # What was committed between the site's answer and this moment was told to nobody here.
        for run, newest in (await self.look(versions, [stream.watcher.run])).items():
            if run in self._rooms:
                self._rooms[run].seq = max(self._rooms[run].seq, newest)
        # The id is said at once, so that a reader that reconnects says where it stood.
        body = f"retry: 1000\nid: {stream.seq}\n\n".encode()
        while not stream.over:
            stream.wake.clear()
            body += stream.due(self._rooms[stream.watcher.run].seq)
            if body:
                async with asyncio.timeout(PATIENCE):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            body = b""
            await stream.wake.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _join(self, stream: Stream, *, seq: int) -> None:
        run = stream.watcher.run
        if not self._rooms:
            self._keep(self._follow())
            self._keep(self._beat())
        room = self._rooms.get(run)
        if room is None:
            room = self._rooms[run] = Room()
            room.seq = seq
        room.streams.add(stream)
        self._unrest(run)

    def _leave(self, stream: Stream) -> None:
        stream.over = True
        run = stream.watcher.run
        room = self._rooms.get(run)
        if room is None or stream not in room.streams:
            return
        room.streams.discard(stream)
        self._unrest(run)
        if not room.streams:
            del self._rooms[run]
        if not self._rooms and not self._stopping:
            self._rest()

    async def _follow(self) -> None:
        while True:
            try:
                await sources.follow(self)
            except Exception:
                logger.exception("Commits were not noticed for a moment.")
            await asyncio.sleep(1)

    # --- the beat --------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await self._end_the_revoked(self.streams())
            now = _now()
            for stream in self.streams():
                if stream.ends < now:
                    stream.end()
                stream.ping = True
                stream.wake.set()
            for run in self._presence.age(at=now):
                self._tell_names(run)
            await self._share(self.watched())

    async def _end_the_revoked(self, streams: Collection[Stream]) -> None:
        """Ends the streams of those who may no longer watch; of all, if nobody can tell."""
        members = {stream.watcher for stream in streams if stream.watcher.session}
        try:
            allowed = await self.look(still_allowed, members) if members else set()
            for stream in streams:
                if not stream.watcher.session and await self._is_let_in(stream):
                    allowed.add(stream.watcher)
        except Exception:
            logger.exception("Nobody could tell who may still watch; their streams end.")
            allowed = set()
        for stream in streams:
            if stream.watcher not in allowed:
                stream.end()

    async def _is_let_in(self, stream: Stream) -> bool:
        """Asks the site once more for somebody who is no member, such as the holder of a link."""
        loop = asyncio.get_running_loop()
        scope = stream.scope or {}
        answer = await loop.run_in_executor(self._door, lambda: who_watches(scope, site=self._site))
        return answer.watcher == stream.watcher

    # --- presence --------------------------------------------------------------------------------

    def _unrest(self, run: uuid.UUID) -> None:
        """Somebody came or went; told a moment later, for a reload is both."""
        if not self._restless:
            asyncio.get_running_loop().call_later(SETTLE, self._settle)
        self._restless.add(run)

    def _settle(self) -> None:
        runs, self._restless = self._restless, set()
        if self._stopping:
            return
        for run in runs:
            self._tell_names(run)
        self._keep(self._share(runs))

    def _tell_names(self, run: uuid.UUID) -> None:
        room = self._rooms.get(run)
        if room is None:
            return
        everybody = self._presence.everybody(run, here=room.people())
        for stream in room.streams:
            others = {who: name for who, name in everybody.items() if who != stream.watcher.who}
            stream.names = sorted(others.values(), key=str.casefold)
            if stream.names != stream.told:
                stream.wake.set()

    async def _share(self, runs: Collection[uuid.UUID]) -> None:
        said = [
            self._presence.message(
                run, here=self._rooms[run].people() if run in self._rooms else {}
            )
            for run in runs
        ]
        try:
            await self.look(sources.share, [json.dumps(each) for each in said])
        except Exception:
            logger.exception("Who is here could not be told to other processes.")

    # --- tasks and threads -----------------------------------------------------------------------

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _rest(self) -> None:
        """Nobody watches: nothing is followed, and no connection is kept."""
        for task in tuple(self._tasks):
            task.cancel()
        self._looking.submit(connections.close_all)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _looked(ask: Callable[..., Result], given: tuple[Any, ...]) -> Result:
    try:
        return ask(*given)
    finally:
        if connection.vendor == "postgresql":
            connection.close()  # back to the pool; SQLite's counter needs the kept one


async def _until_gone(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _cursor(scope: Message) -> int | None:
    """The event that the reader has seen: what it says on its return, else what the page said."""
    headers = dict(scope["headers"])
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("since", [""])
    said = headers.get(b"last-event-id", b"").decode("latin-1") or asked[0]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else None


def _no(status: int, sentence: str, *headers: tuple[bytes, bytes]) -> Answer:
    kept = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store"), *headers]
    return Answer(status=status, headers=kept, body=sentence.encode())


async def _refuse(send: Send, answer: Answer) -> None:
    length = str(len(answer.body)).encode()
    headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
    headers.append((b"content-length", length))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})

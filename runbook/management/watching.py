"""The client's side of the live benchmark: streams and requests over plain sockets, no library.

Each watcher notes when it heard of which event; the clock is the machine's, so that the moments of
several processes can be compared.
"""

import asyncio
import time
from dataclasses import dataclass, field

Address = tuple[str, int]


def request(path: str, *, cookie: str, htmx: bool = False) -> bytes:
    """A GET as a browser would send it, on a connection that stays open."""
    more = "HX-Request: true\r\n" if htmx else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n{more}\r\n".encode()


@dataclass(slots=True)
class Watching:
    """One open stream."""

    run: str
    cookie: str
    heard: list[tuple[int, float]] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None
    _writer: asyncio.StreamWriter | None = None

    async def open(self, address: Address) -> None:
        """Returns when the first word has come."""
        reader, self._writer = await asyncio.open_connection(*address)
        self._writer.write(request(f"/live/runs/{self.run}/", cookie=self.cookie))
        line = await reader.readline()
        if b" 200 " not in line:
            raise RuntimeError(f"A stream was answered with {line.decode().strip()}.")
        while not (await reader.readline()).startswith(b"retry"):
            pass
        self._task = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"id:"):
                self.heard.append((int(line[3:]), time.monotonic()))

    async def fetch(self, address: Address, seq: int, *, since: float) -> float:
        """What a page does on an event: fetches the changed parts; seconds from the commit."""
        while not self.heard or self.heard[-1][0] < seq:
            await asyncio.sleep(0.002)
        reader, writer = await asyncio.open_connection(*address)
        path = f"/runs/{self.run}/news/?since={seq - 1}"
        writer.write(request(path, cookie=self.cookie, htmx=True))
        await _skip_body(reader, (await reader.readuntil(b"\r\n\r\n")).lower())
        writer.close()
        return time.monotonic() - since

    def close(self) -> None:
        for end in (self._task, self._writer):
            if isinstance(end, asyncio.Task):
                end.cancel()
            elif end:
                end.close()


async def per_second(address: Address, *, asked: bytes, seconds: float) -> float:
    """Requests in a second over eight connections, each asking again when it is answered."""
    end = time.monotonic() + seconds
    counts = await asyncio.gather(*(_ask(address, asked=asked, until=end) for _ in range(8)))
    return sum(counts) / seconds


async def _ask(address: Address, *, asked: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection(*address)
    count = 0
    while time.monotonic() < until:
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        await _skip_body(reader, head.lower())
        count += 1
    writer.close()
    return count


async def _skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if not head.startswith((b"http/1.1 200", b"http/1.1 204")):
        raise RuntimeError(f"The benchmark was answered with {head[:40].decode()}.")
    if b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    elif b"chunked" in head:
        while size := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(size + 2)
        await reader.readline()

"""Values of a very long run on disk instead of in memory, for as long as a file is being written."""

import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import IO, Any, Generic, TypeVar, overload

from runbook.domain.chain import Link
from runbook.domain.report import ReportLine

T = TypeVar("T")
_BLOCK = 64


class Spooled(Sequence[T], Generic[T]):
    """Behaves as a tuple of the same values, and holds one block of them in memory.

    It may be gone through several times at once, but in one thread. Close it when all is written;
    the file has no name, so nothing is left of it even after a crash.
    """

    def __init__(
        self,
        values: Iterable[T],
        *,
        put: Callable[[T], list[Any]],
        take: Callable[[list[Any]], T],
    ) -> None:
        self._take = take
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._begins = array("q", [0])
        self._count = 0
        self._block: tuple[int, list[list[Any]]] = (-1, [])
        try:
            self._fill(values, put)
        except BaseException:
            self.close()
            raise

    def _fill(self, values: Iterable[T], put: Callable[[T], list[Any]]) -> None:
        found = iter(values)
        while block := [put(each) for each in islice(found, _BLOCK)]:
            written = self._file.write(json.dumps(block).encode())
            self._begins.append(self._begins[-1] + written)
            self._count += len(block)

    def close(self) -> None:
        """Gives the room on disk back."""
        self._file.close()

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __iter__(self) -> Iterator[T]:
        """All of them in order, each made anew."""
        for number in range(len(self._begins) - 1):
            yield from map(self._take, self._read(number))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        """One of them, or a few."""
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(self._count)))
        number, inside = divmod(range(self._count)[place], _BLOCK)
        if self._block[0] != number:
            self._block = number, self._read(number)
        return self._take(self._block[1][inside])

    def _read(self, number: int) -> list[list[Any]]:
        begin, end = self._begins[number : number + 2]
        self._file.seek(begin)
        found: list[list[Any]] = json.loads(self._file.read(end - begin))
        return found


def spooled_lines(lines: Iterable[ReportLine]) -> Spooled[ReportLine]:
    """Lines of a report."""
    return Spooled(lines, put=_put_line, take=_take_line)


def spooled_links(links: Iterable[Link]) -> Spooled[Link]:
    """Stored events."""
    return Spooled(links, put=_put_link, take=_take_link)


def _put_line(line: ReportLine) -> list[Any]:
    return [
        line.seq,
        line.event_type,
        line.headline,
        line.detail,
        line.actor,
        line.happened_at.isoformat(),
        line.recorded_at.isoformat(),
        line.late,
        line.digest,
    ]


def _take_line(kept: list[Any]) -> ReportLine:
    seq, event_type, headline, detail, actor, happened_at, recorded_at, late, digest = kept
    return ReportLine(
        seq=seq,
        event_type=event_type,
        headline=headline,
        detail=detail,
        actor=actor,
        happened_at=datetime.fromisoformat(happened_at),
        recorded_at=datetime.fromisoformat(recorded_at),
        late=late,
        digest=digest,
    )


def _put_link(link: Link) -> list[Any]:
    salt = None if link.salt is None else link.salt.hex()
    return [link.seq, link.header, link.digest, salt, link.body, link.erased]


def _take_link(kept: list[Any]) -> Link:
    seq, header, digest, salt, body, erased = kept
    return Link(
        seq=seq,
        header=header,
        digest=digest,
        salt=None if salt is None else bytes.fromhex(salt),
        body=body,
        erased=erased,
    )

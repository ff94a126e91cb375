"""Where a moment stands in the picture: time runs evenly, but long gaps without entries are cut.

A run has minutes that matter and nights in which nothing happens. Evenly drawn, the minutes would
vanish; so a long gap takes the room of a shorter one, and the picture says how long it was.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_BUSY = timedelta(minutes=60)
_SHORTEST = timedelta(minutes=20)
#: The room that a cut gap keeps, as a part of all the time in which something happened, and how much
#: longer a gap must be to be worth cutting.
_PART, _WORTH_CUTTING = 6, 1.5
#: Moments so close together need two places, not one each: no gap as short as this is ever cut.
_SLOT = timedelta(minutes=10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_MOST_DAYS = 400


class Ends:
    """The first and the last moment of each stretch of ten minutes: between them time runs evenly, so
    that a place for each moment in the middle would say nothing.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[datetime, datetime]] = {}

    def add(self, moment: datetime) -> None:
        """Takes up one moment."""
        at = moment.astimezone(UTC)
        slot = (at - _EPOCH) // _SLOT
        first, last = self._found.get(slot, (at, at))
        if not first < at < last:
            self._found[slot] = min(first, at), max(last, at)

    def all(self) -> tuple[datetime, ...]:
        """All of them in order."""
        return tuple(sorted({moment for ends in self._found.values() for moment in ends}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch that is drawn shorter than it was, from one place to another."""

    left: int
    right: int
    lasted: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Places of moments between `left` and `right`; moments outside stand at the ends."""

    moments: tuple[datetime, ...]
    places: tuple[float, ...]
    gaps: tuple[Gap, ...]
    zone: ZoneInfo

    def at(self, moment: datetime) -> int:
        """The place of a moment."""
        number = bisect_right(self.moments, moment) - 1
        if number < 0:
            return round(self.places[0])
        if number + 1 >= len(self.moments):
            return round(self.places[-1])
        begin, end = self.moments[number : number + 2]
        part = (moment - begin) / (end - begin)
        return round(self.places[number] + part * (self.places[number + 1] - self.places[number]))

    def ticks(self, *, apart: int) -> Iterator[datetime]:
        """Round times of the clock outside of cut gaps, at least so far apart."""
        cut = {(gap.left, gap.right) for gap in self.gaps}
        spans = [
            (begin, end)
            for begin, end in pairwise(self.moments)
            if (self.at(begin), self.at(end)) not in cut
        ]
        pace = self._pace(spans)
        step = next((each for each in _STEPS if each * pace >= apart), _STEPS[-1])
        for begin, end in _joined(spans):
            yield from _round_times(begin, end, step=step, zone=self.zone)

    def _pace(self, spans: Sequence[tuple[datetime, datetime]]) -> float:
        """Room per minute, outside of cut gaps the same everywhere."""
        minutes = sum(((end - begin).total_seconds() / 60 for begin, end in spans), 0.0)
        room = sum(self.at(end) - self.at(begin) for begin, end in spans)
        return room / minutes if minutes and room else 1.0

    def days(self, *, apart: int) -> Iterator[datetime]:
        """Each midnight of the run's clock between the first moment and the last, without those in a
        cut gap that would stand closer together than this.
        """
        crowded = self._crowded(apart)
        for day in self._midnights():
            if not any(gap.left <= self.at(day) <= gap.right for gap in crowded):
                yield day

    def resumed(self, *, apart: int) -> Iterator[datetime]:
        """The moments at which a gap ends whose midnights are left out."""
        ends = {gap.right for gap in self._crowded(apart)}
        return (moment for moment in self.moments if self.at(moment) in ends)

    def _crowded(self, apart: int) -> list[Gap]:
        """The cut gaps in which midnights would stand closer together than this."""
        day = timedelta(days=1)
        return [gap for gap in self.gaps if gap.right - gap.left < apart * (gap.lasted / day)]

    def _midnights(self) -> Iterator[datetime]:
        day = self.moments[0].astimezone(self.zone).date()
        last = self.moments[-1].astimezone(self.zone).date()
        # Years between two entries are no place to draw days: the newest ones stay.
        day = max(day, last - timedelta(days=_MOST_DAYS))
        while day < last:
            day += timedelta(days=1)
            yield datetime.combine(day, time(), self.zone)


def scale_of(moments: Iterable[datetime], *, left: int, right: int, zone: ZoneInfo) -> Scale:
    """The scale on which all these moments stand; one moment alone stands in the middle.

    It grows with the days that the moments take up, not with their number.
    """
    ends = Ends()
    for moment in moments:
        ends.add(moment)
    found = ends.all()
    if len(found) < 2:
        middle = (left + right) / 2
        return Scale(moments=found, places=(middle,) * len(found), gaps=(), zone=zone)
    lengths = [after - before for before, after in pairwise(found)]
    most = max(_SHORTEST, sum((min(each, _BUSY) for each in lengths), timedelta()) / _PART)
    drawn = [(most if each > most * _WORTH_CUTTING else each).total_seconds() for each in lengths]
    pace = (right - left) / sum(drawn)
    places = [float(left)]
    for each in drawn:
        places.append(places[-1] + each * pace)
    gaps = tuple(
        Gap(left=round(places[number]), right=round(places[number + 1]), lasted=length)
        for number, length in enumerate(lengths)
        if length > most * _WORTH_CUTTING
    )
    return Scale(moments=found, places=tuple(places), gaps=gaps, zone=zone)


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Neighbouring spans as one."""
    begun: datetime | None = None
    until: datetime | None = None
    for begin, end in spans:
        if begun is None or begin != until:
            if begun is not None and until is not None:
                yield begun, until
            begun = begin
        until = end
    if begun is not None and until is not None:
        yield begun, until


def _round_times(
    begin: datetime, end: datetime, *, step: int, zone: ZoneInfo
) -> Iterator[datetime]:
    """Multiples of so many minutes since midnight, by the clock of the zone."""
    local = begin.astimezone(zone)
    minute = local.hour * 60 + local.minute + (1 if local.second or local.microsecond else 0)
    first = -(-minute // step) * step - (local.hour * 60 + local.minute)
    moment = begin - timedelta(seconds=local.second, microseconds=local.microsecond)
    moment += timedelta(minutes=first)
    while moment <= end:
        if begin <= moment:
            yield moment
        moment += timedelta(minutes=step)

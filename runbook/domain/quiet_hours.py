"""Quiet hours and digests: when a notice that is due now may reach the person. Pure.

Quiet hours are wall-clock times in the person's zone. A time that the clock skips in spring is read
with the offset before the change, so it falls after the gap; one that comes twice in autumn means
the first. So each night has exactly one beginning and one end.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When a person wants to hear nothing. The same time twice, or none, means never."""

    zone: str = "UTC"
    begins: time | None = None
    ends: time | None = None
    digest_minutes: int = 0


def due_at(quiet: Quiet, *, now: datetime, window: datetime | None = None) -> datetime:
    """When something that happens now is told. `window` is when the person's open digest goes out."""
    wait = timedelta(minutes=quiet.digest_minutes)
    due = now + wait
    if wait and window is not None and now < window < due:
        due = window
    return after_quiet(quiet, due)


def after_quiet(quiet: Quiet, moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    if quiet.begins is None or quiet.ends is None or quiet.begins == quiet.ends:
        return moment
    zone = ZoneInfo(quiet.zone)
    today = moment.astimezone(zone).date()
    for day in (today - _DAY, today):
        begin = _instant(day, quiet.begins, zone)
        end = _instant(day if quiet.begins < quiet.ends else day + _DAY, quiet.ends, zone)
        if begin <= moment < end:
            return end
    return moment


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The wall-clock time of that day as an instant; fold 0 is the reading described above."""
    return datetime.combine(day, wall.replace(tzinfo=None, fold=0), tzinfo=zone).astimezone(UTC)

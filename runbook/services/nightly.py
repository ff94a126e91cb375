"""What is done once a day, by whichever worker comes first; each duty on its own.

A claim is a new row in the cache that all processes share: of several that insert it at once, one
does, on both databases. It holds when the duty began and how it ended. A duty that failed is tried
again an hour later, and one whose worker died when its lease is over. Should the cache lose a claim,
the duty is done once more; each finds then that there is nothing left to do.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache

from runbook.services import heads, retention, sessions

logger = logging.getLogger(__name__)

#: The day begins when most people sleep; whatever was not done then is done later on the same day.
BEGINS = timedelta(hours=2)
LEASE, AGAIN = timedelta(hours=3), timedelta(hours=1)
TRIES = 6
_REMEMBERED_SECONDS = 400 * 24 * 60 * 60
_MOST_SENTENCES = 5

Duty = Callable[[datetime], Sequence[str]]
Clock = Callable[[], datetime]


def _erase(now: datetime) -> Sequence[str]:
    return retention.erase_due(now=now)


def _sign(now: datetime) -> Sequence[str]:
    return heads.nightly(now=now)


def _clear_sessions(now: datetime) -> Sequence[str]:
    sessions.forget_ended(now=now)
    return ()


#: In this order: what an erasure adds to a run is signed the same night. Each says what went wrong.
DUTIES: Mapping[str, Duty] = {
    "erase old evidence": _erase,
    "sign heads": _sign,
    "clear sessions": _clear_sessions,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a duty was done last; `ended` is None while it is under way, or its worker died."""

    day: date
    began: datetime
    ended: datetime | None = None
    found: Sequence[str] = ()

    @property
    def is_done(self) -> bool:
        """Whether it came to its end and found nothing wrong."""
        return self.ended is not None and not self.found

    def may_go_on(self, now: datetime) -> bool:
        """Whether somebody may try again what is not done."""
        until = self.began + LEASE if self.ended is None else self.ended + AGAIN
        return not self.is_done and until <= now


def work(clock: Clock) -> list[str]:
    """Does what nobody did yet today; the names of what was done, well or badly."""
    return [name for name, duty in DUTIES.items() if _do(name, duty, clock)]


def _do(name: str, duty: Duty, clock: Clock) -> bool:
    key = _claim(name, now=clock())
    if not key:
        return False
    began = clock()
    try:
        found = list(duty(began))
    except Exception as trouble:
        logger.exception("The nightly duty “%s” failed.", name)
        found = [f"It stopped with {type(trouble).__name__}; the log says where."]
    for sentence in found:
        logger.error("The nightly duty “%s”: %s", name, sentence)
    told = Told(day=_day(began), began=began, ended=clock(), found=found[:_MOST_SENTENCES])
    for each in (key, _newest(name)):
        cache.set(each, _row(told), _REMEMBERED_SECONDS)
    return True


def _claim(name: str, *, now: datetime) -> str:
    """The key of a claim that is now this process's, empty if there is nothing to claim."""
    day = _day(now)
    for number in range(1, TRIES + 1):
        key = f"nightly/{name.replace(' ', '-')}/{day:%Y-%m-%d}/{number}"
        told = _told(cache.get(key))
        if told is None:
            mine = cache.add(key, _row(Told(day=day, began=now)), _REMEMBERED_SECONDS)
            return key if mine else ""
        if not told.may_go_on(now):
            return ""
    return ""


def newest(name: str) -> Told | None:
    """How the duty ended last, None if nobody remembers."""
    return _told(cache.get(_newest(name)))


def _newest(name: str) -> str:
    return f"nightly/{name.replace(' ', '-')}"


def _day(now: datetime) -> date:
    return (now - BEGINS).date()


def _row(told: Told) -> dict[str, Any]:
    """As plain values, so that another version of the product can read it."""
    return {
        "day": told.day.isoformat(),
        "began": told.began.isoformat(),
        "ended": told.ended.isoformat() if told.ended else None,
        "found": list(told.found),
    }


def _told(row: Any) -> Told | None:
    if row is None:
        return None
    return Told(
        day=date.fromisoformat(row["day"]),
        began=datetime.fromisoformat(row["began"]),
        ended=datetime.fromisoformat(row["ended"]) if row["ended"] else None,
        found=tuple(row["found"]),
    )

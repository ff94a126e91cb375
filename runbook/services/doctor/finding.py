"""One thing the doctor saw: how bad it is, what is so, and what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """`bad` must be mended, `warn` should be looked at."""

    BAD = "bad"
    WARN = "warn"
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Two sentences for people: what is so, and what to do; nothing to do where all is well."""

    level: Level
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """When the doctor looks, and whether everything is looked at, however long it takes."""

    now: datetime
    deep: bool = False


Check = Callable[[Visit], Iterable[Finding]]


def bad(sentence: str, remedy: str) -> Finding:
    return Finding(level=Level.BAD, sentence=sentence, remedy=remedy)


def warn(sentence: str, remedy: str) -> Finding:
    return Finding(level=Level.WARN, sentence=sentence, remedy=remedy)


def fine(sentence: str) -> Finding:
    return Finding(level=Level.OK, sentence=sentence)

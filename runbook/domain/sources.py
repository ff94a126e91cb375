"""Where advice comes from: sources, what each says, and the rule we follow where they differ."""

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """How much a source can be believed."""

    OFFICIAL = "official"
    MAINTAINER = "maintainer"
    PRODUCT_FILE = "product file"
    HELP_TEXT = "help text"
    USER_REPORT = "user report"
    HOUSE = "house"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that advice was taken from. `date` is an ISO date, or a year or month of one."""

    slug: str
    title: str
    kind: SourceKind
    date: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What one source says, in our words. `source` is the slug of a Source of the same pack."""

    source: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Sources that differ on one topic, all of them shown, and the rule this product follows."""

    topic: str
    stances: tuple[Citation, ...]
    rule: str
    reason: str

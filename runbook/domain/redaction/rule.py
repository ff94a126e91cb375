"""What a rule is: a shape in the decoded text, and what the thing is that has this shape.

Group 1 of a shape is what goes; the rest shows the reader what stood there. No shape can match
inside a pseudonym: none looks for the marks around it. The order of rules means nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runbook.domain.patterns import Match
from runbook.domain.redaction.profiles import Kind, Tier

#: What ends a word in an address or a value.
END = r"\s\"'<>‹›"

Key = Callable[[Match, str], str]


def taken(match: Match) -> int:
    """The group that goes: the first that took part."""
    if match.group(1) is not None:
        return 1
    return next(place for place, found in enumerate(match.groups(), start=1) if found is not None)


def lower(match: Match, _: str) -> str:
    """What goes, in small letters."""
    return (match.group(taken(match)) or "").lower()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One shape. `wraps`: it may run over a line break, `grows`: and then as far as it goes.

    `raw`: it also reads the text before decoding, where an escaped quote does not end a value.
    `key` names the thing for its pseudonym, an empty name means that it is none after all.
    """

    slug: str
    kind: Kind
    source: str
    tier: Tier = Tier.AUTO
    wraps: bool = False
    grows: bool = False
    raw: bool = False
    key: Key = lower
    label: str = ""

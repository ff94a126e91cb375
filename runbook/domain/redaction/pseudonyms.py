"""One pseudonym for one thing, numbered in order of first sight across all texts of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runbook.domain.patterns import Pattern
from runbook.domain.redaction.profiles import Kind

_MARK = Pattern(r"^(?:‹[^‹›]*›)+$")


def is_mark(words: str) -> bool:
    """Whether nothing but what redaction put there is left of the words."""
    return words.endswith("›") and _MARK.search(words) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonyms:
    """Which number each original got; kept by the caller and given back for the next text.

    Keys are `kind:original` in one normal form, so they hold what was hidden: keep them apart and
    erase them as a whole.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)

    def name(self, kind: Kind, original: str) -> str:
        """The pseudonym of a thing that was seen; KeyError for any other."""
        return f"‹{kind.value}-{self.numbers[_key(kind, original)]}›"

    def having_seen(self, seen: Iterable[tuple[Kind, str]]) -> "Pseudonyms":
        """These and new ones for what is new, in the given order."""
        numbers = dict(self.numbers)
        following = max(numbers.values(), default=0) + 1
        for kind, original in seen:
            if _key(kind, original) not in numbers:
                numbers[_key(kind, original)] = following
                following += 1
        return Pseudonyms(numbers=numbers)

    def originals(self) -> tuple[tuple[Kind, str], ...]:
        """Everything seen so far, in the order of its numbers."""
        split = (key.partition(":") for key in sorted(self.numbers, key=self.numbers.__getitem__))
        return tuple((Kind(kind), original) for kind, _, original in split)


def _key(kind: Kind, original: str) -> str:
    return f"{kind.value}:{original}"

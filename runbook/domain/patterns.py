"""The one door to RE2: linear-time patterns for everything that meets text from people.

Typed, because the RE2 binding has no types. Patterns ignore case unless they say otherwise, and a
dot does not cross a line. The standard library's pattern engine can be slowed down at will by a
crafted text and is not used in this room.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol, cast

import re2


class Match(Protocol):
    """What the engine uses of a match."""

    def group(self, group: int | str = 0, /) -> str | None:
        """The text of a group, or None if the group took no part."""
        ...

    def start(self, group: int = 0, /) -> int:
        """Where a group starts."""
        ...

    def end(self, group: int = 0, /) -> int:
        """Where a group ends."""
        ...

    def groups(self) -> tuple[str | None, ...]:
        """All groups in order."""
        ...

    def groupdict(self) -> dict[str, str | None]:
        """The named groups."""
        ...


class PatternRefused(ValueError):
    """RE2 cannot compile a pattern; the text says why."""


class Pattern:
    """One compiled RE2 pattern."""

    def __init__(self, source: str, *, ignore_case: bool = True) -> None:
        options = re2.Options()
        options.case_sensitive = not ignore_case
        options.log_errors = False
        try:
            self._compiled = re2.compile(source, options)
        except re2.error as error:
            raise PatternRefused(_reason(error)) from error

    def search(self, text: str, start: int = 0) -> Match | None:
        """The first match at or after `start`."""
        return cast("Match | None", self._compiled.search(text, start))

    def span(self, text: bytes) -> tuple[int, int]:
        """Where the first match stands in an encoded text, in bytes; (0, 0) without one.

        For many questions to one long text, since `search` encodes the text each time.
        """
        match = self._compiled.search(text)
        return (match.start(), match.end()) if match else (0, 0)

    def find(self, text: str, *, limit: int) -> Iterator[Match]:
        """At most `limit` matches in order, so hostile text cannot buy unbounded work."""
        return islice(cast("Iterator[Match]", self._compiled.finditer(text)), limit)

    def replace(self, text: str, new: str | Callable[[Match], str], *, limit: int) -> str:
        """The text with at most the first `limit` matches replaced; `new` is plain text."""
        pieces: list[str] = []
        end = 0
        for match in self.find(text, limit=limit):
            pieces += (text[end : match.start()], new if isinstance(new, str) else new(match))
            end = match.end()
        return "".join((*pieces, text[end:]))


def literal(fragment: str) -> str:
    """The pattern source that matches a fragment as it stands."""
    return str(re2.escape(fragment))


class PatternSet:
    """Many patterns asked at once: one pass finds the literals, only their owners are run."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self._filter = re2.Filter()
        self._empty = not sources
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        for source in sources:
            try:
                self._filter.Add(source, options)
            except re2.error as error:
                raise PatternRefused(_reason(error)) from error
        self._filter.Compile()

    def matching(self, text: str | bytes) -> frozenset[int]:
        """The indexes of the patterns that match somewhere in the text."""
        return frozenset() if self._empty else frozenset(self._filter.Match(text) or ())


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "cannot be compiled"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


class FirstOf:
    """Patterns in order of preference; a set finds in one pass which of them are worth running."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self._patterns = tuple(Pattern(source) for source in sources)
        self._set = PatternSet(sources)

    def all(self, text: str) -> Iterator[tuple[int, Match]]:
        """For each pattern that matches, best first, its index and its first match."""
        for index in sorted(self._set.matching(text)):
            match = self._patterns[index].search(text)
            if match is not None:
                yield index, match

    def first(self, text: str) -> tuple[int, Match] | None:
        """The best pattern that matches."""
        return next(self.all(text), None)

"""Brings a pasted text into one form to match against, and finds the original lines back.

Pastes come as terminal output, JSON inside JSON, web pages, spreadsheet XML, quoted mail and wrapped
columns. The form has plain quotes, no markup, no escapes, unbroken GUIDs and single blanks. Every
pass is linear and does a bounded number of replacements, so a hostile text buys no time.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from runbook.domain.diagnosis.plain import NEWLINE_KEPT, cleaned

LONGEST = 1024 * 1024
"""Longest text looked at whole; of a longer one the head and the tail are."""

QUOTE_LIMIT = 400

_CHUNK = 4096
_LINE_ENDS = ("\r\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c")


@dataclass(frozen=True)
class Normal:
    """A text in its form for matching, with a way back to the lines it came from.

    `text` is the form with single blanks, `kept` the form before they were collapsed. `shortened`
    says that the middle of a very long text was left out.
    """

    text: str
    original: str
    kept: str
    shortened: bool

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The original lines."""
        return tuple(self.original.split("\n"))

    @cached_property
    def _chunks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where chunks of the kept form begin, and how many words stand before each."""
        starts = [0]
        while (end := _blank_after(self.kept, starts[-1] + _CHUNK)) < len(self.kept):
            starts.append(end)
        ends = [*starts[1:], len(self.kept)]
        words = (len(self.kept[start:end].split()) for start, end in zip(starts, ends, strict=True))
        return tuple(starts), (0, *accumulate(words))

    def quote(self, start: int, end: int) -> str:
        """The original lines that a stretch of `text` came from, shortened around it if long."""
        first = self._line_of(start)
        last = max(first, self._line_of(max(start, end - 1)))
        lines = "\n".join(line.strip() for line in self.lines[first : last + 1] if line.strip())
        return _around(lines, self.text[start:end])

    def _line_of(self, offset: int) -> int:
        word = self.text.count(" ", 0, offset)
        starts, before = self._chunks
        chunk = max(0, bisect_right(before[:-1], word) - 1)
        end = starts[chunk + 1] if chunk + 1 < len(starts) else len(self.kept)
        place = _place_of_word(self.kept[starts[chunk] : end], word - before[chunk])
        position = starts[chunk] + place
        count = self.kept.count("\n", 0, position) + self.kept.count(NEWLINE_KEPT, 0, position)
        return min(count, len(self.lines) - 1)


def normalise(text: str) -> Normal:
    """The form of a text to match against; never raises, whatever the text holds."""
    for line_end in _LINE_ENDS:
        text = text.replace(line_end, "\n")
    original, shortened = _cut(text.encode("utf-8", "replace").decode("utf-8"))
    kept = cleaned(original)
    collapsed = " ".join(kept.replace(NEWLINE_KEPT, "").split())
    return Normal(
        text=collapsed,
        original=original,
        kept=kept,
        shortened=shortened,
    )


def _cut(text: str) -> tuple[str, bool]:
    if len(text) <= LONGEST:
        return text, False
    half = LONGEST // 2
    return f"{text[:half]}\n{text[-half:]}", True


def _blank_after(text: str, position: int) -> int:
    """The next line end or blank at or after a position; the text's end if there is none."""
    found = [place for place in (text.find("\n", position), text.find(" ", position)) if place >= 0]
    return min(found, default=len(text))


def _place_of_word(text: str, number: int) -> int:
    """Where the word with this number, counted from 0, begins."""
    rest = text.split(None, number)
    return len(text) - len(rest[number]) if len(rest) > number else 0


def _around(lines: str, matched: str) -> str:
    if len(lines) <= QUOTE_LIMIT:
        return lines
    words = matched.split()
    found = max(lines.find(words[0]) if words else 0, 0)
    start = max(0, found - QUOTE_LIMIT // 4)
    return lines[start : start + QUOTE_LIMIT].strip()

"""A text as a reader would decode it, that still knows where each piece stood in the original.

Rules match in the shadow; what they find is cut in the original. A shadow is made by edits: each
replaces a stretch by its decoded form, and edits upon edits keep the way back.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from runbook.domain.patterns import Match, Pattern

#: Every match counts: one left out would be one that leaks. The work stays linear in the text.
ALL = 10_000_000
_ROUNDS = 4  # %252540 is decoded three times

_ENCODED = Pattern(
    r"&(?:amp|lt|gt|quot|apos|commat|num|period|sol|bsol|colon|equals|lowbar|nbsp|lbrace|rbrace"
    r"|#[0-9]{2,7}|#[xX][0-9a-fA-F]{2,6});"
    r"|\\u[0-9a-fA-F]{4}|\\x[2-7][0-9a-fA-F]|\\{2,}|\\[/\"']|\\r\\n|\\[rn][A-Z0-9{\[ ]"
    r"|%[2-7][0-9a-fA-F]"
    r"|=(?:3D|40)"
    r"|[\p{Cf}\x{034F}\x{115F}\x{1160}\x{FE00}-\x{FE0F}]+"
    r"|[\x{2010}-\x{2015}\x{2212}\x{FE58}\x{FE63}]"
    r"|[\x{FF01}-\x{FF5E}]|[\x{00A0}\x{202F}]",
    ignore_case=False,
)
_NAMED = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "commat": "@",
    "num": "#",
    "period": ".",
    "sol": "/",
    "bsol": "\\",
    "colon": ":",
    "equals": "=",
    "lowbar": "_",
    "nbsp": " ",
    "lbrace": "{",
    "rbrace": "}",
}
_SIGN = r"[-._~%+/=@#:?&\\{a-zA-Z0-9]"
_BREAK = r"\r?\n[ \t]*(?:[>|] ?)*"
_BREAKS = Pattern(f"{_SIGN}{_BREAK}", ignore_case=False)
_SOFT_BREAKS = Pattern(f"{_SIGN}(?:={_BREAK}|{_BREAK})", ignore_case=False)
_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%+/=@#:?&\\{")
_GLUE = frozenset("-./@=_?&{%#\\+~")
_HEX = frozenset("0123456789abcdefABCDEF")
_LONG = 40  # a token that fills a line is likely to go on in the next
_REACH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A stretch of a text and what stands in its place."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """A text with its way back. The lists run in parallel, one entry for each edited stretch:
    where it starts and ends here, and where it started and ended in the original.
    """

    text: str
    starts: list[int]
    ends: list[int]
    was_from: list[int]
    was_to: list[int]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of this text in the original; an edited stretch counts as a whole."""
        before = bisect_right(self.starts, start) - 1
        if before < 0:
            first = start
        elif start < self.ends[before]:
            first = self.was_from[before]
        else:
            first = self.was_to[before] + start - self.ends[before]
        last = bisect_left(self.starts, end) - 1
        if last < 0:
            return first, end
        return first, self.was_to[last] + max(0, end - self.ends[last])

    def edited(self, edits: Iterable[Edit]) -> "Shadow":
        """The text after edits that stand in order and do not overlap."""
        made = _Weaver(self)
        for edit in edits:
            made.take(edit)
        return made.finished()


class _Weaver:
    """Puts edits on a shadow, keeping the stretches that were edited before."""

    def __init__(self, old: Shadow) -> None:
        self._old = old
        self._place = 0  # next stretch of the old shadow
        self._end = 0  # how far the old text was taken over
        self._length = 0
        self._pieces: list[str] = []
        self._new = Shadow("", [], [], [], [])

    def take(self, edit: Edit) -> None:
        self._copy(edit.start)
        origin = self._old.origin(edit.start, edit.end)
        self._note(self._length, self._length + len(edit.new), origin)
        self._add(edit.new)
        self._end = edit.end
        while self._place < len(self._old.starts) and self._old.starts[self._place] < edit.end:
            self._place += 1

    def _copy(self, until: int) -> None:
        shift, old = self._length - self._end, self._old
        while self._place < len(old.starts) and old.ends[self._place] <= until:
            place = self._place
            origin = (old.was_from[place], old.was_to[place])
            self._note(old.starts[place] + shift, old.ends[place] + shift, origin)
            self._place += 1
        self._add(old.text[self._end : until])
        self._end = until

    def _note(self, start: int, end: int, origin: tuple[int, int]) -> None:
        self._new.starts.append(start)
        self._new.ends.append(end)
        self._new.was_from.append(origin[0])
        self._new.was_to.append(origin[1])

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def finished(self) -> Shadow:
        self._copy(len(self._old.text))
        new = self._new
        return Shadow("".join(self._pieces), new.starts, new.ends, new.was_from, new.was_to)


def plain(text: str) -> Shadow:
    """The text as it stands."""
    return Shadow(text, [], [], [], [])


def stands_plain(text: bytes) -> bool:
    """Whether nothing in an encoded text is decoded or unwrapped by the functions below."""
    return b"\n" not in text and _ENCODED.span(text) == (0, 0)


def decoded(shadow: Shadow) -> Shadow:
    """Entities, escapes and percent signs decoded, even if encoded twice; invisible marks gone."""
    for _ in range(_ROUNDS):
        edits = [_decode(match) for match in _ENCODED.find(shadow.text, limit=ALL)]
        if not edits:
            break
        shadow = shadow.edited(edits)
    return shadow


def _decode(match: Match) -> Edit:
    found = match.group() or ""
    start, end = match.start(), match.end()
    if found[0] == "\\" and found[1] in "rn":
        return Edit(start=start, end=end if found == r"\r\n" else start + 2, new="\n")
    return Edit(start=start, end=end, new=_meant(found))


def _meant(found: str) -> str:
    """What an encoded character stands for; empty for marks that nobody sees."""
    first = found[0]
    if first == "&":
        return _entity(found[1:-1])
    if first == "\\":
        return _character(found[2:], 16) if found[1] in "ux" else found[1]
    if first in "%=":
        return _character(found[1:], 16)
    if "\uff01" <= first <= "\uff5e":
        return chr(ord(first) - 0xFEE0)
    if first in "\u00a0\u202f":
        return " "
    return "-" if first in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63" else ""


def _entity(name: str) -> str:
    if name[0] != "#":
        return _NAMED[name]
    return _character(name[2:], 16) if name[1] in "xX" else _character(name[1:], 10)


def _character(digits: str, base: int) -> str:
    number = int(digits, base)
    invisible = number in {0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF}
    return "" if invisible or number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)


def unwrapped(shadow: Shadow) -> list[tuple[Shadow, list[int]]]:
    """The text without the line breaks that stand inside a token, and where they stood.

    Twice where lines end in `=`: that may belong to the token, or be how a mail wraps its lines.
    """
    texts = [_joined(shadow, _BREAKS)]
    if "=\n" in shadow.text or "=\r\n" in shadow.text:
        texts.append(_joined(shadow, _SOFT_BREAKS))
    return [(text, places) for text, places in texts if places]


def _joined(shadow: Shadow, breaks: Pattern) -> tuple[Shadow, list[int]]:
    edits = [
        Edit(start=match.start() + 1, end=match.end(), new="")
        for match in breaks.find(shadow.text, limit=ALL)
        if _inside_a_token(shadow.text, match.start() + 1, end=match.end())
    ]
    places, gone = [], 0
    for edit in edits:
        places.append(edit.start - gone)
        gone += edit.end - edit.start
    return shadow.edited(edits), places


def _inside_a_token(text: str, start: int, *, end: int) -> bool:
    """Whether a token goes on after the break; a token stands right in front of it."""
    if end == len(text) or text[end] not in _TOKEN or _new_word(text, end):
        return False
    if text[start - 1] in _GLUE or text[end] in _GLUE:
        return True
    left = text[max(0, start - _REACH) : start].rsplit(maxsplit=1)[-1]
    return len(left) >= _LONG or bool(_GLUE.intersection(left)) or _HEX.issuperset(left)


def _new_word(text: str, start: int) -> bool:
    """Whether a line begins with an ordinary word and goes on after it."""
    words = text[start : start + _REACH].partition("\n")[0].split(maxsplit=1)
    first = words[0].rstrip(":;,.!?")
    return len(words) > 1 and first.isalpha() and not _HEX.issuperset(first)

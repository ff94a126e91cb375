"""Words for a column of paper: what is longer than the column gets places at which it may be broken.

A place leaves no character behind, so an id that is copied from the paper is the id. The marks for
it never come from a text, since characters without a width are named in what people typed.
"""

from collections.abc import Iterator
from functools import cache

from runbook.domain.patterns import Match, Pattern
from runbook.exports.glyphs import named_if_missing

#: Between pieces, and before a piece that must stay together on a line.
BREAK, TOGETHER = "\u200b", "\u2060"
#: Letters of a piece; a script that joins its letters gets longer ones, so that few joints are lost.
_PIECE, _LONGEST_PIECE = 12, 60
_ALL = 10_000_000


def fit(text: str, *, room: int) -> str:
    """The text with each character that no font has named, and long words made breakable."""
    size = min(_PIECE, room)
    return _long_words(room).replace(
        named_if_missing(text), lambda match: _marked(match, size=size), limit=_ALL
    )


@cache
def _long_words(room: int) -> Pattern:
    """Runs of more than so many characters in which a line cannot end: East Asian ones may end anywhere."""
    return Pattern(
        r"[^\s\x{2e80}-\x{d7ff}\x{f900}-\x{faff}\x{ff00}-\x{ffef}\x{10000}-\x{10ffff}]"
        rf"{{{room + 1},}}"
    )


def _marked(match: Match, *, size: int) -> str:
    pieces = (f"{TOGETHER}{piece}" for piece in _pieces(match.group() or "", size=size))
    return f"{BREAK}{BREAK.join(pieces)}{BREAK}"


def _pieces(word: str, *, size: int) -> Iterator[str]:
    piece = ""
    for each in word:
        full = len(piece) >= size and not _joins(each)
        if full or len(piece) >= _LONGEST_PIECE:
            yield piece
            piece = ""
        piece += each
    yield piece


def _joins(character: str) -> bool:
    """Whether this may change its shape by what stands before it."""
    marks = "\u0300" <= character <= "\u036f" or "\ufe00" <= character <= "\ufe0f"
    return marks or "\u0590" <= character <= "\u1fff" or character in "\u200c\u200d"

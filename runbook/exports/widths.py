"""How wide a text is: in columns of a plain text, and by a careful guess in a picture."""

import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
_WIDE = frozenset("WF")
_NARROW = frozenset("iljtfI.,:;!|'`()[] ")
_BROAD = frozenset("mwMW@%&")


def columns(text: str) -> int:
    """Columns that the text takes where every character takes one, East Asian ones two."""
    return sum(_columns_of(each) for each in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def pixels(text: str, *, size: int) -> int:
    """At least the width of the text in a sans-serif font of this size.

    Guessed high, since nobody knows which font a reader has: what is kept apart by this guess stays
    apart in narrower ones.
    """
    return round(sum(_ems(each) for each in text) * size) + 2


def _ems(character: str) -> float:
    if character in _NARROW:
        return 0.38
    if character in _BROAD:
        return 1.0
    if character.isascii() or character in "‹›…≈":
        return 0.74 if character.isupper() else 0.64
    return 1.2


def cut(text: str, *, size: int, room: int) -> str:
    """The text, or as much of its beginning as fits, with a mark that there was more."""
    if pixels(text, size=size) <= room:
        return text
    kept, taken = [], pixels(ELLIPSIS, size=size)
    for each in text:
        taken += round(_ems(each) * size + 0.5)
        if taken > room:
            break
        kept.append(each)
    return "".join(kept).rstrip() + ELLIPSIS


def wrapped(text: str, *, width: int) -> Iterator[str]:
    """The lines of the text, broken at blanks so that each fits; words are broken only if they must."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if columns(joined) <= width:
                line = joined
                continue
            if line:
                yield line
            *full, line = _pieces(word, width) or [""]
            yield from full
        yield line


def _pieces(word: str, width: int) -> list[str]:
    pieces, piece, taken = [], "", 0
    for each in word:
        if taken + _columns_of(each) > width:
            pieces.append(piece)
            piece, taken = "", 0
        piece, taken = piece + each, taken + _columns_of(each)
    return [*pieces, piece]

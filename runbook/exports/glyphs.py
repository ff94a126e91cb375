"""Which characters the fonts of the paper can draw, read from the fonts themselves.

What none of them has would be an empty box, the same for every character. It is named instead, so
that the paper still says what was there.
"""

from collections.abc import Iterator
from functools import cache
from itertools import chain
from struct import unpack_from

from runbook.exports.files import FONTS

#: Drawn as nothing by every font: joiners and the selectors of a variant.
_UNSEEN = frozenset((0x0A, 0x200C, 0x200D, *range(0xFE00, 0xFE10)))
_FORMAT_12, _FORMAT_4 = 12, 4


@cache
def drawable() -> frozenset[int]:
    """Every code point that some font has a glyph for."""
    fonts = sorted(FONTS.glob("*.ttf"))
    return _UNSEEN.union(*(_points_of(font.read_bytes()) for font in fonts))


def named_if_missing(text: str) -> str:
    """The text with each character that no font can draw by its number."""
    if text.isascii():
        return text
    missing = {ord(each) for each in set(text)} - drawable()
    return text.translate({point: f"‹U+{point:04X}›" for point in missing}) if missing else text


def _points_of(font: bytes) -> frozenset[int]:
    """The code points in the character map of one TrueType font."""
    table = _table(font, b"cmap")
    (count,) = unpack_from(">H", font, table + 2)
    places = {table + unpack_from(">HHL", font, table + 4 + 8 * n)[2] for n in range(count)}
    return frozenset(chain.from_iterable(_mapped(font, place) for place in places))


def _table(font: bytes, name: bytes) -> int:
    (count,) = unpack_from(">H", font, 4)
    for number in range(count):
        tag, _, offset, _ = unpack_from(">4sLLL", font, 12 + 16 * number)
        if tag == name:
            return int(offset)
    raise LookupError(name)


def _mapped(font: bytes, place: int) -> Iterator[int]:
    (kind,) = unpack_from(">H", font, place)
    if kind == _FORMAT_12:
        (groups,) = unpack_from(">L", font, place + 12)
        for number in range(groups):
            first, last, _ = unpack_from(">LLL", font, place + 16 + 12 * number)
            yield from range(first, last + 1)
    elif kind == _FORMAT_4:
        yield from _segments(font, place)


def _segments(font: bytes, place: int) -> Iterator[int]:
    """Format 4: parallel arrays of ends, starts, deltas and offsets of glyph numbers."""
    (double,) = unpack_from(">H", font, place + 6)
    ends, starts = place + 14, place + 16 + double
    for at in range(0, double, 2):
        (last,), (first,) = unpack_from(">H", font, ends + at), unpack_from(">H", font, starts + at)
        (delta,) = unpack_from(">H", font, starts + double + at)
        (offset,) = unpack_from(">H", font, starts + 2 * double + at)
        for point in range(first, min(last, 0xFFFE) + 1):
            glyph = point
            if offset:
                place_of = starts + 2 * double + at + offset + 2 * (point - first)
                (glyph,) = unpack_from(">H", font, place_of)
            if (glyph or not offset) and (glyph + delta) % 0x10000:
                yield point

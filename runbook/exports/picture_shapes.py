"""The shapes that a picture is made of: a tone is never alone, each look has a pattern or a sign."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runbook.exports.widths import pixels

WIDTH = 960
Point = tuple[int, int]
Line = tuple[Point, Point]
_STRIPE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape. `kind` is box, ring, patch, lines or words; `look` says what it stands for.

    `x`, `y` are the corner of a box, the middle of a ring, or where the base line of words begins;
    words keep to `width` and what does not fit is not shown.
    """

    kind: str
    look: str
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    radius: int = 0
    points: tuple[Point, ...] = ()
    strokes: tuple[Line, ...] = ()
    text: str = ""
    size: int = 0
    centred: bool = False

    @property
    def path(self) -> str:
        """Strokes, or the border of a patch, as the path of an SVG."""
        if self.points:
            return f"M{'L'.join(f'{x} {y}' for x, y in self.points)}Z"
        return "".join(f"M{a[0]} {a[1]}L{b[0]} {b[1]}" for a, b in self.strokes)

    @property
    def anchor(self) -> Point:
        """Where the base line of words begins or has its middle, from the corner of their box."""
        return (self.width // 2 if self.centred else 0), self.size + 1

    @property
    def above(self) -> int:
        """The top of the box that words keep to."""
        return self.y - self.size - 1


def box(corner: Point, size: Point, *, look: str) -> Shape:
    """A box by its corner, and its width and height."""
    (x, y), (width, height) = corner, size
    return Shape(kind="box", look=look, x=x, y=y, width=width, height=height)


def ring(middle: Point, radius: int, *, look: str) -> Shape:
    """A disc."""
    x, y = middle
    return Shape(kind="ring", look=look, x=x, y=y, radius=radius)


def patch(points: Iterable[Point], *, look: str) -> Shape:
    """A closed patch."""
    return Shape(kind="patch", look=look, points=tuple(points))


def lines(strokes: Iterable[Line], *, look: str) -> Shape:
    """Strokes that belong together."""
    return Shape(kind="lines", look=look, strokes=tuple(strokes))


def words(
    begin: Point, text: str, *, look: str, size: int, room: int = 0, centred: bool = False
) -> Shape:
    """One line of text from the beginning of its base line; without a room it takes what it needs."""
    x, y = begin
    room = room or pixels(text, size=size)
    return Shape(
        kind="words",
        look=look,
        x=x,
        y=y,
        text=text,
        size=size,
        width=room,
        height=size + 5,
        centred=centred,
    )


def hatch(corner: Point, size: Point, *, look: str) -> list[Shape]:
    """The pattern inside a bar that tells its look without a colour."""
    (x, y), (width, height) = corner, size
    right, bottom = x + width, y + height
    if look == "failed":
        strokes = _stripes(corner, (right, bottom))
    elif look == "unknown":
        strokes = [((at, y + 3), (at, bottom - 3)) for at in range(x + 4, right - 1, 6)]
    elif look == "cancelled":
        strokes = [((x, y + height // 2), (right, y + height // 2))]
    elif look == "open":
        strokes = [((right - 5, at), (right, at)) for at in range(y + 4, bottom - 2, 5)]
    elif look == "succeeded" and width >= 16:
        middle = y + height // 2
        strokes = [
            ((x + 4, middle), (x + 7, middle + 4)),
            ((x + 7, middle + 4), (x + 13, middle - 4)),
        ]
    else:
        strokes = []
    return [lines(strokes, look=f"{look}-mark")] if strokes else []


def _stripes(corner: Point, end_corner: Point) -> list[Line]:
    """Strokes from bottom left to top right, cut at the borders."""
    (x, y), (right, bottom) = corner, end_corner
    found: list[Line] = []
    height = bottom - y
    for at in range(x - height + _STRIPE, right, _STRIPE):
        begin, end = max(at, x), min(at + height, right)
        if end - begin > 1:
            found.append(((begin, bottom - (begin - at)), (end, bottom - (end - at))))
    return found


def glyph(middle: Point, *, look: str) -> list[Shape]:
    """A small sign around a middle: a diamond, a triangle, a flag, or a disc with a tick."""
    x, y = middle
    if look == "deviation":
        return [patch(((x, y - 8), (x + 8, y), (x, y + 8), (x - 8, y)), look=look)]
    if look == "call":
        flag = ((x - 5, y - 8), (x + 7, y - 4), (x - 5, y))
        return [patch(flag, look=look), lines([((x - 5, y - 8), (x - 5, y + 8))], look="call-mark")]
    if look == "trouble":
        sign = patch(((x, y - 8), (x + 8, y + 7), (x - 8, y + 7)), look=look)
        return [
            sign,
            lines([((x, y - 3), (x, y + 2)), ((x, y + 4), (x, y + 5))], look=f"{look}-mark"),
        ]
    if look == "clear":
        tick = [((x - 4, y), (x - 1, y + 3)), ((x - 1, y + 3), (x + 4, y - 3))]
        return [ring(middle, 7, look=look), lines(tick, look=f"{look}-mark")]
    return [ring(middle, 7, look=look), lines([((x - 3, y), (x + 3, y))], look=f"{look}-mark")]


@dataclass(slots=True)
class Labels:
    """Rows of labels under each other, from `y` down, in which no label touches another."""

    y: int
    levels: int = field(kw_only=True)
    left: int = field(kw_only=True)
    right: int = field(kw_only=True)
    taken: list[list[tuple[int, int]]] = field(default_factory=list)

    @property
    def used(self) -> int:
        """How many rows hold a label."""
        return len(self.taken)

    def place(self, x: int, width: int) -> Point | None:
        """Where a label that wants to begin at `x` goes; None if every row is full there."""
        x = max(self.left, min(x, self.right - width))
        for level in range(self.levels):
            if level == len(self.taken):
                self.taken.append([])
            if self._free(level, x, width):
                self.taken[level].append((x, x + width))
                return x, self.y + 15 * level
        return None

    def take(self, x: int, width: int) -> bool:
        """Whether the room from `x` on in the first row was free; it is not any more."""
        if not self.taken:
            self.taken.append([])
        free = self.left <= x and x + width <= self.right and self._free(0, x, width)
        if free:
            self.taken[0].append((x, x + width))
        return free

    def _free(self, level: int, x: int, width: int) -> bool:
        return all(x >= end + 6 or x + width + 6 <= begin for begin, end in self.taken[level])

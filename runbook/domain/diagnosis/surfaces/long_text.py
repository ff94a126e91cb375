"""Takes the telling stretches out of a text that is too long to be read whole.

Slices are passed over by one linear pattern for codes and words of failure, in a strong and a weak
kind; slices with strong words go first, then the weak ones, then the beginning and the end.
"""

from collections.abc import Callable

from runbook.domain.patterns import Pattern

SLICE = 8 * 1024
BUDGET = 256 * 1024
"""Most characters taken; a failure says what it has to say in far less."""

_MOST = BUDGET // SLICE

LEFT_OUT = "Of this very long text the stretches that speak of a failure are read."

_STRONG = Pattern(
    r"(?:\b0x|\b|%3a)80[0-9a-f]{6}\b|-214[0-9]{7}\b|##\[error\]|::error|\bfailure\b|exception"
    r"|\bfailed\b|^error\b|\berror:|the reason given was"
)
_WEAK = Pattern(
    r"error|fail|cannot|can't|could not|unable to|denied|time-?d? ?out|not found|exceeded"
)


def excerpt(data: bytes, *, also: Callable[[bytes], bool] | None = None) -> bytes:
    """At most `BUDGET` bytes, in their order, cut at line ends where there are any.

    `also` may name further slices worth keeping; it is asked once per slice at most.
    """
    slices = slices_of(data) or [(0, 0)]
    strong, weak = _telling(data, slices, also=also)
    last = len(slices) - 1
    beside = [near for number in strong for near in (number - 1, number + 1) if 0 <= near <= last]
    wanted: dict[int, None] = {}
    for number in (*strong[: _MOST // 2], *strong[-4:], 0, last, *beside, *weak):
        if len(wanted) < _MOST:
            wanted.setdefault(number)
    return b"".join(data[slice(*slices[number])] for number in sorted(wanted))


def _telling(
    data: bytes, slices: list[tuple[int, int]], *, also: Callable[[bytes], bool] | None
) -> tuple[list[int], list[int]]:
    """The slices with strong words, and some with weak ones."""
    strong: list[int] = []
    weak: list[int] = []
    for number, (start, end) in enumerate(slices):
        piece = data[start:end]
        if _STRONG.span(piece)[1] or (also is not None and also(piece)):
            strong.append(number)
        elif len(weak) < _MOST and _WEAK.span(piece)[1]:
            weak.append(number)
    return strong, weak


def slices_of(data: bytes) -> list[tuple[int, int]]:
    """Stretches that end at a line end; a line longer than a slice is cut at a blank if it can be."""
    found, start = [], 0
    while start < len(data):
        end = min(start + SLICE, len(data))
        if end < len(data):
            cut = max(data.rfind(b"\n", start, end), data.rfind(b" ", end - 200, end))
            end = cut + 1 if cut > start else end
        found.append((start, end))
        start = end
    return found

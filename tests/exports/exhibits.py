"""Pieces of evidence made of values alone, and a handout that shows them."""

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from runbook.domain.report import Exhibit
from runbook.exports.format import Handout
from tests.exports.records import START, handout

ARABIC = "هذه لقطة شاشة للخطأ كما ظهر في البوابة"


def picture(
    size: tuple[int, int] = (320, 200), *, seed: int = 1, fmt: str = "PNG", mode: str = "RGB"
) -> bytes:
    """A picture that looks like no other seed's."""
    made = Image.new("RGB", size, (seed * 37 % 256, 90, 200))
    brush = ImageDraw.Draw(made)
    for place in range(0, min(size), 12):
        brush.line((0, place, size[0], place * seed % size[1]), fill=(place % 256, seed, 10))
    out = io.BytesIO()
    made.convert(mode).save(out, fmt)
    return out.getvalue()


def exhibit(number: int = 1, content: bytes | None = None, **told: Any) -> Exhibit:
    """A piece of evidence; with content it is a stored picture."""
    happened = START + timedelta(minutes=number * 7)
    made = Exhibit(
        number=number,
        seq=number + 3,
        step="Import",
        slot="Picture of the plate",
        caption=f"What the portal showed, time {number}",
        name=f"screen-{number}.png",
        kind="picture" if content else "text log",
        size=len(content or b"") or 4711,
        digest=hashlib.sha256(content or str(number).encode()).hexdigest(),
        actor="Ana",
        happened_at=happened,
        recorded_at=happened,
        is_picture=content is not None,
    )
    if content is not None and content.startswith((b"\x89PNG", b"\xff\xd8")):
        width, height = _measures(content)
        made = replace(made, width=width, height=height)
    return replace(made, **told)


def _measures(content: bytes) -> tuple[int, int]:
    try:
        return Image.open(io.BytesIO(content)).size
    except OSError:
        return 100, 100


def showing(
    *exhibits: Exhibit, contents: tuple[bytes, ...] = (), inside: bool = True, **more: Any
) -> Handout:
    """A handout with this evidence; these are the contents that are stored."""
    store = {hashlib.sha256(each).hexdigest(): each for each in contents}
    made = handout(**more)
    report = replace(made.report, exhibits=exhibits)
    return replace(made, report=report, pictures=store.get if inside else None)


def showing_pictures(*contents: bytes, **more: Any) -> Handout:
    """A handout with these pictures, in order."""
    exhibits = (exhibit(number, each) for number, each in enumerate(contents, start=1))
    return showing(*exhibits, contents=contents, **more)

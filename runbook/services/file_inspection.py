"""The process that looks into one file: facts and clean bytes out, nothing of the file trusted.

`python -m runbook.services.file_inspection KIND BOXES` reads the file as its standard input and has
no rights: no settings, no files, no sockets, bounded memory and time (4c). It answers with one line
of JSON and then the bytes to store: a picture painted anew, or a text freed of secrets.
"""

import json
import mmap
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.diagnosis.surfaces.limits import LOG_ELEMENTS
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.xml_feed import check_element, feed
from runbook.domain.handed_files import (
    LIMITS,
    MIB,
    PICTURES,
    PIXELS,
    SIDE,
    Box,
    FileKind,
    check_root,
    read_boxes,
)
from runbook.domain.package_zip import packages_of
from runbook.domain.redaction import mask
from runbook.services.uploads import TOO_MUCH_WORK, limit_this_process

TOO_MANY_PIXELS = (
    f"The picture has more than {PIXELS // 1_000_000} million pixels or a side of more than "
    f"{SIDE:,}; cut out the part that matters."
)
TOO_LARGE_A_PICTURE = "Painting this picture takes too much memory; cut out the part that matters."
DAMAGED = "The picture is damaged or incomplete; take it again."
OTHER_PICTURE = "The content of this picture is not what its first bytes say; take it again."
_FORMATS = {FileKind.PNG: "PNG", FileKind.JPEG: "JPEG", FileKind.WEBP: "WEBP"}
_QUALITY = 90
#: A painted PNG beyond this is kept as JPEG, if nothing shines through it.
_LARGE = 8 * MIB
_EXIF, _TAKEN, _BLACK = 0x8769, 0x9003, (0, 0, 0, 255)
# Pillow loads its readers when it first needs them, and files are closed to the process by then.
Image.preinit()
Image.init()
Answer = tuple[dict[str, Any], bytes]


def inspect(content: bytes | mmap.mmap, kind: FileKind, *, boxes: Sequence[Box] = ()) -> Answer:
    """Facts about a file and the bytes to store, none for a package; Unreadable with a sentence."""
    if kind is FileKind.ZIP:
        return {"packages": [asdict(each) for each in packages_of(content)]}, b""
    data = bytes(content)
    return picture(data, kind, boxes=boxes) if kind in PICTURES else log(data, kind)


def picture(content: bytes, kind: FileKind, *, boxes: Sequence[Box]) -> Answer:
    """The picture painted anew: the first frame, upright, the boxes black, nothing else kept."""
    Image.MAX_IMAGE_PIXELS = PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(content), formats=[_FORMATS[kind]]) as opened:
            if opened.width * opened.height > PIXELS or max(opened.size) > SIDE:
                raise Unreadable(TOO_MANY_PIXELS)
            taken = _taken(opened)
            opened.seek(0)
            opened.load()
            painted = _plain(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(TOO_MANY_PIXELS) from error
    except Image.UnidentifiedImageError as error:
        raise Unreadable(OTHER_PICTURE) from error
    except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError) as error:
        raise Unreadable(DAMAGED) from error
    brush = ImageDraw.Draw(painted)
    for box in boxes:
        inside = (box.left, box.top, box.right - 1, box.bottom - 1)
        brush.rectangle(inside, fill=_BLACK if painted.mode == "RGBA" else _BLACK[:3])
    stored, clean = _saved(painted, kind)
    facts = {"kind": stored, "width": painted.width, "height": painted.height, "taken": taken}
    return {**facts, "boxes": len(boxes)}, clean


def _plain(image: Image.Image) -> Image.Image:
    """Colours alone, with what shines through; no palette, profile, text or other metadata."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    see_through = "A" in image.getbands() or "transparency" in image.info
    plain = image.convert("RGBA" if see_through else "RGB")
    if plain is image:
        plain = image.copy()
    plain.info.clear()
    return plain


def _saved(image: Image.Image, kind: FileKind) -> tuple[FileKind, bytes]:
    if kind is not FileKind.JPEG:
        out = BytesIO()
        image.save(out, "PNG", compress_level=4)
        if image.mode == "RGBA" or out.tell() <= _LARGE:
            return FileKind.PNG, out.getvalue()
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return FileKind.JPEG, out.getvalue()


def _taken(image: Image.Image) -> str:
    """When the camera says the picture was taken, without a zone; empty if it does not say."""
    try:
        day, _, time = str(image.getexif().get_ifd(_EXIF).get(_TAKEN, "")).partition(" ")
        # Not strptime, which would load a module when no file can be opened any more.
        moment = datetime.fromisoformat(f"{day.replace(':', '-')}T{time[:8]}")
    except Exception:  # whatever is wrong with it, it is only an offer
        return ""
    return moment.replace(tzinfo=None).isoformat()


def log(content: bytes, kind: FileKind) -> Answer:
    """The text in UTF-8 without its secrets; XML is looked through for attacks first."""
    paste = Paste(content)
    if kind is FileKind.XML:
        _check_xml(paste)
    masked = mask(paste.text.replace("\x00", "\ufffd"))
    return {"kind": kind, "secrets": masked.removed}, masked.text.encode()


def _check_xml(paste: Paste) -> None:
    depth = 0

    def start(name: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        check_element(depth, attributes)
        if depth == 1:
            check_root(name)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    feed(paste.data, start=start, end=end, is_utf8=paste.is_text, elements=LOG_ELEMENTS)


def _main(kind: FileKind, boxes: Sequence[Box]) -> None:
    # A package is read where it lies, since most of it is never looked at; to map it takes a second
    # handle, which is not to be had behind the limits.
    package = mmap.mmap(0, 0, access=mmap.ACCESS_READ) if kind is FileKind.ZIP else None
    limit_this_process()
    try:
        facts, clean = inspect(
            package or sys.stdin.buffer.read(LIMITS[kind] + 1), kind, boxes=boxes
        )
    except Unreadable as refused:
        facts, clean = {"refused": refused.sentence}, b""
    except MemoryError:
        refusal = TOO_LARGE_A_PICTURE if kind in PICTURES else TOO_MUCH_WORK
        facts, clean = {"refused": refusal}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + clean)


if __name__ == "__main__":
    _main(FileKind(sys.argv[1]), read_boxes(sys.argv[2]))

"""Files that people hand in as evidence: kinds told by content, limits, names, and boxes to black out.

Source: `integrity-and-security.md` 4c. A kind counts only when content, extension and what the form
asked for agree; the type that is sent out later comes from the table here, never from a name.
"""

import json
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from runbook.domain.diagnosis.surfaces.handed import Unreadable

MIB = 1024 * 1024
#: How much of a file tells its kind.
HEAD = 4096
#: Largest picture: pixels in all, and on one side.
PIXELS, SIDE = 40_000_000, 12_000
BOXES = 50
NAME_LENGTH = 120


class FileKind(StrEnum):
    """What a file is, by its content."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    XML = "xml"
    TEXT = "text"
    ZIP = "zip"


PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.WEBP})
LOGS = frozenset({FileKind.XML, FileKind.TEXT})
ALL = frozenset(FileKind)

#: Largest file of each kind, in bytes.
LIMITS = {
    **dict.fromkeys(PICTURES, 10 * MIB),
    **dict.fromkeys(LOGS, 20 * MIB),
    FileKind.ZIP: 100 * MIB,
}
EXTENSIONS = {
    "png": FileKind.PNG,
    "jpg": FileKind.JPEG,
    "jpeg": FileKind.JPEG,
    "webp": FileKind.WEBP,
    "xml": FileKind.XML,
    "txt": FileKind.TEXT,
    "log": FileKind.TEXT,
    "csv": FileKind.TEXT,
    "json": FileKind.TEXT,
    "zip": FileKind.ZIP,
}
#: What a browser offers to choose from.
ACCEPT = ",".join(f".{extension}" for extension in EXTENSIONS)
#: The type that is sent with a stored file, and its extension. WebP is stored as one of the others.
TYPES = {
    FileKind.PNG: ("image/png", "png"),
    FileKind.JPEG: ("image/jpeg", "jpg"),
    FileKind.XML: ("text/plain; charset=utf-8", "xml.txt"),
    FileKind.TEXT: ("text/plain; charset=utf-8", "txt"),
}

NOT_TAKEN = (
    "Files of this kind are not taken. Hand in a picture (PNG, JPEG, WebP), a log (XML, text) or a "
    "solution package (zip)."
)
DRAWING = "An SVG drawing can hold scripts and is not taken; hand in a picture of it as PNG."
WEB_PAGE = "A web page can hold scripts and is not taken; hand in a picture of it, or its text."
OFFICE = "Office files and PDFs are not taken; hand in a picture, or the text as .txt."
EMPTY = "The file is empty."
NOT_ASKED = "This place takes other kinds of files."
_CALLED = {
    FileKind.PNG: "a PNG picture",
    FileKind.JPEG: "a JPEG picture",
    FileKind.WEBP: "a WebP picture",
    FileKind.XML: "XML",
    FileKind.TEXT: "a text",
    FileKind.ZIP: "a zip",
}

_OURS = (
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"PK\x03\x04", FileKind.ZIP),
)
_FOREIGN = (
    (b"%PDF", OFFICE),
    (b"{\\rtf", OFFICE),
    (b"\xd0\xcf\x11\xe0", OFFICE),
    (b"GIF8", NOT_TAKEN),
    (b"BM", NOT_TAKEN),
    (b"II*\0", NOT_TAKEN),
    (b"MM\0*", NOT_TAKEN),
    (b"RIFF", NOT_TAKEN),
    (b"PK", NOT_TAKEN),
    (b"MZ", NOT_TAKEN),
    (b"%!PS", NOT_TAKEN),
    (b"Rar!", NOT_TAKEN),
    (b"7z\xbc\xaf", NOT_TAKEN),
)
_DRAWN = ("<svg", ":svg", "http://www.w3.org/2000/svg")
_SCRIPTED = (
    *("<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<math"),
    "http://www.w3.org/1999/xhtml",
)
#: Roots of documents that a browser would run.
_ROOTS = {"svg": DRAWING, "html": WEB_PAGE}


def too_large(kind: FileKind) -> str:
    """The sentence for a file beyond its limit."""
    return f"The file is larger than {LIMITS[kind] // MIB} MiB, the limit for {_CALLED[kind]}."


def kind_by_name(name: str) -> FileKind:
    """The kind that the extension claims; Unreadable for one that is not taken."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in {"svg", "svgz"}:
        raise Unreadable(DRAWING)
    if extension in {"htm", "html", "xhtml", "mht", "mhtml"}:
        raise Unreadable(WEB_PAGE)
    if extension in {"doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "odt", "pdf"}:
        raise Unreadable(OFFICE)
    if extension not in EXTENSIONS:
        raise Unreadable(NOT_TAKEN)
    return EXTENSIONS[extension]


def kind_by_content(head: bytes) -> FileKind:
    """The kind that the first bytes show; Unreadable for everything outside the table."""
    if not head:
        raise Unreadable(EMPTY)
    for magic, kind in _OURS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    for magic, sentence in _FOREIGN:
        if head.startswith(magic):
            raise Unreadable(sentence)
    return _words(head)


def _words(head: bytes) -> FileKind:
    """XML or plain text; what a browser would run, and what is no text at all, is refused."""
    text = _decoded(head).lstrip("\ufeff \t\r\n").lower()
    if text[:1] != "<":
        return FileKind.TEXT
    if any(mark in text for mark in _DRAWN):
        raise Unreadable(DRAWING)
    if any(mark in text for mark in _SCRIPTED):
        raise Unreadable(WEB_PAGE)
    return FileKind.XML if text[1:2] in {"?", "!"} or text[1:2].isalpha() else FileKind.TEXT


def check_root(name: str) -> None:
    """Refuses an XML document by its first element, wherever that stands."""
    local = name.rpartition(":")[2].lower()
    if local in _ROOTS:
        raise Unreadable(_ROOTS[local])


def _decoded(head: bytes) -> str:
    """The beginning as text; Unreadable if it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    control = sum(
        head.count(bytes((code,))) for code in (*range(9), *range(14, 27), *range(28, 32))
    )
    if control:
        raise Unreadable(NOT_TAKEN)
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4:
            return head[: error.start].decode("utf-8")
    text = head.decode("cp1252", "replace")
    if sum(not (char.isprintable() or char.isspace()) for char in text) > len(text) // 50:
        raise Unreadable(NOT_TAKEN)
    return text


def agreed_kind(*, name: str, head: bytes, asked: frozenset[FileKind] = ALL) -> FileKind:
    """The one kind on which content, extension and form agree; Unreadable with the reason else."""
    found = kind_by_content(head)
    claimed = kind_by_name(name)
    if found is not claimed:
        raise Unreadable(
            f"The content is {_CALLED[found]}, but the name says {_CALLED[claimed]}. "
            "Hand it in under its own kind."
        )
    if found not in asked:
        raise Unreadable(NOT_ASKED)
    return found


_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "clock$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_UNFIT = frozenset('<>:"|?*;%&\\/')


def safe_name(name: str) -> str:
    """What a person called the file, fit for a page, a header and any file system."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        "_" if char in _UNFIT else char
        for char in unicodedata.normalize("NFC", last)
        if unicodedata.category(char)[0] not in "CZ" or char == " "
    ).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot:
        stem, extension = kept, ""
    stem = stem.strip(" .")[: NAME_LENGTH - 12] or "file"
    if stem.partition(".")[0].strip().lower() in _RESERVED:
        stem = f"_{stem}"
    return f"{stem}.{extension[:10]}" if extension else stem


def sent_name(name: str, kind: FileKind) -> str:
    """The name of a stored file for whoever saves it: its own extension, whatever it came with."""
    return f"{safe_name(name).rpartition('.')[0] or safe_name(name)}.{TYPES[kind][1]}"


@dataclass(frozen=True, slots=True)
class Box:
    """A stretch of a picture to black out, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int


def read_boxes(text: str) -> tuple[Box, ...]:
    """The boxes that a page drew: a JSON list of [left, top, width, height]; ValueError else."""
    if not text.strip():
        return ()
    if len(text) > 4000:
        raise ValueError("too long")
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, list) or len(found) > BOXES:
        raise ValueError("no list of boxes")
    return tuple(_box(each) for each in found)


def _box(each: object) -> Box:
    numbers = each if isinstance(each, list) else []
    whole = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool)]
    if len(whole) != 4 or len(numbers) != 4 or not all(-SIDE <= n <= SIDE for n in whole):
        raise ValueError("no box")
    left, top, width, height = whole
    if width < 1 or height < 1:
        raise ValueError("an empty box")
    return Box(left, top, left + width, top + height)

"""What was handed in as bytes and as text, each made once and only when asked for.

Encodings are told by their mark, by the XML declaration, or are UTF-8; other eight-bit text is read
as Windows-1252. Known binary kinds are refused with a sentence that says what to hand in instead.
"""

from functools import cached_property

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.diagnosis.surfaces.limits import UPLOAD

EMPTY = "There is nothing in it. Paste the text of the error, or drop the log file."
TOO_LARGE = "This is larger than 20 MiB. Hand in the log file alone, or paste the error from it."
BINARY = "This is not a text. Paste the words of the error, or drop the log as it was downloaded."

_HEAD = 64 * 1024
_BLANK = b" \t\r\n\0\xef\xbb\xbf"

_KINDS = (
    (b"\xd0\xcf\x11\xe0", "This is an Office file in the old format. Download the log again, or copy its rows here."),
    (b"%PDF", "This is a PDF. Copy the words of the error out of it and paste them."),
    (b"\x89PNG", "This is a picture. Type or paste the words of the error, so that they can be read."),
    (b"\xff\xd8\xff", "This is a picture. Type or paste the words of the error, so that they can be read."),
    (b"GIF8", "This is a picture. Type or paste the words of the error, so that they can be read."),
    (b"\x1f\x8b", "This is a compressed file. Unpack it and hand in the log inside."),
    (b"7z\xbc\xaf\x27\x1c", "This is a compressed file. Unpack it and hand in the log inside."),
    (b"Rar!", "This is a compressed file. Unpack it and hand in the log inside."),
    (b"MZ\x90", "This is a program. Hand in the log or the text of the error."),
    (b"\x7fELF", "This is a program. Hand in the log or the text of the error."),
)  # fmt: skip


class Paste:
    """One handed-in thing. `data` is UTF-8, or eight-bit XML that declares its own encoding."""

    def __init__(self, content: bytes | str) -> None:
        self.is_text = isinstance(content, str)
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self.checked(data)
        self.data = data if self.is_text else self.checked(self._as_utf8(data))

    @staticmethod
    def checked(data: bytes) -> bytes:
        """The bytes as they are; raises Unreadable if they are too many or say nothing."""
        if len(data) > UPLOAD:
            raise Unreadable(TOO_LARGE)
        if not data[:_HEAD].strip(_BLANK) and not data.strip(_BLANK):
            raise Unreadable(EMPTY)
        return data

    @property
    def head(self) -> bytes:
        """The beginning, without a mark and blanks."""
        return self.data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()

    @cached_property
    def text(self) -> str:
        """The whole as text."""
        return self.data.decode("utf-8", "replace").removeprefix("\ufeff")

    def _as_utf8(self, data: bytes) -> bytes:
        encoding = _wide_encoding(data)
        if encoding:
            self.is_text = True
            return data.decode(encoding, "replace").encode("utf-8", "replace")
        for magic, sentence in _KINDS:
            if data.startswith(magic):
                raise Unreadable(sentence)
        head = data[:_HEAD]
        if sum(head.count(bytes((code,))) for code in range(9)) > len(head) // 100:
            raise Unreadable(BINARY)
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return data
        return _utf8(data)


def _wide_encoding(data: bytes) -> str:
    """UTF-16 or UTF-32 by its mark, or UTF-16 by the zeros between its letters."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = data[:2048]
    if (
        len(sample) >= 8
        and sample[1::2].count(0) > 0.4 * len(sample[1::2])
        and sample[::2].count(0) < 4
    ):
        return "utf-16-le"
    if (
        len(sample) >= 8
        and sample[::2].count(0) > 0.4 * len(sample[::2])
        and sample[1::2].count(0) < 4
    ):
        return "utf-16-be"
    return ""


def _utf8(data: bytes) -> bytes:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 4:  # cut in the middle of a character
            return data[: error.start]
        text = data.decode("cp1252", "replace")
        strange = sum(not (char.isprintable() or char.isspace()) for char in text[:_HEAD])
        if strange > len(text[:_HEAD]) // 20:
            raise Unreadable(BINARY) from error
        return text.encode()
    return data

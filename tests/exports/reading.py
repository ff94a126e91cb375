"""What a reader finds in a written file, whatever its format."""

import io

from pypdf import PdfReader

from runbook.exports.format import Format


def pages_of(written: bytes) -> list[str]:
    """The text of each page of a PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(written)).pages]


def readable(chosen: Format, written: bytes) -> str:
    """The words of a file."""
    return "\n".join(pages_of(written)) if chosen.extension == "pdf" else written.decode()


def without_blanks(text: str) -> str:
    """A text as it is compared where lines are broken for the width of a column."""
    return "".join(text.split())

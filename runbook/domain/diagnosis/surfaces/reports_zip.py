"""The zip with reports that an import offers: its logs are read in memory, never unpacked to disk."""

from collections.abc import Callable

from runbook.domain.diagnosis.surfaces.handed import Handed, Surface, Unreadable
from runbook.domain.diagnosis.surfaces.limits import UPLOAD, ZIP_BYTES_READ, ZIP_FILES_READ
from runbook.domain.diagnosis.surfaces.zip_directory import BOMB, Entry, entries_of, unpacked

NO_LOG = "No log stands in this zip. Hand in the log file, or paste the words of the error."
A_PACKAGE = "This is a solution package, not the log of its import. Download the log and drop that."
A_WORKBOOK = (
    "This is an Office file in the new format. Download the log again, or copy its rows here."
)
A_NEST = "This zip holds further zips; take the log out of them and hand in that."

_READ = (".xml", ".xls", ".json", ".txt", ".log", ".csv", ".htm", ".html")
_MAGIC = b"PK"


def looks_like(data: bytes) -> bool:
    """Whether it begins as a zip does."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(data: bytes, *, recognise: Callable[[bytes], Handed]) -> Handed:
    """All logs of the zip as one value, those with failing rows first.

    Raises Unreadable if the zip is unsafe, or if nothing in it can be read.
    """
    entries = entries_of(data)
    _refuse_other_kinds({entry.name.lower() for entry in entries})
    files = [entry for entry in entries if entry.name.lower().endswith(_READ)]
    found = []
    total = 0
    for entry in files[:ZIP_FILES_READ]:
        total += entry.size
        if total > ZIP_BYTES_READ:
            raise Unreadable(BOMB)
        handed = _handed(data, entry, recognise=recognise)
        if handed is not None:
            found.append(handed)
    if not found:
        raise Unreadable(NO_LOG)
    found.sort(key=lambda handed: (not handed.rows, handed.kind is Surface.UNKNOWN))
    telling = [handed for handed in found if handed.kind is not Surface.UNKNOWN] or found[:1]
    notes = tuple(dict.fromkeys(note for handed in telling for note in handed.notes))
    if len(files) > ZIP_FILES_READ:
        notes += (f"{len(files)} files stand in the zip; the first {ZIP_FILES_READ} are read.",)
    return Handed(
        kind=Surface.REPORTS_ZIP,
        text="\n\n".join(handed.text for handed in telling),
        rows=tuple(row for handed in telling for row in handed.rows),
        parts=tuple(part for handed in telling for part in handed.parts),
        notes=notes,
    )


def _refuse_other_kinds(names: set[str]) -> None:
    if "solution.xml" in names and "customizations.xml" in names:
        raise Unreadable(A_PACKAGE)
    if any(name.startswith(("xl/", "word/", "ppt/")) for name in names):
        raise Unreadable(A_WORKBOOK)
    if any(name.endswith(".zip") for name in names):
        raise Unreadable(A_NEST)


def _handed(data: bytes, entry: Entry, *, recognise: Callable[[bytes], Handed]) -> Handed | None:
    """One file, or nothing if it is empty or no text; an unsafe one refuses the whole zip."""
    content = unpacked(data, entry, limit=UPLOAD)
    if content.startswith(_MAGIC):
        raise Unreadable(A_NEST)
    return recognise(content) if content.strip() else None

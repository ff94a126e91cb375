"""Tells by content what was handed in; the name of a file is never believed."""

from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType

from runbook.domain.diagnosis.surfaces import (
    app_dialog,
    console,
    history_pane,
    html_text,
    importjob,
    json_text,
    kept_rows,
    other_xml,
    plain_text,
    reports_zip,
    spreadsheet,
)
from runbook.domain.diagnosis.surfaces.handed import Handed
from runbook.domain.diagnosis.surfaces.long_text import WHOLE, Literals, excerpt
from runbook.domain.diagnosis.surfaces.paste import Paste

DOCUMENTS: tuple[ModuleType, ...] = (spreadsheet, importjob, kept_rows, other_xml, json_text)
"""Read whole, since a piece of one means nothing; a parser does the work."""

WORDS: tuple[ModuleType, ...] = (html_text, app_dialog, history_pane, console, plain_text)

SURFACES = (*DOCUMENTS, *WORDS)
"""In this order; the first that looks like it and finds something to read decides."""


def recognise(content: bytes | str, name: str = "") -> Handed:
    """What was handed in, with its errors told apart.

    Raises Unreadable with one sentence for what is empty, too large, binary or hostile. Work and
    memory are linear in the input and bounded by `limits`; nothing is written or fetched. `name` is
    what the person's file was called; content alone decides.
    """
    if isinstance(content, bytes) and reports_zip.looks_like(content):
        return reports_zip.read(Paste.checked(content), recognise=recognise)
    paste = Paste(content)
    return _first_of(SURFACES, paste) or plain_text.read(paste)


def recognise_to_read(text: str, *, literals: Literals) -> Handed:
    """What a pasted text is, for reading it now: of long words only what tells is taken on.

    A document is read whole. A note says when anything was left out. Raises as `recognise` does.
    """
    paste = Paste(text)
    handed = _first_of(DOCUMENTS, paste)
    if handed is not None:
        return handed
    if len(text) <= WHOLE:
        return _first_of(WORDS, paste) or plain_text.read(paste)
    taken = excerpt(
        html_text.seen(paste.text) if html_text.looks_like(paste) else paste.text,
        literals=literals,
    )
    paste = Paste(taken.text)
    handed = _first_of(WORDS, paste) or plain_text.read(paste)
    return replace(handed, notes=(*handed.notes, taken.note)) if taken.note else handed


def _first_of(surfaces: Iterable[ModuleType], paste: Paste) -> Handed | None:
    for surface in surfaces:
        if surface.looks_like(paste):
            handed: Handed | None = surface.read(paste)
            if handed is not None:
                return handed
    return None

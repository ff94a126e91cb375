"""Tells by content what was handed in; the name of a file is never believed."""

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
from runbook.domain.diagnosis.surfaces.paste import Paste

SURFACES: tuple[ModuleType, ...] = (
    spreadsheet,
    importjob,
    kept_rows,
    other_xml,
    json_text,
    html_text,
    app_dialog,
    history_pane,
    console,
    plain_text,
)
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
    for surface in SURFACES:
        if surface.looks_like(paste):
            handed: Handed | None = surface.read(paste)
            if handed is not None:
                return handed
    return plain_text.read(paste)

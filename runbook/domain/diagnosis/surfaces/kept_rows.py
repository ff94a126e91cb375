"""The words of a log as they are kept: failing rows written out, read back as the rows they were.

A log is handed in once, its words are kept, and are diagnosed from there; the cause must stay first.
"""

from runbook.domain.diagnosis.surfaces.handed import (
    CODE,
    ITEM,
    Handed,
    LogRow,
    Surface,
    part_of,
)
from runbook.domain.diagnosis.surfaces.limits import PARTS
from runbook.domain.diagnosis.surfaces.paste import Paste

_MOST = 10 * PARTS
"""No log is kept as more paragraphs; `Handed` has one for each part."""


def looks_like(paste: Paste) -> bool:
    """Whether each paragraph names an item as `part_of` writes it."""
    if ITEM.encode() not in paste.data:
        return False
    blocks = _blocks(paste.text)
    return len(blocks) <= _MOST and all(f"\n{ITEM}" in f"\n{block}" for block in blocks)


def read(paste: Paste) -> Handed:
    """One row and one part for each paragraph."""
    rows = tuple(_row(block) for block in _blocks(paste.text))
    return Handed(
        kind=Surface.IMPORT_LOG,
        text=paste.text,
        rows=rows,
        parts=tuple(part_of(row) for row in rows),
    )


def _blocks(text: str) -> list[str]:
    return [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]


def _row(block: str) -> LogRow:
    lines = block.strip("\n").split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith(ITEM))
    words, after = lines[:place], lines[place + 1 :]
    code = words.pop().removeprefix(CODE) if words and words[-1].startswith(CODE) else ""
    kind, _, name = lines[place].removeprefix(ITEM).removesuffix(".").partition(" name ")
    identifier = ""
    if after and after[0].startswith(f"{kind} (") and after[0].endswith(")"):
        identifier = after.pop(0).removeprefix(f"{kind} (").removesuffix(")")
    status, _, time = (after[0] if after else "").partition(" at ")
    return LogRow(
        time=time,
        item_type=kind,
        id=identifier,
        name=name,
        status=status,
        code=code,
        text="\n".join(words),
    )

"""Evidence for what is handed out: what is said of each piece, and the pictures where they may go.

The content of a file cannot be redacted by rule, so pictures go to nobody outside the team. The
words about them are part of the report and are redacted with it.
"""

from collections.abc import Callable
from dataclasses import replace

from runbook.domain.evidence_lines import KINDS
from runbook.domain.pack import Pack
from runbook.domain.presenting import fill
from runbook.domain.redaction import Profile
from runbook.domain.report import Exhibit, RunReport
from runbook.models import Run
from runbook.services import erasing, objects
from runbook.services.erasing import Piece
from runbook.services.files import Shown


def told(row: Run, report: RunReport) -> RunReport:
    """The report with its exhibits as of the head of the row, oldest first, the erased ones too."""
    found = [each for each in erasing.pieces_of(row) if _counts(each, row)]
    exhibits = (_exhibit(each, number, report) for number, each in enumerate(found[::-1], start=1))
    return replace(report, exhibits=tuple(exhibits))


def _counts(piece: Piece, row: Run) -> bool:
    """Error texts stand with their attempts."""
    return not piece.attempt and piece.entry.seq <= row.version


def reader(profile: Profile) -> Callable[[str], bytes | None] | None:
    """What gives a picture by its digest; nothing for a recipient outside the team."""
    return stored_picture if profile is Profile.INTERNAL else None


def stored_picture(digest: str) -> bytes | None:
    """The stored bytes, None if they are gone or are no longer those that were stored."""
    try:
        content = objects.place_of(digest).read_bytes()
    except OSError:
        return None
    return content if objects.digest_of(content) == digest else None


def _exhibit(piece: Piece, number: int, report: RunReport) -> Exhibit:
    entry, erased = piece.entry, piece.erased
    step, slot = _titles(report.pack, piece)
    made = Exhibit(
        number=number,
        seq=entry.seq,
        step=fill(step, report.state.answers),
        slot=fill(slot, report.state.answers),
        caption=piece.caption,
        name="",
        kind="text, pasted",
        size=piece.size,
        digest=piece.digest,
        actor=entry.name,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        is_file=piece.file is not None,
    )
    if erased is not None:
        return replace(
            made,
            kind="",
            kept=False,
            erased=getattr(erased.event, "reason", "") or "no reason given",
            erased_by=erased.name,
            erased_at=erased.happened_at,
        )
    return _with_file(made, piece.file) if piece.file else made


def _with_file(made: Exhibit, file: Shown) -> Exhibit:
    row = file.row
    kept = bool(row.sha256_stored)
    return replace(
        made,
        name=row.name,
        kind=KINDS.get(row.kind, row.kind),
        size=row.size_stored if kept else row.size_received,
        digest=row.sha256_stored if kept else row.sha256_received,
        kept=kept,
        is_picture=kept and file.is_picture,
        width=row.width,
        height=row.height,
    )


def _titles(pack: Pack, piece: Piece) -> tuple[str, str]:
    """The step and the slot by their titles; what the pack no longer knows by its slug."""
    step = next((each for each in pack.runbook.steps if each.slug == piece.step), None)
    slots = {each.slug: each.label for each in step.slots} if step else {}
    return step.title if step else piece.step, slots.get(piece.slot, piece.slot)

"""Handing a record out: first it is recorded that this happens, then the record is read."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from runbook import __version__, queries
from runbook.domain.decisions.times import is_late
from runbook.domain.errors import DomainError
from runbook.domain.pack import Pack
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.exports import FORMATS
from runbook.exports.format import Handout
from runbook.models import Run
from runbook.queries import TimelineEntry
from runbook.services import runs
from runbook.services.timeline import Act


class UnknownFormat(DomainError):
    """There is no export format with this slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that is ready to be handed out; the name is plain ASCII."""

    content: bytes
    content_type: str
    file_name: str


def export(*, run_id: uuid.UUID, act: Act, export_format: str, address: str) -> Exported:
    """Records that the record is handed out, and writes it with that entry as its last.

    Raises UnknownFormat before anything is recorded, and what `timeline.record` raises.
    """
    if export_format not in FORMATS:
        raise UnknownFormat(f"There is no such format. Choose one of: {', '.join(FORMATS)}.")
    chosen = FORMATS[export_format]
    runs.record_export(run_id=run_id, act=act, export_format=chosen.slug)
    row = Run.objects.get(pk=run_id)
    report = build_report(row, made_at=act.now, address=address)
    links = tuple(link for link in queries.chain_links(row) if link.seq <= row.version)
    return Exported(
        content=chosen.render(Handout(report=report, links=links)),
        content_type=chosen.content_type,
        file_name=f"run-{str(run_id)[:8]}-{row.version}-{act.now:%Y%m%d}.{chosen.extension}",
    )


def build_report(row: Run, *, made_at: datetime, address: str) -> RunReport:
    """The whole record at the head that the row names.

    Events never change and only come behind that head, so leaving out what is newer than the row
    makes one consistent reading without holding up those who write.
    """
    state, pack = load_state(row.state), queries.pack_of(row)
    entries = [entry for entry in queries.all_entries(row) if entry.seq <= row.version]
    people = queries.people({entry.actor for entry in entries} | set(state.members))
    instance = queries.instance()
    return RunReport(
        run=str(row.pk),
        address=address,
        instance=str(instance.instance) if instance else "",
        pack=pack,
        state=state,
        standings=standings(state, pack),
        lines=tuple(_line(entry, state, pack, people) for entry in entries),
        errors=_errors(row, state),
        people=people,
        head=row.head,
        genesis=row.genesis,
        made_at=made_at,
        product_version=__version__,
    )


def _line(entry: TimelineEntry, state: RunState, pack: Pack, people: dict[str, str]) -> ReportLine:
    told = present(entry.event, pack=pack, time_zone=state.time_zone, state=state, people=people)
    return ReportLine(
        seq=entry.seq,
        event_type=entry.type,
        headline=told.headline,
        detail=told.detail,
        actor=entry.name,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        late=is_late(entry.happened_at, entry.recorded_at),
        digest=entry.digest,
    )


def _errors(row: Run, state: RunState) -> tuple[ErrorText, ...]:
    texts = queries.evidence_texts(row)
    return tuple(
        ErrorText(attempt=each.number, digest=each.error_digest, text=texts.get(each.error_digest))
        for each in state.attempts
        if each.error_digest
    )

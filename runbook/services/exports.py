"""Handing a record out: first it is recorded that this happens, then the record is read.

Everything is read at one moment, or an erasure meanwhile would leave a hole that looks like a crime.
What takes long, such as the layout of a page, comes after that moment, because on SQLite somebody
who reads holds up those who write.
"""

import io
import json
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from runbook import __version__, queries
from runbook.domain import chain
from runbook.domain import heads as heads_domain
from runbook.domain.chain import Link
from runbook.domain.decisions.times import is_late
from runbook.domain.errors import DomainError
from runbook.domain.pack import Pack
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.redaction import Profile
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.exports import FORMATS
from runbook.exports.format import Format, Handout
from runbook.exports.record import (
    REPORTS_UP_TO,
    Attachment,
    Record,
    derived_lines,
    event_line,
)
from runbook.exports.verifier.verify import references
from runbook.models import Evidence, Run
from runbook.queries import TimelineEntry
from runbook.services import anchors, heads, objects, redaction, runs, signing
from runbook.services.heads import Signed
from runbook.services.timeline import Act

_PIECE = 256 * 1024
#: What is larger lies on disk until it is handed out.
IN_MEMORY = 1024 * 1024


class UnknownFormat(DomainError):
    """There is no export format with this slug."""


class NotForOutside(DomainError):
    """The format writes what people said word for word, and the profile would cut some of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that is ready to be handed out; the name is plain ASCII.

    `file` stands at its beginning. A large one lies on disk and is gone when it is closed.
    """

    file: IO[bytes]
    size: int
    content_type: str
    file_name: str
    run_version: int
    head: str

    @property
    def content(self) -> bytes:
        """All bytes at once; for files that are known to be small."""
        self.file.seek(0)
        return self.file.read()

    def pieces(self) -> Iterator[bytes]:
        """The bytes in pieces; the file is closed at the end."""
        with self.file:
            self.file.seek(0)
            while piece := self.file.read(_PIECE):
                yield piece


def export(
    *,
    run_id: uuid.UUID,
    act: Act,
    export_format: str,
    address: str,
    profile: Profile = Profile.INTERNAL,
) -> Exported:
    """Records that the record is handed out, and writes it with that entry as its last.

    Raises UnknownFormat or NotForOutside before anything is recorded, and what `timeline.record`
    raises. That a copy of the head is outside now is kept beside the record.
    """
    chosen = _format(export_format, profile)
    told = chosen.slug if profile is Profile.INTERNAL else f"{chosen.slug}, cut for {profile.value}"
    runs.record_export(run_id=run_id, act=act, export_format=told)
    made = written(run_id, chosen, now=act.now, address=address, profile=profile)
    anchors.note(
        Run.objects.get(pk=run_id),
        how=anchors.EXPORT,
        receiver=act.actor,
        at=act.now,
        size=made.run_version,
        head=made.head,
    )
    return made


def _format(slug: str, profile: Profile) -> Format:
    if slug not in FORMATS:
        raise UnknownFormat(f"There is no such format. Choose one of: {', '.join(FORMATS)}.")
    chosen = FORMATS[slug]
    if chosen.verbatim and profile is not Profile.INTERNAL:
        raise NotForOutside(
            f"{chosen.label} holds every word as it was recorded, so it stays with the team. "
            "Choose another format, or the profile “internal”."
        )
    return chosen


def written(
    run_id: uuid.UUID,
    chosen: Format,
    *,
    now: datetime,
    address: str,
    profile: Profile = Profile.INTERNAL,
) -> Exported:
    """The record in a format as it stands now; adds nothing to it.

    What is cut for somebody outside bears the marks that the run's packets have already.
    """
    if chosen.needs_record:
        heads.have_key(now=now)
    reading = _read(run_id, chosen, now=now, address=address, profile=profile)
    row, signed = reading.row, reading.signed
    if signed is not None and signed.signature is not None and not signed.stored:
        with transaction.atomic():
            heads.keep(row, signed, reason="export")
    try:
        file = _write(chosen, _handout(reading, profile))
    finally:
        if reading.events is not None:
            reading.events.close()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return Exported(
        file=file,
        size=size,
        content_type=chosen.content_type,
        file_name=f"run-{str(run_id)[:8]}-{row.version}-{now:%Y%m%d}.{chosen.extension}",
        run_version=row.version,
        head=row.head,
    )


def _write(chosen: Format, handout: Handout) -> IO[bytes]:
    """The file: in memory while it is small, on disk from then on."""
    file: IO[bytes] = io.BytesIO()
    for piece in chosen.parts(handout) if chosen.parts else [chosen.render(handout)]:
        if isinstance(file, io.BytesIO) and file.tell() + len(piece) > IN_MEMORY:
            small, file = file, tempfile.TemporaryFile()  # noqa: SIM115 - handed on
            file.write(small.getvalue())
        file.write(piece)
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What one moment of the database holds; `events` is the spool of a run too long for memory."""

    row: Run
    report: RunReport
    links: tuple[Link, ...] = ()
    events: IO[bytes] | None = None
    signed: Signed | None = None
    keys: tuple[dict[str, object], ...] = ()
    attachments: tuple[Attachment, ...] = ()


@contextmanager
def snapshot() -> Iterator[None]:
    """One consistent view of the database that holds no lock; whatever is around it already stays."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not `atomic`: that would begin IMMEDIATE and take the lock of those who write.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _read(
    run_id: uuid.UUID, chosen: Format, *, now: datetime, address: str, profile: Profile
) -> _Reading:
    with snapshot():
        row = Run.objects.get(pk=run_id)
        inside = profile is Profile.INTERNAL
        long = not chosen.needs_lines or (chosen.parts and row.version > REPORTS_UP_TO)
        whole = not (inside and long)
        report = build_report(row, made_at=now, address=address, lines=whole)
        reading = _Reading(row=row, report=report)
        if not chosen.needs_record:
            return replace(reading, links=_links(row) if chosen.verbatim else ())
        signed = heads.proof_of(row, now=now)
        named: set[str] = set()
        reading = replace(
            reading, signed=signed, keys=tuple(signing.statements(until=signed.head.at))
        )
        if whole:
            links = _links(row)
            for link in links:
                named |= _named(link)
            reading = replace(reading, links=links)
        else:
            reading = replace(reading, events=_spooled(row, named))
        return replace(reading, attachments=_attachments(row, named))


def _links(row: Run) -> tuple[Link, ...]:
    with closing(queries.chain_links(row)) as links:
        return tuple(link for link in links if link.seq <= row.version)


def _spooled(row: Run, named: set[str]) -> IO[bytes]:
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when all is written
    with closing(queries.chain_links(row)) as links:
        for link in links:
            named |= _named(link)
            file.write(event_line(link))
    return file


def _named(link: Link) -> set[str]:
    """Digests of what an event's content names; most contents need not be read for it."""
    body = link.body or ""
    if '"digest"' not in body and '"sha256_stored"' not in body:
        return set()
    try:
        return references(json.loads(link.header)["type"], json.loads(body)["data"])
    except (ValueError, KeyError):  # changed by somebody; the export goes on, and shows it
        return set()


def _attachments(row: Run, named: set[str]) -> tuple[Attachment, ...]:
    """Texts and files by digest. What is lost is left out, and the verifier says so."""
    found = [
        Attachment(name=f"texts/{digest}.json", content=partial(_text, bytes(salt), text))
        for digest, salt, text in Evidence.objects.filter(run=row).values_list(
            "digest", "salt", "text"
        )
        if digest in named and salt is not None and text is not None
    ]
    texts = {each.name[6:-5] for each in found}
    for digest in sorted(named - texts):
        path = objects.place_of(digest)
        if path.exists():
            found.append(Attachment(name=f"files/{digest}", content=partial(_pieces_of, path)))
    return tuple(found)


def _text(salt: bytes, text: str) -> Iterable[bytes]:
    yield chain.canonical({"salt": salt.hex(), "text": text}).encode()


def _pieces_of(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _handout(reading: _Reading, profile: Profile) -> Handout:
    report, signed = reading.report, reading.signed
    if profile is not Profile.INTERNAL:
        report = redaction.handed_out(reading.row.pk, profile, report=report).report
    handout = Handout(report=report, links=reading.links)
    if signed is None:
        return handout
    state = reading.row.state
    same = heads_domain.state_digest(state) == signed.head.state_digest
    return replace(
        handout,
        record=Record(
            size=reading.row.version,
            created=reading.row.created,
            head=signed.text,
            at=signed.head.at,
            signature=signed.signature,
            keys=reading.keys,
            state=state if same else "",
            lines=_lines(reading, report, profile),
            attachments=reading.attachments,
            profile=profile,
        ),
    )


def _lines(reading: _Reading, report: RunReport, profile: Profile) -> Callable[[], Iterable[bytes]]:
    if profile is not Profile.INTERNAL:
        return lambda: derived_lines(reading.links, report)
    if reading.events is not None:
        return partial(_again, reading.events)
    return lambda: map(event_line, reading.links)


def _again(file: IO[bytes]) -> Iterable[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def build_report(row: Run, *, made_at: datetime, address: str, lines: bool = True) -> RunReport:
    """The whole record at the head that the row names; without `lines` what the row itself tells.

    Events never change and only come behind that head, so leaving out what is newer than the row
    makes one consistent reading without holding up those who write.
    """
    state, pack = load_state(row.state), queries.pack_of(row)
    told = queries.all_entries(row) if lines else []
    entries = [entry for entry in told if entry.seq <= row.version]
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

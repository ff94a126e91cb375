"""Reading a record at one moment, for files that are made of it; a very long one goes to disk.

Everything is read at one moment, or an erasure meanwhile would leave a hole that looks like a crime.
What takes long, such as the layout of a page, comes after that moment, because on SQLite somebody
who reads holds up those who write.
"""

import json
import tempfile
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from runbook import __version__, library, queries
from runbook.domain import chain
from runbook.domain.chain import Link
from runbook.domain.decisions.times import is_late
from runbook.domain.pack import Pack
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import KeepLines
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.exports.format import Format
from runbook.exports.record import Attachment, event_line
from runbook.exports.verifier.verify import references
from runbook.models import Evidence, Run, StoredFile
from runbook.queries import TimelineEntry
from runbook.services import export_pictures, heads, objects, signing
from runbook.services.heads import Signed
from runbook.services.spooled import spooled_lines, spooled_links

PIECE = 256 * 1024
#: Events of a longer run are not held in memory; as many take some megabytes.
IN_MEMORY_UP_TO = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReading:
    """What one moment of the database holds. `events` are the links as a file, where a format writes
    nothing else.
    """

    row: Run
    report: RunReport
    links: Sequence[Link] = ()
    events: IO[bytes] | None = None
    signed: Signed | None = None
    keys: tuple[dict[str, object], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    definition: bytes = b""


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


def read(
    run_id: uuid.UUID,
    chosen: Format,
    *,
    now: datetime,
    address: str,
    profile: Profile,
    spools: ExitStack,
) -> RecordReading:
    """The record at the head that the run's row names; what lies on disk lies there until `spools`
    is closed.
    """
    with snapshot():
        row = Run.objects.get(pk=run_id)
        events_alone = profile is Profile.INTERNAL and not chosen.needs_lines
        keep = None if events_alone else keeper(row.version, spools)
        report = build_report(row, made_at=now, address=address, keep=keep)
        if chosen.shows_evidence:
            report = export_pictures.told(row, report)
        reading = RecordReading(row=row, report=report)
        if not chosen.needs_record:
            return replace(reading, links=_links(row, spools) if chosen.verbatim else ())
        signed = heads.proof_of(row, now=now)
        reading = replace(reading, signed=signed, keys=_keys(row, until=signed.head.at))
        named: set[str] = set()
        if events_alone:
            reading = replace(reading, events=_event_lines(row, spools, named))
        else:
            reading = replace(reading, links=_links(row, spools, named))
        return replace(
            reading,
            attachments=_attachments(row, named),
            definition=library.definition_in(row.pack.body),
        )


def keeper(size: int, spools: ExitStack) -> KeepLines:
    """What keeps so many lines: memory, or a file that is there until `spools` is closed."""
    if size <= IN_MEMORY_UP_TO:
        return tuple
    return lambda lines: spools.enter_context(closing(spooled_lines(lines)))


def _keys(row: Run, *, until: datetime) -> tuple[dict[str, object], ...]:
    """What the keys of the installation said that keeps the record."""
    if row.imported_by is not None:
        return tuple(json.loads(row.copy.keys))
    return tuple(signing.statements(until=until))


def _links(row: Run, spools: ExitStack, named: set[str] | None = None) -> Sequence[Link]:
    """The stored events; `named` takes up the digests that they name."""
    with closing(_each_link(row, named)) as links:
        if row.version <= IN_MEMORY_UP_TO:
            return tuple(links)
        return spools.enter_context(closing(spooled_links(links)))


def _event_lines(row: Run, spools: ExitStack, named: set[str]) -> IO[bytes]:
    """The same as the lines of a file, for a format that writes nothing else."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spools
    spools.enter_context(closing(file))
    with closing(_each_link(row, named)) as links:
        for link in links:
            file.write(event_line(link))
    return file


def _each_link(row: Run, named: set[str] | None) -> Generator[Link]:
    with closing(queries.chain_links(row)) as links:
        for link in links:
            if link.seq > row.version:
                return
            if named is not None:
                named |= _named(link)
            yield link


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
    # One store holds the files of all runs, and the events of a copy may name whatever they like.
    rows = StoredFile.objects.filter(run=row, state=StoredFile.State.ACCEPTED)
    kept = set(rows.values_list("sha256_stored", flat=True)) - {""}
    for digest in sorted(named & kept):
        path = objects.place_of(digest)
        if path.exists():
            found.append(Attachment(name=f"files/{digest}", content=partial(_pieces_of, path)))
    return tuple(found)


def _text(salt: bytes, text: str) -> Iterable[bytes]:
    yield chain.canonical({"salt": salt.hex(), "text": text}).encode()


def _pieces_of(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def build_report(
    row: Run, *, made_at: datetime, address: str, keep: KeepLines | None = tuple
) -> RunReport:
    """The whole record at the head that the row names; with nothing to `keep` its lines what the row
    itself tells.

    Events never change and only come behind that head, so leaving out what is newer than the row
    makes one consistent reading without holding up those who write.
    """
    state, pack = load_state(row.state), queries.pack_of(row)
    actors = set(state.members) | (queries.actors_of(row) if keep else set())
    people = queries.people_of(row, actors, marked=False)
    lines: Sequence[ReportLine] = ()
    if keep:
        with closing(queries.each_entry(row, names=people)) as entries:
            lines = keep(_line(entry, state, pack, people) for entry in entries)
    return RunReport(
        run=str(row.pk),
        address=address,
        instance=queries.instance_of(row),
        pack=pack,
        state=state,
        standings=standings(state, pack),
        lines=lines,
        errors=_errors(row, state),
        people=people,
        head=row.head,
        genesis=row.genesis,
        made_at=made_at,
        product_version=__version__,
        imported=row.copy.mark if row.imported_by else "",
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

"""Handing a record out: first it is recorded that this happens, then the record is read and written.

A file is complete before its first byte leaves. What goes wrong while it is written can still be
told instead of ending in half a file with a good answer; its length is known; and no view of the
database stays open for as long as somebody's line is slow. A large file lies on disk meanwhile, so
the price is the time until the first byte, and no memory.
"""

import io
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import IO

from django.db import transaction

from runbook import queries
from runbook.domain import heads as heads_domain
from runbook.domain.errors import DomainError
from runbook.domain.redaction import Profile
from runbook.domain.report import RunReport
from runbook.exports import FORMATS
from runbook.exports.format import Format, Handout
from runbook.exports.record import Record, derived_lines, event_line
from runbook.models import Run
from runbook.services import anchors, export_pictures, heads, record_reading, redaction, runs
from runbook.services.record_reading import PIECE, RecordReading
from runbook.services.timeline import Act

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
            while piece := self.file.read(PIECE):
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
    raises. That a copy of the head is outside now is kept beside the record. Of a record that another
    installation keeps, handing out its copy is recorded nowhere.
    """
    chosen = format_for(export_format, profile)
    copy = Run.objects.filter(pk=run_id).exclude(imported_by=None).first()
    if copy is not None:
        # Nothing is added to a record of others, so two exports of it are the same.
        queries.check_reads_copy(copy, act.actor)
        return written(run_id, chosen, now=act.now, address=address, profile=profile)
    runs.record_export(run_id=run_id, act=act, export_format=as_recorded(chosen, profile))
    made = written(run_id, chosen, now=act.now, address=address, profile=profile)
    note_copy(run_id, made, receiver=act.actor, at=act.now)
    return made


def as_recorded(chosen: Format, profile: Profile) -> str:
    """What the timeline says was handed out."""
    return chosen.slug if profile is Profile.INTERNAL else f"{chosen.slug}, cut for {profile.value}"


def note_copy(run_id: uuid.UUID, made: Exported, *, receiver: str, at: datetime) -> None:
    """Keeps that somebody holds a copy of the head now."""
    anchors.note(
        Run.objects.get(pk=run_id),
        how=anchors.EXPORT,
        receiver=receiver,
        at=at,
        size=made.run_version,
        head=made.head,
    )


def format_for(slug: str, profile: Profile) -> Format:
    """The format with this slug; UnknownFormat or NotForOutside if it cannot be had."""
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
    if chosen.needs_record and Run.objects.filter(pk=run_id, imported_by=None).exists():
        heads.have_key(now=now)
    with ExitStack() as spools:
        return _made(run_id, chosen, now=now, address=address, profile=profile, spools=spools)


def _made(
    run_id: uuid.UUID,
    chosen: Format,
    *,
    now: datetime,
    address: str,
    profile: Profile,
    spools: ExitStack,
) -> Exported:
    reading = record_reading.read(
        run_id, chosen, now=now, address=address, profile=profile, spools=spools
    )
    row, signed = reading.row, reading.signed
    if signed is not None and signed.signature is not None and not signed.stored:
        with transaction.atomic():
            heads.keep(row, signed, reason="export")
    file = _write(chosen, _handout(reading, profile, spools))
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
    try:
        for piece in chosen.parts(handout) if chosen.parts else [chosen.render(handout)]:
            if isinstance(file, io.BytesIO) and file.tell() + len(piece) > IN_MEMORY:
                small, file = file, tempfile.TemporaryFile()  # noqa: SIM115 - handed on
                file.write(small.getvalue())
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return file


def _handout(reading: RecordReading, profile: Profile, spools: ExitStack) -> Handout:
    report, signed = reading.report, reading.signed
    if profile is not Profile.INTERNAL:
        keep = record_reading.keeper(reading.row.version, spools)
        report = redaction.handed_out(
            reading.row.pk, profile, report=report, keep_lines=keep
        ).report
    # That the pictures of a copy were painted anew is but the word of another installation.
    pictures = None if reading.row.imported_by else export_pictures.reader(profile)
    handout = Handout(report=report, links=reading.links, pictures=pictures)
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
            definition=reading.definition,
            profile=profile,
        ),
    )


def _lines(
    reading: RecordReading, report: RunReport, profile: Profile
) -> Callable[[], Iterable[bytes]]:
    if profile is not Profile.INTERNAL:
        return lambda: derived_lines(reading.links, report)
    if reading.events is not None:
        return partial(_again, reading.events)
    return lambda: map(event_line, reading.links)


def _again(file: IO[bytes]) -> Iterable[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece

"""Opens a record that another installation keeps, as a copy that can be read and nothing else.

The file is read and checked by `exports/reading.py` before anything is written. Then one transaction
writes the run under its own id with its events word for word, and shows it once to itself: a record
that no page could show is refused and leaves nothing behind. The copy has no members, so it gives
nobody rights and counts nowhere; whoever opened it reads it, and the owners of the installation.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import IntegrityError, transaction

from runbook import library, queries
from runbook.domain import events as ev
from runbook.domain.errors import DomainError
from runbook.domain.handed_files import (
    HEAD,
    LIMITS,
    MIB,
    NAME_LENGTH,
    PICTURES,
    TYPES,
    FileKind,
    kind_by_content,
    safe_name,
)
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS
from runbook.exports.format import Handout
from runbook.exports.incoming import Incoming, RecordRefused
from runbook.exports.reading import MOST_ZIP, Trust, fingerprint_of, read_record
from runbook.models import (
    Evidence,
    ImportedRecord,
    PackRevision,
    Run,
    SigningKey,
    StoredFile,
    User,
)
from runbook.services import objects, projection, record_reading, review, timeline
from runbook.services.files import NO_ROOM

logger = logging.getLogger(__name__)

_PIECE = 256 * 1024
#: Records that one person opens on the page within a day.
MOST_A_DAY = 20
_LONGEST_SLUG = 64
#: What is left to find in a chain that is whole, of events that mean nothing together.
_UNSHOWABLE = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError)
NO_SENSE = "The events of this record do not fit together, so it cannot be shown."


class AlreadyHere(RecordRefused):
    """A run with this id is here. `run` is its id if the person may read it, else None."""

    def __init__(self, sentence: str, *, run: uuid.UUID | None) -> None:
        super().__init__(sentence)
        self.run = run


def open_record(path: Path, *, user: User, now: datetime, fingerprint: str = "") -> Run:
    """The record in a file as a copy that can only be read; all of it or nothing.

    RecordRefused, with one sentence, for a file that was changed, that a key other than the named
    one signed, that this version cannot show or that is too large; AlreadyHere for a record that is
    here already, whichever file it comes from: nothing is merged and nothing replaced.
    """
    _check_disk()
    found = read_record(path, trust=Trust(named=fingerprint_of(fingerprint), own=_own_keys()))
    _check_new(found.run, user)
    files = _files(found)
    digest = _digest(path)
    try:
        with _stored(found.files):
            return timeline.patiently(
                lambda: _write(found, files, user=user, now=now, digest=digest)
            )
    except IntegrityError:
        # Of two that open one record at once the other was faster; or it names a file of another run.
        _check_new(found.run, user)
        raise RecordRefused("This record names a file that belongs to another run here.") from None


def open_upload(file: IO[bytes], *, user: User, now: datetime, fingerprint: str = "") -> Run:
    """As `open_record`, for a file that comes in; it lies in a private folder meanwhile.

    One person opens so many in a day on the page; the command of the server knows no such limit.
    """
    _check_often(user, now)
    with objects.new_file() as (path, taken):
        try:
            _take_in(file, taken)
            return open_record(path, user=user, now=now, fingerprint=fingerprint)
        finally:
            path.unlink(missing_ok=True)


def _check_often(user: User, now: datetime) -> None:
    """A copy stays for good, so that nobody may fill the disk with them unnoticed."""
    since = now - timedelta(days=1)
    opened = ImportedRecord.objects.filter(run__imported_by=user.actor_id, imported_at__gt=since)
    if opened.count() >= MOST_A_DAY:
        raise RecordRefused(
            f"You opened {MOST_A_DAY} records within a day, which is the limit here. Open the next one "
            "tomorrow, or ask whoever runs this installation to open it with manage.py import_run."
        )


def _take_in(file: IO[bytes], taken: IO[bytes]) -> None:
    size = 0
    try:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > MOST_ZIP:
                raise RecordRefused(f"The file is larger than {MOST_ZIP // MIB} MiB, the limit.")
            taken.write(piece)
        taken.flush()
    except OSError as problem:
        raise RecordRefused(NO_ROOM) from problem


def _own_keys() -> tuple[str, ...]:
    keys = SigningKey.objects.values_list("public", flat=True)
    return tuple(hashlib.sha256(bytes.fromhex(public)).hexdigest() for public in keys)


def _check_disk() -> None:
    used, total = objects.disk()
    if used * 100 > total * settings.FILES_DISK_PERCENT:
        raise RecordRefused(NO_ROOM)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_new(run_id: uuid.UUID, user: User) -> None:
    row = Run.objects.filter(pk=run_id).first()
    if row is None:
        return
    if row.imported_by is None:
        raise AlreadyHere(
            "A run with this id is recorded in this installation. A copy is never merged into it.",
            run=_readable(row, user),
        )
    raise AlreadyHere(
        "This record was opened here before, and a copy is never replaced. Ask an owner of the "
        "installation if you cannot see it.",
        run=_readable(row, user),
    )


def _readable(row: Run, user: User) -> uuid.UUID | None:
    try:
        queries.run_for(user, row.pk, action=Action.VIEW)
    except (queries.RunNotFound, DomainError):
        return None
    return row.pk


def _write(
    found: Incoming, files: list[StoredFile], *, user: User, now: datetime, digest: str
) -> Run:
    _check_new(found.run, user)
    with _sensible():
        columns = projection.columns(found.state)
    run = _row(found, columns, user)
    told = _beside(found, run, now=now, digest=digest)
    timeline.copy_events(run, found.links, erased=found.erased)
    Evidence.objects.bulk_create(
        Evidence(run=run, digest=each.digest, salt=each.salt, text=each.text, created=now)
        for each in found.texts
    )
    for file in files:
        file.run, file.actor_id, file.created = run, user.actor_id, now
    StoredFile.objects.bulk_create(files)
    run.copy = told
    with _sensible(), transaction.atomic():
        _show(run, now=now)
    return run


def _row(found: Incoming, new: projection.Columns, user: User) -> Run:
    return Run.objects.create(
        pk=found.run,
        created=found.created,
        genesis=found.genesis,
        pack=_definition(found),
        version=len(found.links),
        head=found.links[-1].digest,
        last_at=datetime.fromisoformat(json.loads(found.links[-1].header)["at"]),
        title=new.title,
        stage=new.stage,
        state=new.state,
        imported_by=user.actor_id,
    )


def _definition(found: Incoming) -> PackRevision:
    """The revision to which the chain is bound: shipped with this version, held by a run here, or
    brought by the file itself. One from a file only ever serves copies: runs begin with packs that
    are shipped.
    """
    revision = PackRevision.objects.filter(pk=found.plan_digest).first()
    if revision is not None:
        return revision
    for pack in library.packs().values():
        if pack.digest == found.plan_digest:
            return PackRevision.objects.create(
                pk=pack.digest, slug=pack.slug, body=library.dump_pack(pack)
            )
    if found.definition:
        body = _body(found.definition, slug=found.state.pack)
        return PackRevision.objects.create(pk=found.plan_digest, slug=found.state.pack, body=body)
    raise RecordRefused(
        f"This record follows the definition {found.state.pack[:64]} in the revision "
        f"{found.plan_digest[:12]}, which this installation does not have. Open it with the version "
        "of the product that wrote it."
    )


def _body(definition: bytes, *, slug: str) -> str:
    """The definition as it is stored, if nothing in it leads a reader anywhere but to a web page."""
    try:
        body = library.body_of(definition)
    except library.PackInvalid as problem:
        raise RecordRefused(
            "This record brings a definition that this version cannot read. Open it with the version "
            "of the product that wrote it."
        ) from problem
    pack = library.parse_pack(body)
    places = {source.url for source in pack.sources}
    places |= {remedy.url for family in pack.families for remedy in family.remedies}
    if pack.slug != slug or len(slug) > _LONGEST_SLUG:
        raise RecordRefused("The definition in this record is not the one that its events name.")
    if not all(each.startswith("https://") for each in places - {""}):
        raise RecordRefused("The definition in this record has links that are no web addresses.")
    return body


def _beside(found: Incoming, run: Run, *, now: datetime, digest: str) -> ImportedRecord:
    return ImportedRecord.objects.create(
        run=run,
        imported_at=now,
        kind=found.kind,
        sha256=digest,
        instance=found.instance,
        head=found.head,
        signature=found.signature,
        keys=json.dumps(found.keys, ensure_ascii=False),
        people=json.dumps(found.people, ensure_ascii=False),
        verified=found.finding.verified,
        finding=found.finding.sentence,
    )


def _show(run: Run, *, now: datetime) -> None:
    """Makes what the pages for reading are made of, as they do."""
    queries.verify_run(run)
    report = record_reading.build_report(run, made_at=now, address="")
    FORMATS["markdown"].render(Handout(report=report, links=()))
    review.record_of(run, made_at=now)


@contextmanager
def _sensible() -> Iterator[None]:
    """Refuses a record whose events, each of them well written, mean nothing together."""
    try:
        yield
    except DomainError:
        raise
    except _UNSHOWABLE:
        logger.exception("A record that came in cannot be shown.")
        raise RecordRefused(NO_SENSE) from None


@contextmanager
def _stored(files: Mapping[str, memoryview]) -> Iterator[None]:
    """The files lie in the store before the transaction begins, and stay there until it is over."""
    if not files:
        yield
        return
    with objects.held():
        for sha256, content in files.items():
            _put(sha256, content)
        yield


def _put(sha256: str, content: memoryview) -> None:
    try:
        with objects.new_file() as (path, file):
            for start in range(0, len(content), _PIECE):
                file.write(content[start : start + _PIECE])
            file.flush()
            objects.put(path, sha256)
    except OSError as problem:
        raise RecordRefused(NO_ROOM) from problem


def _files(found: Incoming) -> list[StoredFile]:
    """Rows for what the events name. All of them are only saved, never shown on a page.

    That a picture was painted anew is but the word of another installation; and to paint it here
    would give other bytes than those to which the record is bound.
    """
    if sum(map(len, found.files.values())) > settings.FILES_OF_A_RUN:
        raise RecordRefused(
            f"The files of this record are larger than {settings.FILES_OF_A_RUN // MIB} MiB, the "
            "limit for one run."
        )
    added = [each.event for each in found.recorded if isinstance(each.event, ev.EvidenceAdded)]
    rows = [_file(each, found.files) for each in added if each.file or each.sha256_stored]
    named = {row.sha256_stored for row in rows}
    if set(found.files) - named or len({row.handle for row in rows}) != len(rows):
        raise RecordRefused(NO_SENSE)
    return rows


def _file(added: ev.EvidenceAdded, files: Mapping[str, memoryview]) -> StoredFile:
    content = files.get(added.sha256_stored)
    handle, kind = _handle(added), _kind(added, content)
    size = len(content) if content is not None else 0
    return StoredFile(
        handle=handle or uuid.uuid4(),
        state=StoredFile.State.ACCEPTED,
        kind=kind.value,
        name=safe_name(added.name)[:NAME_LENGTH],
        # Without a handle no page can name it: it is kept for whoever exports the copy.
        step=added.step[:64] if handle else "",
        slot=added.slot[:64],
        caption=added.caption[:500],
        size_received=min(max(added.size, 0), 2**40),
        size_stored=size,
        sha256_received=added.sha256_received[:64],
        sha256_stored=added.sha256_stored if content is not None else "",
        facts=json.dumps({"imported": True}),
    )


def _handle(added: ev.EvidenceAdded) -> uuid.UUID | None:
    if not added.file:
        return None
    try:
        return uuid.UUID(hex=added.file)
    except ValueError:
        raise RecordRefused(NO_SENSE) from None


def _kind(added: ev.EvidenceAdded, content: memoryview | None) -> FileKind:
    """The kind that the event tells, if the content is of it and not larger than such files are."""
    if not added.file:
        return FileKind.TEXT
    kind = FileKind(added.kind) if added.kind in set(FileKind) else None
    if kind is None or (content is not None and not _fits(kind, content)):
        raise RecordRefused(
            "A file in this record is not of the kind that its entry tells, so it is not opened."
        )
    return kind


def _fits(kind: FileKind, content: memoryview) -> bool:
    if kind not in TYPES or not 0 < len(content) <= LIMITS[kind]:
        return False
    if kind not in PICTURES:
        return True
    try:
        return kind_by_content(bytes(content[:HEAD])) is kind
    except DomainError:
        return False

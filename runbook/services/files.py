"""Files as evidence: taken in, looked through apart from this process, stored by content (4c).

`receive` streams and inspects without a lock; what it gives lies in a private folder. `kept` moves
it into the object store, and `keep` writes its row in the transaction that records the event. A file
that is refused leaves a line in the log and no row: nobody could erase its name.
"""

import errno
import hashlib
import json
import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import QuerySet, Sum

from runbook.domain import events as ev
from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.errors import TransitionRefused
from runbook.domain.handed_files import (
    ALL,
    EMPTY,
    HEAD,
    LIMITS,
    MIB,
    NAME_LENGTH,
    PICTURES,
    Box,
    FileKind,
    agreed_kind,
    kind_by_name,
    safe_name,
    too_large,
)
from runbook.domain.redaction import mask
from runbook.models import Run, StoredFile, Team
from runbook.services import objects, uploads
from runbook.services.timeline import Act

logger = logging.getLogger(__name__)

_CHUNK = 256 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_ROOM = (
    "The disk of this installation is too full for more files. Nothing was recorded; tell whoever "
    "runs the installation."
)
_MODULE = "runbook.services.file_inspection"
State = StoredFile.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A file that was looked through; `path` holds the bytes to store, None if none are stored."""

    kind: FileKind
    name: str
    size_received: int
    sha256_received: str
    path: Path | None
    size_stored: int
    sha256_stored: str
    facts: dict[str, Any]

    def discard(self) -> None:
        """Takes the private file away, unless it has moved into the store."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file on its way into a slot, with what the person says of it."""

    ready: Ready
    step: str
    slot: str
    caption: str = ""
    happened_at: datetime | None = None
    handle: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def event(self) -> ev.EvidenceAdded:
        """What the timeline says of it."""
        ready = self.ready
        return ev.EvidenceAdded(
            step=self.step,
            slot=self.slot,
            digest="",
            size=ready.size_received,
            caption=self.caption,
            secrets_removed=ready.facts.get("secrets", 0),
            file=self.handle.hex,
            kind=ready.kind.value,
            name=ready.name,
            sha256_received=ready.sha256_received,
            sha256_stored=ready.sha256_stored,
        )


def receive(
    file: IO[bytes],
    name: str,
    *,
    asked: frozenset[FileKind] = ALL,
    boxes: Sequence[Box] = (),
    modified: str = "",
) -> Ready:
    """Takes a file in and has it looked through; Unreadable with one sentence if it is refused.

    `boxes` are blacked out before anything is stored. `modified` is the file's own time as the
    browser tells it; the picture's own is better and takes its place.
    """
    path = None
    try:
        kind = kind_by_name(name)
        with objects.new_file() as (path, taken):
            size, sha256 = _stream(file, taken, limit=LIMITS[kind], sentence=too_large(kind))
            taken.seek(0)
            kind = agreed_kind(name=name, head=taken.read(HEAD), asked=asked)
            taken.seek(0)
            facts, clean = uploads.answer_apart(_MODULE, kind.value, _told(boxes), file=taken)
        facts["taken"] = facts.get("taken") or modified
        return _ready(facts, clean, name=name, received=(size, sha256), kind=kind)
    except Unreadable as refused:
        logger.info("A file was refused: %s", refused.sentence)
        raise
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        logger.exception("A file could not be taken in.")
        raise Unreadable(NO_ROOM) from problem
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def _stream(file: IO[bytes], taken: IO[bytes], *, limit: int, sentence: str) -> tuple[int, str]:
    """Copies and hashes what comes in, never more than the limit."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise Unreadable(sentence)
        digest.update(chunk)
        taken.write(chunk)
    if not size:
        raise Unreadable(EMPTY)
    taken.flush()
    return size, digest.hexdigest()


def _told(boxes: Sequence[Box]) -> str:
    """The boxes as the inspection reads them."""
    return json.dumps([[b.left, b.top, b.right - b.left, b.bottom - b.top] for b in boxes])


def _written(clean: bytes) -> Path:
    """The bytes in a private file, whole or not at all."""
    with objects.new_file() as (path, stored):
        try:
            stored.write(clean)
            stored.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return path


def _ready(
    facts: dict[str, Any], clean: bytes, *, name: str, received: tuple[int, str], kind: FileKind
) -> Ready:
    path = _written(clean) if clean else None
    return Ready(
        kind=FileKind(facts.pop("kind", kind)),
        name=mask(safe_name(name)).text[:NAME_LENGTH],
        size_received=received[0],
        sha256_received=received[1],
        path=path,
        size_stored=len(clean),
        sha256_stored=objects.digest_of(clean) if clean else "",
        facts=facts,
    )


@contextmanager
def kept(attached: Iterable[Attached]) -> Iterator[None]:
    """The bytes lie in the store before the transaction begins, and stay there until it is over.

    What the transaction then does not name is an orphan, which `tidy` removes a day later.
    """
    files = [each.ready for each in attached]
    if not files:
        yield
        return
    try:
        with objects.held():
            for ready in files:
                _put(ready)
            yield
    finally:
        for ready in files:
            ready.discard()


def _put(ready: Ready) -> None:
    if ready.path is None:
        return
    try:
        objects.put(ready.path, ready.sha256_stored)
    except OSError as problem:
        logger.exception("A file could not be stored.")
        raise TransitionRefused(NO_ROOM) from problem


def keep(run: Run, attached: Sequence[Attached], *, act: Act) -> None:
    """Writes the rows, inside the transaction that holds the run's lock and records the events."""
    if not attached:
        return
    _check_room(run, sum(each.ready.size_stored for each in attached))
    StoredFile.objects.bulk_create(_row(run, each, act=act) for each in attached)


def _row(run: Run, each: Attached, *, act: Act) -> StoredFile:
    ready = each.ready
    return StoredFile(
        handle=each.handle,
        run=run,
        state=State.ACCEPTED,
        kind=ready.kind.value,
        name=ready.name,
        step=each.step,
        slot=each.slot,
        caption=each.caption,
        size_received=ready.size_received,
        size_stored=ready.size_stored,
        sha256_received=ready.sha256_received,
        sha256_stored=ready.sha256_stored,
        width=ready.facts.get("width", 0),
        height=ready.facts.get("height", 0),
        facts=json.dumps(ready.facts, ensure_ascii=False),
        actor_id=act.actor,
        created=act.now,
    )


def _check_room(run: Run, more: int) -> None:
    """Refuses what would pass a quota. The team's row is locked, so that its runs add up."""
    if not more:
        return
    if size_of(StoredFile.objects.filter(run=run)) + more > settings.FILES_OF_A_RUN:
        raise TransitionRefused(
            f"This run keeps {settings.FILES_OF_A_RUN // MIB} MiB of files at most. Nothing was "
            "recorded; hand in a smaller picture or log, or have something erased that is not needed."
        )
    if run.team_id is not None:
        Team.objects.select_for_update(no_key=True).get(pk=run.team_id)
        if (
            size_of(StoredFile.objects.filter(run__team=run.team_id)) + more
            > settings.FILES_OF_A_TEAM
        ):
            raise TransitionRefused(
                f"The runs of this team keep {settings.FILES_OF_A_TEAM // MIB} MiB of files at "
                "most. Nothing was recorded; have files erased that are not needed any more."
            )
    used, total = objects.disk()
    if used * 100 > total * settings.FILES_DISK_PERCENT:
        raise TransitionRefused(NO_ROOM)


def size_of(rows: "QuerySet[StoredFile]") -> int:
    """Bytes that these files take, each counted although equal ones lie there once."""
    found = rows.filter(state=State.ACCEPTED).aggregate(size=Sum("size_stored"))
    return int(found["size"] or 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored file for a page, with what the inspection told of it."""

    row: StoredFile
    facts: dict[str, Any]

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown on a page: painted anew here, not by another installation."""
        return FileKind(self.row.kind) in PICTURES and not self.facts.get("imported")

    @property
    def taken(self) -> str:
        """The file's own time: a camera's wall clock, or what the browser told, which is in UTC."""
        said = self.facts.get("taken", "")
        moment = datetime.fromisoformat(said) if said else None
        if moment is None:
            return ""
        return moment.strftime("%Y-%m-%d %H:%M UTC" if moment.tzinfo else "%Y-%m-%d %H:%M")


def shown(row: StoredFile) -> Shown:
    """A file with its facts."""
    return Shown(row, json.loads(row.facts) if row.facts else {})


def of_run(run: Run) -> list[StoredFile]:
    """All files of a run, the erased ones too, oldest first."""
    return list(StoredFile.objects.filter(run=run).order_by("created", "pk"))


def of_step(run: Run, step: str) -> dict[str, list[Shown]]:
    """The files of one step that can still be looked at, by slot, oldest first."""
    found: dict[str, list[Shown]] = {}
    rows = StoredFile.objects.filter(run=run, step=step, state=State.ACCEPTED)
    for row in rows.order_by("created", "pk"):
        found.setdefault(row.slot, []).append(shown(row))
    return found


def stored(run: Run, handle: uuid.UUID) -> StoredFile | None:
    """A file of this run whose content can be sent; None for every other."""
    rows = StoredFile.objects.filter(run=run, handle=handle, state=State.ACCEPTED)
    return rows.exclude(sha256_stored="").first()


def drop_unnamed(digests: Iterable[str]) -> int:
    """Removes those of the objects that no accepted file names; how many went."""
    with objects.alone():
        rows = StoredFile.objects.filter(state=State.ACCEPTED)
        unnamed = [each for each in set(digests) if not rows.filter(sha256_stored=each).exists()]
        for sha256 in unnamed:
            objects.remove(sha256)
    return len(unnamed)


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many leftovers the janitor took away."""

    temporary: int
    objects: int


def tidy(now: datetime) -> Tidied:
    """Removes what came in an hour ago and was never finished, and day-old bytes that no row names."""
    left = objects.leftovers(now)
    for path in left:
        path.unlink(missing_ok=True)
    return Tidied(temporary=len(left), objects=drop_unnamed(objects.old_objects(now)))

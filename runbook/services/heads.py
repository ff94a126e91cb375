"""Signs heads, so that a record can be proved to somebody who does not trust the database.

Heads are signed inside the transaction that wrote the event: then no crash leaves a closed or handed
over run without its signature, and it costs one row. A savepoint stands around it, because nobody's
work may be lost for want of a key; what failed is logged, and `sign_heads` catches up at night.
Before it signs, the part of the chain since the last signed head is checked, so that the product
never puts its name under a record that somebody changed.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile

from django.db import transaction

from runbook import queries
from runbook.domain import chain
from runbook.domain import heads as domain
from runbook.domain.errors import BrokenChain, DomainError
from runbook.domain.journal import EntryType
from runbook.models import Head, Run
from runbook.services import anchors, journal, signing, upkeep
from runbook.services.journal import Place
from runbook.services.signing import Key, NoKey

logger = logging.getLogger(__name__)

EVERY = 50
#: More than this since the last signature is not checked while somebody waits; the night does it.
LONGEST = 500
REASONS = {
    "export.made": "export",
    "link.created": "link",
    "handover.offered": "handover",
    "run.closed": "closed",
    "run.abandoned": "closed",
}


class Later(DomainError):
    """Signing takes too long now; an export or the night does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A head with its signature, stored or not; unsigned if there was no key."""

    head: domain.Head
    text: str
    signature: str | None
    stored: bool


def after_append(run: Run, *, kinds: Collection[str], before: int, now: datetime) -> None:
    """Called with every append, inside its transaction: journal and signature, if any is due."""
    if not before:
        _try(run, lambda: journal.run_created(run, now=now))
    reason = next((REASONS[kind] for kind in kinds if kind in REASONS), "")
    if reason == "closed":
        _try(run, lambda: journal.run_closed(run, now=now))
    if reason or before // EVERY != run.version // EVERY:
        _try(run, lambda: sign(run, reason=reason or "count", now=now))


def _try(run: Run, do: Callable[[], object]) -> None:
    try:
        with transaction.atomic():
            do()
    except Later as wait:
        logger.info("Run %s is signed later: %s", run.pk, wait.sentence)
    except DomainError as trouble:
        logger.error("Run %s was not signed: %s", run.pk, trouble.sentence)
    except Exception:
        logger.exception("Run %s was not signed.", run.pk)


def sign(run: Run, *, reason: str, now: datetime) -> Head:
    """Signs the newest event, unless it is signed; NoKey, Later, or BrokenChain if it must not be."""
    newest: Head | None = Head.objects.filter(run=run).order_by("-size", "pk").first()
    if newest is not None and (newest.size, newest.head) == (run.version, run.head):
        return newest
    size, head = (newest.size, newest.head) if newest else (0, run.genesis)
    if run.version - size > LONGEST:
        raise Later("There are too many events to check while somebody waits.")
    with closing(queries.chain_links(run, after=size)) as links:
        found = chain.verify(links, start=head, run=str(run.pk), after=size)
    if found != (run.version, run.head):
        raise BrokenChain("The run's row names another event as its newest.", seq=found[0] + 1)
    return keep(run, _signed(run, signing.current(now=now), now=now), reason=reason)


def proof_of(run: Run, *, now: datetime) -> Signed:
    """The signature of the run as its row stands, made now if there is none; writes nothing."""
    if run.imported_by is not None:
        return _proof_elsewhere(run, now=now)
    row: Head | None = (
        Head.objects.filter(run=run, size=run.version, head=run.head).order_by("pk").first()
    )
    if row is not None:
        return _as_signed(row.body, row.signature)
    try:
        with closing(queries.chain_links(run)) as links:
            found = chain.verify(_until(links, run.version), start=run.genesis, run=str(run.pk))
        if found != (run.version, run.head):
            raise BrokenChain("The run's row names another event as its newest.", seq=found[0] + 1)
        return _signed(run, signing.present(), now=now)
    except (NoKey, BrokenChain) as trouble:
        logger.error("Run %s was not signed: %s", run.pk, trouble.sentence)
        head = _head(run, key_id=None, at=now)
        return Signed(head=head, text=domain.head_text(head), signature=None, stored=False)


def _as_signed(text: str, signature: str | None) -> Signed:
    said = domain.read(text)
    head = domain.Head(
        instance=said["instance"],
        run=said["run"],
        size=said["size"],
        head=said["head"],
        state_digest=said["state_digest"],
        at=datetime.fromisoformat(said["at"]),
        key_id=said["key_id"],
    )
    return Signed(head=head, text=text, signature=signature, stored=True)


def _proof_elsewhere(run: Run, *, now: datetime) -> Signed:
    """What the other installation signed. This one never puts its name under a record of others."""
    told = run.copy
    if told.head:
        return _as_signed(told.head, told.signature or None)
    head = _head(run, key_id=None, at=now)
    return Signed(head=head, text=domain.head_text(head), signature=None, stored=False)


def _until(links: Iterable[chain.Link], version: int) -> Iterable[chain.Link]:
    return takewhile(lambda link: link.seq <= version, links)


def have_key(*, now: datetime) -> None:
    """Sees to it that there is a key, if there can be one; for who is about to read only."""
    try:
        with transaction.atomic():
            signing.current(now=now)
    except DomainError as trouble:
        logger.error("Nothing can be signed: %s", trouble.sentence)


def keep(run: Run, signed: Signed, *, reason: str) -> Head:
    """Stores a signature that was just made, and adds it to the customer's file after the commit."""
    row = Head.objects.create(
        run=run,
        size=signed.head.size,
        head=signed.head.head,
        body=signed.text,
        signature=signed.signature or "",
        key_id=signed.head.key_id or "",
        at=signed.head.at,
        reason=reason,
    )
    line = partial(anchors.append_line, signed.head, row.signature)
    transaction.on_commit(line, robust=True)
    return row


def _signed(run: Run, key: Key, *, now: datetime) -> Signed:
    head = _head(run, key_id=key.row.key_id, at=max(now.astimezone(UTC), key.row.created))
    text = domain.head_text(head)
    return Signed(head=head, text=text, signature=key.sign(domain.HEAD_TAG, text), stored=False)


def _head(run: Run, *, key_id: str | None, at: datetime) -> domain.Head:
    """The head of the row, never signed earlier than its newest event."""
    return domain.Head(
        instance=queries.instance_of(run),
        run=str(run.pk),
        size=run.version,
        head=run.head,
        state_digest=domain.state_digest(run.state),
        at=max(at, run.last_at) if run.last_at else at,
        key_id=key_id,
    )


def nightly(*, now: datetime) -> list[str]:
    """Signs every run that went on, lists new runs in the journal, adds the root of the day.

    Each run's whole chain is checked before. Returns what was wrong, in sentences.
    """
    found = []
    for run in journal.unlisted():
        with transaction.atomic():
            journal.run_created(run, now=now)
    for run in Run.objects.filter(imported_by=None).order_by("created", "pk"):
        try:
            _sign_at_night(run, now=now)
        except DomainError as trouble:
            found.append(f"Run {run.pk} was not signed: {trouble.sentence}")
    try:
        with transaction.atomic():
            _daily_root(now=now)
    except DomainError as trouble:
        found.append(trouble.sentence)
    return found


def _sign_at_night(run: Run, *, now: datetime) -> None:
    if not run.version or Head.objects.filter(run=run, size=run.version, head=run.head).exists():
        return
    try:
        queries.verify_run(run)
    except BrokenChain:
        upkeep.verify(run.pk)  # perhaps somebody recorded something meanwhile
        run.refresh_from_db()
    with transaction.atomic():
        keep(run, _signed(run, signing.current(now=now), now=now), reason="night")


def _daily_root(*, now: datetime) -> None:
    rows = Run.objects.filter(imported_by=None).values_list("pk", "version", "head")
    root, count = domain.daily_root((str(pk), size, head) for pk, size, head in rows)
    if not count:
        return
    key = signing.current(now=now)

    def body(place: Place) -> dict[str, object]:
        said = {"v": 1, "instance": place.instance, "seq": place.seq, "prev": place.prev}
        said |= {"root": root, "runs": count, "key_id": key.row.key_id}
        text = chain.canonical({**said, "at": chain.format_time(place.at)})
        return {
            "root": root,
            "runs": count,
            "key_id": key.row.key_id,
            "signature": key.sign(domain.DAILY_TAG, text),
        }

    journal.append(EntryType.DAILY_ROOT, body, now=now)


def problems_of(run: Run) -> list[str]:
    """What is wrong with the signed heads of a run: forged, of another event, of another time."""
    rows = list(Head.objects.filter(run=run).select_related("key").order_by("pk"))
    sizes = {row.size for row in rows}
    events = dict(run.events.filter(seq__in=sizes).values_list("seq", "digest"))
    return [
        f"Run {run.pk}: {problem}"
        for row in rows
        if (problem := problem_of(row, digest=events.get(row.size)))
    ]


def problem_of(row: Head, *, digest: str | None) -> str:
    """What is wrong with one signed head; empty if it is right. `digest` is its event's."""
    where = f"the signed head of event {row.size}"
    if not signing.is_signed(
        row.key.public, signature=row.signature, tag=domain.HEAD_TAG, text=row.body
    ):
        return f"{where} has a false signature."
    try:
        said = domain.read(row.body)
    except ValueError:
        return f"{where} is not written as heads are."
    told = (said["run"], said["size"], said["head"], said["key_id"], said["at"])
    if told != (str(row.run_id), row.size, row.head, row.key_id, chain.format_time(row.at)):
        return f"{where} shows other facts than were signed."
    if digest is None:
        return f"{where} stands, the event is gone."
    if digest != row.head:
        return f"{where} is of another event than the one on record."
    return ""

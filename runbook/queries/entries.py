"""The timeline: pages of it, all of it, and the chain that proves it."""

import json
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Q

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.errors import BrokenChain
from runbook.models import Run
from runbook.models.timeline import Event
from runbook.queries.names import people, people_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE = 20
_OF_ENTRY = ("seq", "type", "actor", "at", "happened_at", "digest", "payload__body")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One event with the name of its actor. `event` is None when the content was erased."""

    seq: int
    type: str
    event: ev.Event | None
    actor: str
    name: str
    happened_at: datetime
    recorded_at: datetime
    digest: str


def timeline_page(
    run: Run, *, before: int | None = None, types: Sequence[str] = (), size: int = PAGE
) -> list[TimelineEntry]:
    """The newest events before a seq, newest first; the cost does not grow with the timeline."""
    rows = Event.objects.filter(run=run).order_by("-seq")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    if types:
        rows = rows.filter(type__in=types)
    return _entries(rows[:size], run)


def newest_rows(run_id: uuid.UUID) -> list[dict[str, object]]:
    """The newest events as plain rows, without their contents."""
    rows = Event.objects.filter(run_id=run_id).order_by("-seq")
    return list(rows.values("seq", "type", "happened_at")[:PAGE])


def entry_at(run: Run, seq: int) -> TimelineEntry | None:
    """One event of the run, None if there is no such seq."""
    found = _entries(Event.objects.filter(run=run, seq=seq), run)
    return found[0] if found else None


def entries_at(
    places: Iterable[tuple[uuid.UUID, int]],
) -> dict[tuple[uuid.UUID, int], TimelineEntry]:
    """Events of several runs by run and seq; three statements whatever their number."""
    wanted: dict[uuid.UUID, list[int]] = {}
    for run_id, seq in places:
        wanted.setdefault(run_id, []).append(seq)
    if not wanted:
        return {}
    any_of = reduce(or_, (Q(run_id=run_id, seq__in=seqs) for run_id, seqs in wanted.items()))
    rows = Event.objects.filter(any_of).order_by("run_id", "seq")
    return dict(zip(rows.values_list("run_id", "seq"), _entries(rows), strict=True))


def events_since(run: Run, version: int) -> list[TimelineEntry]:
    """What was recorded after a version, oldest first; at most one page."""
    return _entries(Event.objects.filter(run=run, seq__gt=version).order_by("seq")[:PAGE], run)


def types_since(run: Run, version: int) -> set[str]:
    """The kinds of events that were recorded after a version."""
    rows = Event.objects.filter(run=run, seq__gt=version).order_by()
    return set(rows.values_list("type", flat=True).distinct())


def count_of(run: Run, *, actor: str, kind: str, since: datetime) -> int:
    """How many entries of a kind somebody made after a moment."""
    return Event.objects.filter(run=run, actor=actor, type=kind, at__gt=since).count()


def _entries(
    rows: "QuerySet[Event]", run: Run | None = None, *, marked: bool = True
) -> list[TimelineEntry]:
    fetched = list(rows.values(*_OF_ENTRY))
    actors = {row["actor"] for row in fetched}
    names = people_of(run, actors, marked=marked) if run else people(actors)
    return [_entry(row, names) for row in fetched]


def _entry(row: Mapping[str, Any], names: Mapping[str, str]) -> TimelineEntry:
    return TimelineEntry(
        seq=row["seq"],
        type=row["type"],
        event=_event(row["type"], row["payload__body"]),
        actor=row["actor"],
        name=names[row["actor"]],
        happened_at=row["happened_at"],
        recorded_at=row["at"],
        digest=row["digest"],
    )


def _event(event_type: str, body: str | None) -> ev.Event | None:
    return None if body is None else ev.from_payload(event_type, json.loads(body)["data"])


def recorded_events(run: Run) -> Iterator[ev.Recorded]:
    """All events of a run in order, for replay. An erased event is left out."""
    rows = Event.objects.filter(run=run).order_by("seq")
    for row in rows.values_list("seq", "type", "actor", "at", "happened_at", "payload__body"):
        seq, event_type, actor, at, happened_at, body = row
        event = _event(event_type, body)
        if event is not None:
            yield ev.Recorded(
                seq=seq, event=event, recorded_at=at, happened_at=happened_at, actor=actor
            )


def all_entries(run: Run, *, marked: bool = True) -> list[TimelineEntry]:
    """The whole timeline, oldest first, for exports; names of a copy as `people_of` gives them."""
    return _entries(Event.objects.filter(run=run).order_by("seq"), run, marked=marked)


def actors_of(run: Run) -> set[str]:
    """Who made the entries up to the head that the row names."""
    rows = Event.objects.filter(run=run, seq__lte=run.version).order_by()
    return set(rows.values_list("actor", flat=True).distinct())


def each_entry(run: Run, *, names: Mapping[str, str]) -> Generator[TimelineEntry]:
    """The timeline up to the head that the row names, oldest first and never all at once.

    `names` are those of all actors. Close it, or a break leaves a server cursor open.
    """
    rows = Event.objects.filter(run=run, seq__lte=run.version).order_by("seq")
    for row in rows.values(*_OF_ENTRY).iterator():
        yield _entry(row, names)


def chain_links(run: Run, *, after: int = 0) -> Generator[chain.Link]:
    """The stored events as the chain sees them, in order, those behind a seq only."""
    rows = Event.objects.filter(run=run, seq__gt=after).order_by("seq")
    fields = ("seq", "header", "digest", "payload__salt", "payload__body", "erasure__pk")
    for seq, header, digest, salt, body, erasure in rows.values_list(*fields).iterator():
        yield chain.Link(
            seq=seq,
            header=header,
            digest=digest,
            salt=None if salt is None else bytes(salt),
            body=body,
            erased=erasure is not None,
        )


def verify_run(run: Run) -> tuple[int, str]:
    """Count and head of the run's unbroken chain; BrokenChain names the first event that fails.

    The columns that pages read must equal the hashed header, and the run's row its newest event.
    """
    with closing(chain_links(run)) as links:  # else a break leaves a server cursor open
        found = chain.verify(links, start=run.genesis, run=str(run.pk))
    _verify_columns(run)
    if found != (run.version, run.head):
        newest = Event.objects.filter(run=run).aggregate(newest=Max("seq"))["newest"] or 0
        raise BrokenChain(
            f"The run's row names event {run.version} as its newest, the chain ends at {newest}.",
            seq=newest + 1,
        )
    return found


def _verify_columns(run: Run) -> None:
    rows = Event.objects.filter(run=run).order_by("seq")
    fields = ("seq", "header", "type", "actor", "actor_kind", "at", "happened_at", "payload__body")
    for seq, text, event_type, actor, kind, at, happened_at, body in rows.values_list(*fields):
        header = json.loads(text)
        said = (header["type"], header["actor"], header["actor_kind"], header["at"])
        same = said == (event_type, actor, kind, chain.format_time(at))
        if body is not None:
            same &= json.loads(body)["happened_at"] == chain.format_time(happened_at)
        if not same:
            raise BrokenChain(f"Event {seq} shows other facts than were recorded.", seq=seq)

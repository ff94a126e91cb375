"""Every read that a page or a command needs; returns rows or domain values, never writes."""

import json
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db.models import Max, Q

from runbook import library
from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.access import check_may
from runbook.domain.errors import BrokenChain
from runbook.domain.experience import Experience, Try, experience_with
from runbook.domain.pack import Pack
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Role
from runbook.models import (
    Attempt,
    Evidence,
    Installation,
    Member,
    Membership,
    Note,
    PackRevision,
    Run,
    ShareLink,
    Team,
    User,
)
from runbook.models.timeline import Event

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE = 20


class RunNotFound(Exception):
    """There is no such run for this person. A stranger is told nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run that somebody may work on: row, state, pack and the person's role."""

    row: Run
    state: RunState
    pack: Pack
    role: Role


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


def instance() -> Installation | None:
    """This installation's row in the chain, if a run was ever started."""
    return Installation.objects.first()


def run_for(user: User, run_id: uuid.UUID, *, action: Action) -> OpenRun:
    """Fetches and authorises in one call: RunNotFound for a stranger, ForbiddenAction for a role."""
    row = Run.objects.filter(pk=run_id).first()
    if row is None:
        raise RunNotFound
    state = load_state(row.state)
    role = role_of(state, user.actor_id)
    check_may(role, action)
    return OpenRun(row=row, state=state, pack=pack_of(row), role=role)


def role_of(state: RunState, actor: str) -> Role:
    """The person's role on the run; RunNotFound if there is none."""
    role = state.members.get(actor)
    if role is None:
        raise RunNotFound
    return role


def pack_of(run: Run) -> Pack:
    """The definition that the run started with, whatever the packs on disk say now."""
    return _pack(run.pack_id)


@lru_cache(maxsize=64)
def _pack(digest: str) -> Pack:
    for pack in library.packs().values():
        if pack.digest == digest:
            return pack
    return library.parse_pack(PackRevision.objects.get(pk=digest).body)


def runs_of(user: User) -> list[OpenRun]:
    """The person's runs, newest first; two statements whatever their number."""
    mine = dict(Member.objects.filter(actor_id=user.actor_id).values_list("run_id", "role"))
    rows: QuerySet[Run] = Run.objects.filter(pk__in=mine).order_by("-last_at")[:100]
    return [
        OpenRun(row=row, state=load_state(row.state), pack=pack_of(row), role=Role(mine[row.pk]))
        for row in rows
    ]


def people(actors: Iterable[str]) -> dict[str, str]:
    """Names by actor id, of share links by their labels; an account that is gone shows as such."""
    wanted = set(actors)
    found = {user.actor_id: str(user) for user in User.objects.filter(actor_id__in=wanted)}
    if wanted - set(found):
        links = ShareLink.objects.filter(actor_id__in=wanted - set(found))
        found |= {link.actor_id: f"Share link: {link.label}" for link in links}
    return {actor: found.get(actor, "a former member") for actor in wanted}


def known_to(user: User) -> list[User]:
    """The people whom the person may add to a run: who shares a team with them, by name."""
    teams = Membership.objects.filter(user=user).values("team_id")
    mates = Membership.objects.filter(team_id__in=teams).values("user_id")
    return list(User.objects.filter(pk__in=mates, is_active=True).order_by("display_name"))


def teams_of(user: User) -> list[Membership]:
    """The person's seats in teams, with the teams, by name."""
    return list(Membership.objects.filter(user=user).select_related("team").order_by("team__name"))


def seats_of(team: Team) -> list[Membership]:
    """Everybody in a team, owners first, with their accounts."""
    rows = Membership.objects.filter(team=team).select_related("user")
    return list(rows.order_by("-is_owner", "user__display_name", "user__username"))


def timeline_page(
    run: Run, *, before: int | None = None, types: Sequence[str] = (), size: int = PAGE
) -> list[TimelineEntry]:
    """The newest events before a seq, newest first; the cost does not grow with the timeline."""
    rows = Event.objects.filter(run=run).order_by("-seq")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    if types:
        rows = rows.filter(type__in=types)
    return _entries(rows[:size])


def newest_rows(run_id: uuid.UUID) -> list[dict[str, object]]:
    """The newest events as plain rows, without their contents."""
    rows = Event.objects.filter(run_id=run_id).order_by("-seq")
    return list(rows.values("seq", "type", "happened_at")[:PAGE])


def entry_at(run: Run, seq: int) -> TimelineEntry | None:
    """One event of the run, None if there is no such seq."""
    found = _entries(Event.objects.filter(run=run, seq=seq))
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
    return _entries(Event.objects.filter(run=run, seq__gt=version).order_by("seq")[:PAGE])


def types_since(run: Run, version: int) -> set[str]:
    """The kinds of events that were recorded after a version."""
    rows = Event.objects.filter(run=run, seq__gt=version).order_by()
    return set(rows.values_list("type", flat=True).distinct())


def _entries(rows: "QuerySet[Event]") -> list[TimelineEntry]:
    fetched = list(
        rows.values("seq", "type", "actor", "at", "happened_at", "digest", "payload__body")
    )
    names = people(row["actor"] for row in fetched)
    return [
        TimelineEntry(
            seq=row["seq"],
            type=row["type"],
            event=_event(row["type"], row["payload__body"]),
            actor=row["actor"],
            name=names[row["actor"]],
            happened_at=row["happened_at"],
            recorded_at=row["at"],
            digest=row["digest"],
        )
        for row in fetched
    ]


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


def all_entries(run: Run) -> list[TimelineEntry]:
    """The whole timeline, oldest first, for exports."""
    return _entries(Event.objects.filter(run=run).order_by("seq"))


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


def experience_of(user: User, fingerprint: str) -> Experience:
    """What the runs that the person may read tell about a failure; one statement.

    Example runs do not count: nobody lived through them.
    """
    if not fingerprint:
        return Experience()
    examples = Event.objects.filter(seq=1, actor_kind="import").values("run_id")
    mine = Member.objects.filter(actor_id=user.actor_id).exclude(run_id__in=examples)
    met = Attempt.objects.filter(run_id__in=mine.values("run_id"), fingerprint=fingerprint).values(
        "run_id"
    )
    tries = [
        Try(
            run=str(row.run_id),
            number=row.number,
            outcome=row.outcome,
            option=row.option,
            fingerprint=row.fingerprint,
            started_at=row.started_at,
            ended_at=row.ended_at,
            repairs=row.repairs,
        )
        for row in Attempt.objects.filter(run_id__in=met)
    ]
    return experience_with(fingerprint, tries)


def notes_on(about: str, subjects: Iterable[str]) -> list[Note]:
    """Notes on families or codes, newest first, with their authors; one statement."""
    rows = Note.objects.filter(about=about, subject__in=set(subjects), withdrawn=None)
    return list(rows.select_related("author").order_by("-created")[:50])


def evidence_texts(run: Run, digests: Iterable[str] | None = None) -> dict[str, str | None]:
    """Captured texts of a run by digest, all of them if none are named; None for an erased one."""
    rows = Evidence.objects.filter(run=run)
    if digests is not None:
        wanted = set(digests)
        if not wanted:
            return {}
        rows = rows.filter(digest__in=wanted)
    return dict(rows.values_list("digest", "text"))

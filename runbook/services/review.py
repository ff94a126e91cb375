"""A run's record for reading: the whole of it, or as it stood at a moment, rebuilt from its events."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from runbook import __version__, queries
from runbook.domain import events as ev
from runbook.domain.decisions.times import is_late
from runbook.domain.pack import Pack
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.state import RunState, replay
from runbook.domain.story import Signs, signs_of
from runbook.domain.vocabulary import Role
from runbook.models import Run
from runbook.queries import TimelineEntry
from runbook.services import talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An entry of the whole timeline by number, kind and time alone."""

    seq: int
    type: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A report at one event, and what its events tell about each other.

    `turns` are all entries up to today, for finding a way through time. `roles` are names that say
    no more than a person's part, for readers who may know no other.
    """

    report: RunReport
    signs: Signs
    newest: int
    recorded: tuple[ev.Recorded, ...]
    turns: tuple[Turn, ...]
    roles: Mapping[str, str]


def record_of(
    row: Run,
    *,
    made_at: datetime,
    until: Callable[[Sequence[TimelineEntry]], int] | None = None,
    texts: Iterable[str] = (),
) -> Record:
    """The record up to the event that `until` chooses among all, without it up to the newest.

    `texts` are digests of evidence whose words the reader may see.
    """
    entries = [entry for entry in queries.all_entries(row) if entry.seq <= row.version]
    newest = entries[-1].seq
    turns = tuple(Turn(seq=each.seq, type=each.type, at=each.recorded_at) for each in entries)
    if until is not None:
        chosen = until(entries)
        entries = [entry for entry in entries if entry.seq <= chosen]
    recorded = tuple(each for each in map(_recorded, entries) if each is not None)
    state, pack = replay(recorded), queries.pack_of(row)
    people = _names(row, entries)
    report = RunReport(
        run=str(row.pk),
        address="",
        instance="",
        pack=pack,
        state=state,
        standings=standings(state, pack),
        lines=tuple(_line(entry, state, pack, people) for entry in entries),
        errors=_texts(row, state, texts),
        people={actor: name for actor, name in people.items() if actor != talk.SYSTEM},
        head=entries[-1].digest,
        genesis=row.genesis,
        made_at=made_at,
        product_version=__version__,
    )
    return Record(
        report=report,
        signs=signs_of(entries),
        newest=newest,
        recorded=recorded,
        turns=turns,
        roles=_names_by_role(entries),
    )


def _names(row: Run, entries: Sequence[TimelineEntry]) -> Mapping[str, str]:
    """Everybody who acted or is spoken of, by name."""
    actors = {entry.actor for entry in entries} | set(_roles(entries))
    return {**queries.people_of(row, actors), talk.SYSTEM: "The product"}


def _names_by_role(entries: Sequence[TimelineEntry]) -> Mapping[str, str]:
    """Everybody by role: the lead, an operator, a second operator; readers by link are readers."""
    names = {entry.actor: "Reader by link" for entry in entries}
    count: dict[Role, int] = {}
    for actor, role in _roles(entries).items():
        count[role] = count.get(role, 0) + 1
        number = f" {count[role]}" if count[role] > 1 else ""
        names[actor] = f"{role.value.capitalize()}{number}"
    return names


def by_role(report: RunReport, roles: Mapping[str, str]) -> RunReport:
    """A redacted report in which members stand by their roles instead of by pseudonyms."""
    known = {name: roles.get(actor, "A member") for actor, name in report.people.items()}
    return replace(
        report,
        people={actor: known[name] for actor, name in report.people.items()},
        lines=tuple(
            replace(
                line,
                actor=known.get(line.actor, line.actor),
                headline=_renamed(line.headline, known),
                detail=_renamed(line.detail, known),
            )
            for line in report.lines
        ),
    )


def _renamed(text: str, known: Mapping[str, str]) -> str:
    for pseudonym, role in known.items():
        if pseudonym.startswith("‹"):
            text = text.replace(pseudonym, role)
    return text


def _roles(entries: Sequence[TimelineEntry]) -> dict[str, Role]:
    """The latest role of everybody who was ever a member, in the order in which they came."""
    roles: dict[str, Role] = {}
    for entry in entries:
        match entry.event:
            case ev.RunStarted():
                roles[entry.actor] = Role.LEAD
            case (
                ev.MemberAdded(member=member, role=role) | ev.RoleChanged(member=member, role=role)
            ):
                roles[member] = role
            case _:
                pass
    return roles


def _recorded(entry: TimelineEntry) -> ev.Recorded | None:
    if entry.event is None:
        return None
    return ev.Recorded(
        seq=entry.seq,
        event=entry.event,
        recorded_at=entry.recorded_at,
        happened_at=entry.happened_at,
        actor=entry.actor,
    )


def _line(
    entry: TimelineEntry, state: RunState, pack: Pack, people: Mapping[str, str]
) -> ReportLine:
    told = present(entry.event, pack=pack, time_zone=state.time_zone, state=state, people=people)
    return ReportLine(
        seq=entry.seq,
        event_type=entry.type,
        headline=told.headline,
        detail=told.detail,
        actor=people.get(entry.actor, "a member"),
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        late=is_late(entry.happened_at, entry.recorded_at),
        digest=entry.digest,
    )


def _texts(row: Run, state: RunState, wanted: Iterable[str]) -> tuple[ErrorText, ...]:
    texts = queries.evidence_texts(row, wanted)
    attempts = {each.error_digest: each.number for each in state.attempts}
    return tuple(
        ErrorText(attempt=attempts.get(digest, 0), digest=digest, text=text)
        for digest, text in texts.items()
    )

"""How people stand to a run and to each other: the part of the state that `TeamEvent`s make.

Pure and bounded like the rest of the state: an answered question leaves only its number behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from runbook.domain import team_events as ev
from runbook.domain.vocabulary import LinkScope, Role

Kept = TypeVar("Kept")

#: Reminders are few at any moment; older keys belong to waits and claims that are long over.
_KEYS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who does a step now, and from when on the claim counts as stale."""

    actor: str
    since: datetime
    stale_minutes: int

    @property
    def stale_at(self) -> datetime:
        """The moment at which the claim turns stale."""
        return self.since + timedelta(minutes=self.stale_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """For whom a step is meant: one member, or everybody with a role."""

    member: str = ""
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """Who stands by a completed step besides the person who completed it."""

    actor: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """An offer that waits for its successor; `seq` is the event that holds the card."""

    giver: str
    to: str
    since: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question without an answer yet; `seq` is the event that asked it, `about` the one it is on."""

    number: int
    asker: str
    about: int
    text: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMark:
    """A share link as the timeline knows it; what it may still do is checked against its own row."""

    label: str
    scope: LinkScope
    profile: str
    creator: str
    expires: datetime
    opened: int = 0
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Teamwork:
    """Claims by step, assignments by step, sign-offs by step, links by actor id, and the rest.

    `acted_at` is when a person last did something on the run; a reminder does not count.
    """

    claims: Mapping[str, Claim] = field(default_factory=dict)
    assigned: Mapping[str, Assignment] = field(default_factory=dict)
    signed: Mapping[str, SignOff] = field(default_factory=dict)
    handover: Handover | None = None
    questions: tuple[Question, ...] = ()
    questions_asked: int = 0
    links: Mapping[str, LinkMark] = field(default_factory=dict)
    promise: str = ""
    promised_at: datetime | None = None
    next_update: datetime | None = None
    acted_at: datetime | None = None
    raised: tuple[str, ...] = ()


def settle_step(team: Teamwork, step: str) -> Teamwork:
    """A step that was completed, skipped or opened again is nobody's, and signed by nobody."""
    return replace(team, claims=_without(team.claims, step), signed=_without(team.signed, step))


def evolve_team(
    team: Teamwork, event: ev.TeamEvent, *, actor: str, at: datetime, seq: int
) -> Teamwork:
    """The teamwork after one more event; roles are kept with the run's members."""
    match event:
        case ev.MemberAdded() | ev.RoleChanged():
            return team
        case ev.MemberRemoved(member=member):
            return _without_member(team, member)
        case ev.ClaimTaken() | ev.ClaimReleased() | ev.ClaimTakenOver():
            return _claimed(team, event, actor=actor, at=at)
        case ev.StepAssigned(step=step):
            assigned = _without(team.assigned, step)
            if event.member or event.role:
                assigned[step] = Assignment(member=event.member, role=event.role)
            return replace(team, assigned=assigned)
        case ev.StepSignedOff(step=step):
            return replace(team, signed={**team.signed, step: SignOff(actor=actor, at=at)})
        case ev.HandoverOffered() | ev.HandoverAccepted() | ev.HandoverWithdrawn():
            return _handed(team, event, actor=actor, at=at, seq=seq)
        case ev.QuestionAsked() | ev.QuestionAnswered():
            return _talked(team, event, actor=actor, at=at, seq=seq)
        case ev.LinkCreated() | ev.LinkOpened() | ev.LinkRevoked():
            return _linked(team, event, actor=actor)
        case ev.UpdatePromised(promise=promise, next_update=when):
            return replace(team, promise=promise, promised_at=at, next_update=when)
        case ev.ReminderRaised(key=key):
            return replace(team, raised=(*team.raised, key)[-_KEYS_KEPT:])
        case _:
            assert_never(event)


def _without(kept: Mapping[str, Kept], key: str) -> dict[str, Kept]:
    return {name: value for name, value in kept.items() if name != key}


def _without_member(team: Teamwork, member: str) -> Teamwork:
    """What the person held is free again; an offer from or to them stands no longer."""
    offer = team.handover
    return replace(
        team,
        claims={step: claim for step, claim in team.claims.items() if claim.actor != member},
        assigned={step: each for step, each in team.assigned.items() if each.member != member},
        handover=None if offer and member in {offer.giver, offer.to} else offer,
    )


def _claimed(
    team: Teamwork,
    event: ev.ClaimTaken | ev.ClaimReleased | ev.ClaimTakenOver,
    *,
    actor: str,
    at: datetime,
) -> Teamwork:
    if isinstance(event, ev.ClaimReleased):
        return replace(team, claims=_without(team.claims, event.step))
    claim = Claim(actor=actor, since=at, stale_minutes=event.stale_minutes)
    return replace(team, claims={**team.claims, event.step: claim})


def _handed(
    team: Teamwork,
    event: ev.HandoverOffered | ev.HandoverAccepted | ev.HandoverWithdrawn,
    *,
    actor: str,
    at: datetime,
    seq: int,
) -> Teamwork:
    match event:
        case ev.HandoverOffered(to=to):
            return replace(team, handover=Handover(giver=actor, to=to, since=at, seq=seq))
        case ev.HandoverAccepted(giver=giver):
            claims = {
                step: replace(claim, actor=actor, since=at) if claim.actor == giver else claim
                for step, claim in team.claims.items()
            }
            return replace(team, handover=None, claims=claims)
        case ev.HandoverWithdrawn():
            return replace(team, handover=None)
        case _:
            assert_never(event)


def _talked(
    team: Teamwork,
    event: ev.QuestionAsked | ev.QuestionAnswered,
    *,
    actor: str,
    at: datetime,
    seq: int,
) -> Teamwork:
    if isinstance(event, ev.QuestionAnswered):
        rest = tuple(each for each in team.questions if each.number != event.number)
        return replace(team, questions=rest)
    asked = Question(
        number=event.number, asker=actor, about=event.about, text=event.text, at=at, seq=seq
    )
    return replace(team, questions=(*team.questions, asked), questions_asked=event.number)


def _linked(
    team: Teamwork, event: ev.LinkCreated | ev.LinkOpened | ev.LinkRevoked, *, actor: str
) -> Teamwork:
    if isinstance(event, ev.LinkCreated):
        mark = LinkMark(
            label=event.label,
            scope=event.scope,
            profile=event.profile,
            creator=actor,
            expires=event.expires,
        )
    else:
        known = team.links.get(event.link)
        if known is None:
            return team  # what made the link was erased
        opened = isinstance(event, ev.LinkOpened)
        mark = replace(known, opened=known.opened + 1) if opened else replace(known, revoked=True)
    return replace(team, links={**team.links, event.link: mark})

"""Events of people working together: members, claims, sign-offs, hand-overs, questions, links.

They are part of `events.Event`; import them from there. `member`, `to`, `giver`, `holder` and `link`
are actor ids.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from runbook.domain.vocabulary import LinkScope, ReminderKind, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded:
    """A person got a role on the run."""

    type: ClassVar[str] = "member.added"
    member: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved:
    """A person lost every right on the run."""

    type: ClassVar[str] = "member.removed"
    member: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged:
    """A member has another role from here on."""

    type: ClassVar[str] = "role.changed"
    member: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTaken:
    """A person does this step now; the claim turns stale after so many minutes."""

    type: ClassVar[str] = "claim.taken"
    step: str
    stale_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReleased:
    """The step is free again."""

    type: ClassVar[str] = "claim.released"
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTakenOver:
    """A person took the step over from `holder`."""

    type: ClassVar[str] = "claim.taken_over"
    step: str
    holder: str
    reason: str
    stale_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAssigned:
    """A step is meant for a member, or for whoever has a role; neither takes the assignment back."""

    type: ClassVar[str] = "step.assigned"
    step: str
    member: str = ""
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSignedOff:
    """A second person looked at a completed step and stands by it."""

    type: ClassVar[str] = "step.signed_off"
    step: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverOffered:
    """A shift ends; `card` says line by line how the run stood at that moment."""

    type: ClassVar[str] = "handover.offered"
    to: str
    card: tuple[str, ...]
    doubts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverAccepted:
    """The successor took the run over from `giver`, with the giver's claims."""

    type: ClassVar[str] = "handover.accepted"
    giver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverWithdrawn:
    """The offer stands no longer: taken back, or declined."""

    type: ClassVar[str] = "handover.withdrawn"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    """Somebody wants to know more about the event with seq `about`. `number` counts from 1."""

    type: ClassVar[str] = "question.asked"
    number: int
    about: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered:
    """The question with this number has its answer."""

    type: ClassVar[str] = "question.answered"
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCreated:
    """Somebody without an account may read the run until `expires`."""

    type: ClassVar[str] = "link.created"
    link: str
    label: str
    scope: LinkScope
    profile: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOpened:
    """The link was used: once for each reader's session."""

    type: ClassVar[str] = "link.opened"
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRevoked:
    """The link is dead from here on."""

    type: ClassVar[str] = "link.revoked"
    link: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePromised:
    """What stakeholders may read, and when they will hear more."""

    type: ClassVar[str] = "update.promised"
    promise: str
    next_update: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRaised:
    """The moment came at which somebody must be reminded. `key` is unique in the run."""

    type: ClassVar[str] = "reminder.raised"
    key: str
    kind: ReminderKind
    due: datetime
    step: str = ""


TeamEvent = (
    MemberAdded
    | MemberRemoved
    | RoleChanged
    | ClaimTaken
    | ClaimReleased
    | ClaimTakenOver
    | StepAssigned
    | StepSignedOff
    | HandoverOffered
    | HandoverAccepted
    | HandoverWithdrawn
    | QuestionAsked
    | QuestionAnswered
    | LinkCreated
    | LinkOpened
    | LinkRevoked
    | UpdatePromised
    | ReminderRaised
)

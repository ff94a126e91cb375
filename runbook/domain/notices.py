"""Who is told about an event, and in which words: pure, so that every notice can be tested.

A notice never holds an error text, an id of the customer's environment or a note: it goes through
mail servers and chat rooms, and the page behind its link asks for rights.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from runbook.domain import events as ev
from runbook.domain.decisions.claims import may_sign
from runbook.domain.decisions.people import leads_of
from runbook.domain.pack import Pack
from runbook.domain.state import RunState
from runbook.domain.vocabulary import ReminderKind, Role, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell. `to` are actor ids; `team` also tells the channels of the run's team."""

    kind: str
    text: str
    to: frozenset[str]
    step: str = ""
    team: bool = False


def notice_of(event: ev.Event, state: RunState, *, pack: Pack, actor: str) -> Notice | None:
    """What to tell about the event, None for most. `state` is the one after it.

    Nobody is told what they did themselves, a reminder excepted.
    """
    found = _notice(event, state, pack)
    if found is None or isinstance(event, ev.ReminderRaised):
        return found
    to = frozenset(found.to - {actor})
    return None if not to and not found.team else _for(found, to)


def _for(notice: Notice, to: frozenset[str]) -> Notice:
    return Notice(kind=notice.kind, text=notice.text, to=to, step=notice.step, team=notice.team)


def words_of(event: ev.Event, pack: Pack) -> tuple[str, str]:
    """What a notice about the event says, and the step that it leads to, empty for the whole run.

    Made from the event and the pack alone, so that it can be said again when the notice is sent.
    KeyError for an event that nobody is told about.
    """
    match event:
        case ev.ReminderRaised(kind=kind, step=step):
            return _REMINDERS[kind].format(title=_title(pack, step)), step
        case ev.StepAssigned(step=step):
            return f"You were given the step “{_title(pack, step)}”.", step
        case ev.StepCompleted(step=step):
            return f"“{_title(pack, step)}” waits for a second person.", step
        case ev.ClaimTakenOver(step=step):
            return f"The step “{_title(pack, step)}” was taken over from you.", step
        case ev.MemberAdded(role=role):
            return f"You are on this run now, as {role.value}.", ""
        case ev.AttemptFailed(number=number) | ev.AttemptUnknown(number=number):
            return f"Attempt {number} did not succeed.", ""
        case ev.AttemptSucceeded(number=number):
            return f"Attempt {number} succeeded; verification comes next.", ""
        case _:
            return _PLAIN[type(event)], ""


_PLAIN: Mapping[type, str] = {
    ev.QuestionAsked: "A question waits for your answer.",
    ev.QuestionAnswered: "A question was answered.",
    ev.HandoverOffered: "You are asked to take this run over.",
    ev.HandoverAccepted: "Your handover was accepted.",
    ev.EscalationDrafted: "A rule of the runbook says that this run needs help.",
}
_REMINDERS: Mapping[ReminderKind, str] = {
    ReminderKind.WAIT_OVER: "The wait is over: “{title}”.",
    ReminderKind.RETRY_DUE: "The next attempt may start, once the list before it is answered.",
    ReminderKind.CLAIM_STALE: "The claim on “{title}” is stale.",
    ReminderKind.UPDATE_DUE: "You promised an update to the people who wait.",
    ReminderKind.IDLE: "Nobody did anything on this run for a day.",
}


def _notice(event: ev.Event, state: RunState, pack: Pack) -> Notice | None:
    kind, to, team = _receivers(event, state, pack)
    if not kind:
        return None
    text, step = words_of(event, pack)
    return Notice(kind=kind, text=text, to=frozenset(to), step=step, team=team)


Receivers = tuple[str, AbstractSet[str], bool]
_NOBODY: Receivers = ("", frozenset(), False)


def _receivers(event: ev.Event, state: RunState, pack: Pack) -> Receivers:
    """The kind of notice, the people, and whether the team's channels hear it as well."""
    match event:
        case ev.ReminderRaised():
            return _reminded(event, state)
        case ev.StepAssigned(member=member, role=role) if member or role:
            return "assigned", {member} if member else _with_role(state, role), False
        case ev.StepCompleted(step=step):
            return _signers(state, pack, step)
        case ev.QuestionAsked():
            return "question", _operating(state), False
        case ev.QuestionAnswered():
            return "answer", frozenset(state.members), False
        case _:
            return _between(event) or _of_run(event, state)


def _between(event: ev.Event) -> Receivers | None:
    """What one person does that concerns exactly one other."""
    match event:
        case ev.HandoverOffered(to=to):
            return "handover", {to}, False
        case ev.HandoverAccepted(giver=giver):
            return "handover", {giver}, False
        case ev.ClaimTakenOver(holder=holder):
            return "claim", {holder}, False
        case ev.MemberAdded(member=member):
            return "member", {member}, False
        case _:
            return None


def _of_run(event: ev.Event, state: RunState) -> Receivers:
    match event:
        case ev.AttemptFailed() | ev.AttemptUnknown() | ev.AttemptSucceeded():
            return "attempt", leads_of(state), True
        case ev.EscalationDrafted():
            return "escalation", leads_of(state), True
        case _:
            return _NOBODY


def _signers(state: RunState, pack: Pack, step: str) -> Receivers:
    found = pack.runbook.step(step)
    mark = state.marks.get(step)
    able = may_sign(state, found)
    if not (found.sign_off and able and mark and mark.state is StepState.DONE):
        return _NOBODY
    return "sign-off", able, False


def _reminded(event: ev.ReminderRaised, state: RunState) -> Receivers:
    claim = state.team.claims.get(event.step)
    leads = leads_of(state)
    to = {
        ReminderKind.WAIT_OVER: _meant_for(state, event.step),
        ReminderKind.RETRY_DUE: _operating(state),
        ReminderKind.CLAIM_STALE: leads | ({claim.actor} if claim else set()),
    }.get(event.kind, leads)
    shared = event.kind in {ReminderKind.WAIT_OVER, ReminderKind.RETRY_DUE}
    return event.kind.value, to, shared


def _title(pack: Pack, step: str) -> str:
    known = {each.slug: each.title for each in pack.runbook.steps}
    return known.get(step, "the import")


def _with_role(state: RunState, role: Role | None) -> frozenset[str]:
    return frozenset(actor for actor, own in state.members.items() if own is role)


def _operating(state: RunState) -> frozenset[str]:
    return _with_role(state, Role.OPERATOR) | leads_of(state)


def _meant_for(state: RunState, step: str) -> frozenset[str]:
    """Who holds the step, else for whom it is meant, else everybody who operates."""
    claim, assigned = state.team.claims.get(step), state.team.assigned.get(step)
    if claim:
        return frozenset({claim.actor})
    if assigned and assigned.member:
        return frozenset({assigned.member})
    return (_with_role(state, assigned.role) if assigned else frozenset()) or _operating(state)

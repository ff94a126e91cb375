"""Events of people working together as sentences; `presenting.py` puts them beside all others."""

from datetime import datetime
from typing import Protocol, assert_never

from runbook.domain import team_events as ev
from runbook.domain.state import RunState
from runbook.domain.vocabulary import LinkScope, ReminderKind

#: Headline, detail, kind.
Told = tuple[str, str, str]

SCOPES = {
    LinkScope.READ: "Reads",
    LinkScope.READ_FILES: "Reads, with files",
    LinkScope.COMMENT: "Reads and asks",
    LinkScope.STATUS: "Sees the status page only",
}
_REMINDERS = {
    ReminderKind.WAIT_OVER: "the wait is over",
    ReminderKind.RETRY_DUE: "the next attempt may start",
    ReminderKind.CLAIM_STALE: "a claim is stale",
    ReminderKind.UPDATE_DUE: "an update was promised",
    ReminderKind.IDLE: "nothing was done for a day",
}


class Words(Protocol):
    """Titles, names and times as the reader knows them."""

    @property
    def state(self) -> RunState: ...
    def step(self, slug: str) -> str: ...
    def person(self, actor: str) -> str: ...
    def time(self, moment: datetime) -> str: ...


def team_line(event: ev.TeamEvent, words: Words) -> Told:
    """The event as headline, detail and kind; total over all of them."""
    match event:
        case ev.MemberAdded() | ev.MemberRemoved() | ev.RoleChanged():
            return _membership(event, words)
        case ev.ClaimTaken() | ev.ClaimReleased() | ev.ClaimTakenOver():
            return _claim(event, words)
        case ev.StepAssigned() | ev.StepSignedOff():
            return _step(event, words)
        case ev.HandoverOffered() | ev.HandoverAccepted() | ev.HandoverWithdrawn():
            return _handover(event, words)
        case ev.QuestionAsked(number=number, about=about, text=text):
            return f"Question {number} on entry {about}", text, "doubt"
        case ev.QuestionAnswered(number=number, text=text):
            return f"Question {number} answered", text, "note"
        case _:
            return _outside(event, words)


def _membership(event: ev.MemberAdded | ev.MemberRemoved | ev.RoleChanged, words: Words) -> Told:
    who = words.person(event.member)
    match event:
        case ev.MemberAdded(role=role):
            return f"{who} joined as {role.value}", "", "system"
        case ev.RoleChanged(role=role):
            return f"{who} is {role.value} now", "", "system"
        case ev.MemberRemoved(reason=reason):
            return f"{who} was removed", reason, "warn"
        case _:
            assert_never(event)


def _claim(event: ev.ClaimTaken | ev.ClaimReleased | ev.ClaimTakenOver, words: Words) -> Told:
    title = words.step(event.step)
    match event:
        case ev.ClaimTaken():
            return f"Claimed: {title}", "", "system"
        case ev.ClaimReleased():
            return f"Claim released: {title}", "", "system"
        case ev.ClaimTakenOver(holder=holder, reason=reason):
            return f"Taken over from {words.person(holder)}: {title}", reason, "warn"
        case _:
            assert_never(event)


def _step(event: ev.StepAssigned | ev.StepSignedOff, words: Words) -> Told:
    title = words.step(event.step)
    match event:
        case ev.StepAssigned(member=member, role=role):
            whom = words.person(member) if member else (f"any {role.value}" if role else "nobody")
            return f"Assigned to {whom}: {title}", "", "system"
        case ev.StepSignedOff(note=note):
            return f"Signed off: {title}", note, "good"
        case _:
            assert_never(event)


def _handover(
    event: ev.HandoverOffered | ev.HandoverAccepted | ev.HandoverWithdrawn, words: Words
) -> Told:
    match event:
        case ev.HandoverOffered(to=to, card=card, doubts=doubts):
            open_doubts = (f"Doubts: {doubts}",) if doubts else ()
            return (
                f"Handover offered to {words.person(to)}",
                "\n".join((*card, *open_doubts)),
                "note",
            )
        case ev.HandoverAccepted(giver=giver):
            return f"Handover accepted from {words.person(giver)}", "", "good"
        case ev.HandoverWithdrawn(reason=reason):
            return "Handover withdrawn", reason, "warn"
        case _:
            assert_never(event)


def _outside(
    event: ev.LinkCreated | ev.LinkOpened | ev.LinkRevoked | ev.UpdatePromised | ev.ReminderRaised,
    words: Words,
) -> Told:
    match event:
        case ev.LinkCreated(label=label, scope=scope, profile=profile, expires=expires):
            detail = f"{SCOPES[scope]}, redacted for {profile}, until {words.time(expires)}"
            return f"Share link made: {label}", detail, "system"
        case ev.LinkOpened(link=link):
            return f"Share link opened: {_label(words, link)}", "", "system"
        case ev.LinkRevoked(link=link, reason=reason):
            return f"Share link revoked: {_label(words, link)}", reason, "warn"
        case ev.UpdatePromised(promise=promise, next_update=when):
            told = f" Next update: {words.time(when)}." if when else ""
            return "Told to stakeholders", f"{promise}{told}", "note"
        case ev.ReminderRaised(kind=kind, step=step):
            detail = words.step(step) if step else ""
            return f"Reminder: {_REMINDERS[kind]}", detail, "system"
        case _:
            assert_never(event)


def _label(words: Words, link: str) -> str:
    mark = words.state.team.links.get(link)
    return mark.label if mark else "a link"

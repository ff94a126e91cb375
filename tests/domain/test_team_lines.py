"""What people do among themselves becomes a sentence each, with names instead of ids."""

from datetime import UTC, datetime

import pytest

from runbook.domain import events as ev
from runbook.domain.presenting import present
from runbook.domain.state import RunState
from runbook.domain.teamwork import LinkMark, Teamwork
from runbook.domain.vocabulary import LinkScope, ReminderKind, Role
from tests.exports.records import LEAD, OPERATOR, PACK, PEOPLE

DUE = datetime(2026, 11, 22, 1, 25, tzinfo=UTC)
LINK = "f" * 32
STATE = RunState(
    team=Teamwork(
        links={
            LINK: LinkMark(
                label="Support", scope=LinkScope.READ, profile="public", creator=LEAD, expires=DUE
            )
        }
    )
)

TOLD: list[tuple[ev.Event, str, str]] = [
    (ev.MemberAdded(member=OPERATOR, role=Role.OPERATOR), "Ben joined as operator", ""),
    (ev.RoleChanged(member=OPERATOR, role=Role.LEAD), "Ben is lead now", ""),
    (ev.MemberRemoved(member=OPERATOR, reason="Moved on."), "Ben was removed", "Moved on."),
    (ev.ClaimTaken(step="look", stale_minutes=60), "Claimed: Look around", ""),
    (ev.ClaimReleased(step="look"), "Claim released: Look around", ""),
    (
        ev.ClaimTakenOver(step="look", holder=LEAD, reason="Asleep.", stale_minutes=60),
        "Taken over from Ana: Look around",
        "Asleep.",
    ),
    (ev.StepAssigned(step="look", member=OPERATOR), "Assigned to Ben: Look around", ""),
    (ev.StepAssigned(step="look", role=Role.VERIFIER), "Assigned to any verifier: Look around", ""),
    (ev.StepAssigned(step="look"), "Assigned to nobody: Look around", ""),
    (ev.StepSignedOff(step="look", note="Seen."), "Signed off: Look around", "Seen."),
    (
        ev.HandoverOffered(to=OPERATOR, card=("State: so.",), doubts="The fuse."),
        "Handover offered to Ben",
        "State: so.\nDoubts: The fuse.",
    ),
    (ev.HandoverAccepted(giver=LEAD), "Handover accepted from Ana", ""),
    (ev.HandoverWithdrawn(reason="I stay."), "Handover withdrawn", "I stay."),
    (ev.QuestionAsked(number=2, about=7, text="Why?"), "Question 2 on entry 7", "Why?"),
    (ev.QuestionAnswered(number=2, text="So."), "Question 2 answered", "So."),
    (
        ev.LinkCreated(
            link=LINK, label="Support", scope=LinkScope.READ, profile="public", expires=DUE
        ),
        "Share link made: Support",
        "Reads, redacted for public, until 2026-11-22 01:25 UTC",
    ),
    (ev.LinkOpened(link=LINK), "Share link opened: Support", ""),
    (ev.LinkRevoked(link="0" * 32, reason="Done."), "Share link revoked: a link", "Done."),
    (
        ev.UpdatePromised(promise="Back by six.", next_update=DUE),
        "Told to stakeholders",
        "Back by six. Next update: 2026-11-22 01:25 UTC.",
    ),
    (
        ev.ReminderRaised(key="k", kind=ReminderKind.CLAIM_STALE, due=DUE, step="look"),
        "Reminder: a claim is stale",
        "Look around",
    ),
]


@pytest.mark.parametrize(("event", "headline", "detail"), TOLD, ids=[row[1] for row in TOLD])
def test_an_event_is_told(event: ev.Event, headline: str, detail: str) -> None:
    line = present(event, pack=PACK, state=STATE, people=PEOPLE)

    assert (line.headline, line.detail) == (headline, detail)


def test_every_class_of_team_event_is_told_somewhere() -> None:
    team = {cls for cls in ev.EVENT_CLASSES.values() if cls.__module__.endswith("team_events")}

    assert {type(event) for event, *_ in TOLD} == team

"""Who is told what: in the words of the event alone, and never more than the words."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest

from runbook.domain import events as ev
from runbook.domain.notices import notice_of, words_of
from runbook.domain.state import StepMark
from runbook.domain.teamwork import Claim
from runbook.domain.vocabulary import ReminderKind, Role, RunStage, StepState
from tests.domain.history import LEAD, NOON, OPERATOR, REVIEWER, at
from tests.domain.wishes import small_pack

CANARY = "CanaryText17"
PACK = small_pack()
STATE = at(RunStage.PREPARING).state
FAILED = ev.AttemptFailed(number=1)


def told(event: ev.Event, *, actor: str = OPERATOR, **changes: Any) -> tuple[str, frozenset[str]]:
    notice = notice_of(event, replace(STATE, **changes), pack=PACK, actor=actor)
    return (notice.text, notice.to) if notice else ("", frozenset())


def reminder(kind: ReminderKind, step: str = "") -> ev.ReminderRaised:
    return ev.ReminderRaised(key="k", kind=kind, due=NOON, step=step)


def test_the_lead_and_the_team_hear_of_an_attempt() -> None:
    notice = notice_of(FAILED, STATE, pack=PACK, actor=OPERATOR)

    assert notice is not None
    assert (notice.text, notice.to) == ("Attempt 1 did not succeed.", frozenset({LEAD}))
    assert notice.team


def test_nobody_is_told_what_they_did_themselves() -> None:
    notice = notice_of(FAILED, STATE, pack=PACK, actor=LEAD)

    assert notice is not None
    assert notice.to == frozenset()
    assert (
        notice_of(ev.MemberAdded(member=LEAD, role=Role.LEAD), STATE, pack=PACK, actor=LEAD) is None
    )


def test_a_reminder_reaches_also_who_set_it() -> None:
    text, to = told(reminder(ReminderKind.RETRY_DUE), actor=LEAD)

    assert text.startswith("The next attempt may start")
    assert to == {LEAD, OPERATOR}


def test_a_wait_that_is_over_is_told_to_who_holds_the_step() -> None:
    over = reminder(ReminderKind.WAIT_OVER, "cool-down")
    claim = Claim(actor=OPERATOR, since=NOON, stale_minutes=60)

    assert told(over)[1] == {LEAD, OPERATOR}
    held = told(over, team=replace(STATE.team, claims={"cool-down": claim}))
    assert held == ("The wait is over: “Let the lamp cool down”.", frozenset({OPERATOR}))


def test_a_stale_claim_is_told_to_its_holder_and_the_lead() -> None:
    claim = Claim(actor=OPERATOR, since=NOON, stale_minutes=60)
    team = replace(STATE.team, claims={"tidy": claim})

    assert told(reminder(ReminderKind.CLAIM_STALE, "tidy"), team=team)[1] == {LEAD, OPERATOR}


def test_a_completed_step_is_told_only_where_a_second_person_must_look() -> None:
    done = ev.StepCompleted(step="ready")
    mark = StepMark(state=StepState.DONE, at=NOON, actor=OPERATOR)
    marks = {**STATE.marks, "ready": mark, "tidy": mark}
    signed_off = {step.slug for step in PACK.runbook.steps if step.sign_off}

    for step in PACK.runbook.steps:
        text, _ = told(replace(done, step=step.slug), marks={**marks, step.slug: mark})
        assert bool(text) == (step.slug in signed_off), step.slug


#: Fields whose values come from lists of the product, and a good value for each.
CLOSED: Mapping[str, Any] = {
    **{"member": REVIEWER, "to": REVIEWER, "giver": LEAD, "holder": LEAD, "step": "tidy"},
    **{"number": 1, "at": NOON, "due": NOON, "expires": NOON},
}


def sample(event_type: Any, hints: Mapping[str, Any]) -> ev.Event:
    """An event with the canary in every free text."""
    values = {}
    for each in fields(event_type):
        hint = hints[each.name]
        is_list = isinstance(hint, type) and issubclass(hint, Enum)
        values[each.name] = CLOSED.get(each.name, next(iter(hint)) if is_list else CANARY)
    return event_type(**values)


def samples() -> Iterator[ev.Event]:
    for event_type in get_args(ev.Event):
        made = sample(event_type, get_type_hints(event_type))
        if isinstance(made, ev.ReminderRaised):
            yield from (replace(made, kind=kind) for kind in ReminderKind)
        else:
            yield made


EVENTS = list(samples())
each_event = pytest.mark.parametrize(
    "event", EVENTS, ids=lambda event: f"{type(event).__name__}{getattr(event, 'kind', '')}"
)


@each_event
def test_no_free_text_of_an_event_is_in_its_notice(event: ev.Event) -> None:
    try:
        words = words_of(event, PACK)
    except KeyError:
        return  # nobody is told

    assert CANARY not in str(words)


def test_the_canary_would_be_seen() -> None:
    """The control."""
    assert sum(CANARY in repr(event) for event in EVENTS) > len(EVENTS) / 2


@each_event
def test_what_is_told_can_be_said_again_when_it_is_sent(event: ev.Event) -> None:
    if isinstance(event, ev.StepAssigned):
        event = replace(event, role=None)
    notice = notice_of(event, STATE, pack=PACK, actor="")

    if notice is not None:
        assert words_of(event, PACK) == (notice.text, notice.step)

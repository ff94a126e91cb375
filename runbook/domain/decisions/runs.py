"""Decisions about the run itself: starting, adopting, noting, resting, ending, handing out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain import events as ev
from runbook.domain.conditions import questions_in
from runbook.domain.decisions.attempts import Plan, Result, record_attempt
from runbook.domain.decisions.steps import check_versions, need_reason
from runbook.domain.decisions.times import check_happened
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack, RecipientKind
from runbook.domain.progress import missing, standings
from runbook.domain.state import RunState, evolve
from runbook.domain.steps import Step
from runbook.domain.transitions import check_allowed
from runbook.domain.vocabulary import Action, StepKind, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What somebody already stuck reports about the last try."""

    plan: Plan
    result: Result
    started_at: datetime
    ended_at: datetime


def start_run(
    pack: Pack, *, title: str, time_zone: str, answers: Mapping[str, str], team: str = ""
) -> list[ev.Event]:
    """Begins a run on the pack as it is now; the run keeps this definition for life (invariant 7)."""
    check_versions(answers)
    _check_time_zone(time_zone)
    started = ev.RunStarted(
        title=title,
        pack=pack.slug,
        pack_digest=pack.digest,
        runbook_version=pack.runbook.version,
        steps=tuple(step.slug for step in pack.runbook.steps if not step.retired),
        time_zone=time_zone,
        team=team,
    )
    facts = _first_of(pack, StepKind.FACTS)
    return [started, ev.FactsRecorded(step=facts.slug, answers=dict(answers))]


def _check_time_zone(name: str) -> None:
    """Every later wait is computed in the run's time zone, so an unknown one would lock the run."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise TransitionRefused(f"There is no time zone called “{name}”.") from None


def _first_of(pack: Pack, kind: StepKind) -> Step:
    return next(step for step in pack.runbook.steps if step.kind is kind)


def adopt_run(state: RunState, pack: Pack, *, report: str, now: datetime) -> list[ev.Event]:
    """Opens a run in the middle: everything before the import counts as done by report."""
    check_allowed(state.stage, Action.READ_STATE)
    if state.attempts or state.marks:
        raise TransitionRefused("Only a new run can be adopted.")
    before: list[str] = []
    for step in pack.runbook.steps:
        if step.kind is StepKind.IMPORT:
            break
        # Only the person can answer what later steps depend on, so such a question stays open.
        if step.slug in state.steps and not _is_asked_later(pack, step):
            before.append(step.slug)
    report = need_reason(report, "Say in a sentence what happened so far.")
    return [ev.RunAdopted(report=report, before_record=tuple(before))]


def _is_asked_later(pack: Pack, step: Step) -> bool:
    asked = {question.slug for question in step.questions}
    return step.kind is StepKind.DECISION and any(
        each.condition is not None and asked & questions_in(each.condition)
        for each in pack.runbook.steps
    )


def report_attempt(
    state: RunState, pack: Pack, *, tried: Tried, actor: str, now: datetime
) -> list[tuple[ev.Event, datetime]]:
    """The last try before the record, told afterwards: events with the time each happened."""
    check_happened(tried.started_at, now=now)
    started = ev.AttemptStarted(
        number=1,
        method=tried.plan.method,
        option=tried.plan.option,
        file_name=tried.plan.file_name,
        file_version=tried.plan.file_version,
        file_sha256=tried.plan.file_sha256,
        tool_version=tried.plan.tool_version,
    )
    entry = ev.Recorded(
        seq=state.seq + 1,
        event=started,
        recorded_at=now,
        happened_at=tried.started_at,
        actor=actor,
    )
    importing = evolve(state, entry)
    ending = record_attempt(
        importing, pack, result=tried.result, happened_at=tried.ended_at, now=now
    )
    return [(started, tried.started_at), *((event, tried.ended_at) for event in ending)]


def add_note(
    state: RunState, *, text: str, step: str = "", corrects: int | None = None
) -> list[ev.Event]:
    """A note, at any time; after the end it is marked as such. A correction names an event."""
    check_allowed(state.stage, Action.ADD_NOTE)
    text = need_reason(text, "The note is empty.")
    if corrects is not None and not 1 <= corrects <= state.seq:
        raise TransitionRefused("The timeline has no such event to correct.")
    return [ev.NoteAdded(text=text, step=step, corrects=corrects, after_close=state.is_frozen)]


def pause(state: RunState, *, reason: str) -> list[ev.Event]:
    """Rests the run; nothing but notes until it is resumed."""
    check_allowed(state.stage, Action.PAUSE)
    return [ev.RunPaused(reason=need_reason(reason, "Say why the run is paused."))]


def resume(state: RunState) -> list[ev.Event]:
    """Goes on where the run was paused."""
    check_allowed(state.stage, Action.RESUME)
    return [ev.RunResumed()]


def abandon(state: RunState, *, reason: str) -> list[ev.Event]:
    """Gives the run up and freezes it."""
    check_allowed(state.stage, Action.ABANDON)
    return [ev.RunAbandoned(reason=need_reason(reason, "Say why the run is abandoned."))]


def unmet_criteria(state: RunState, pack: Pack, *, now: datetime) -> tuple[str, ...]:
    """What keeps the run from closing: steps not settled, waits not over, criteria not met."""
    settled = {
        StepState.DONE,
        StepState.SKIPPED,
        StepState.NOT_APPLICABLE,
        StepState.BEFORE_RECORD,
    }
    gaps: list[str] = []
    for found in standings(state, pack):
        if found.step.kind is StepKind.CLOSE:
            gaps += missing(state, found.step, now=now)
        elif found.state not in settled:
            gaps.append(f"{found.step.title} ({found.state.value})")
    return tuple(gaps)


def close(
    state: RunState, pack: Pack, *, partial: bool, reason: str, now: datetime
) -> list[ev.Event]:
    """Finishes the run; with criteria open only as partial and with a reason (invariant 10)."""
    check_allowed(state.stage, Action.CLOSE)
    if state.team.questions:
        raise TransitionRefused(
            "A question is still open. Answer it first; “we do not know” is an answer too."
        )
    gaps = unmet_criteria(state, pack, now=now)
    if not gaps:
        return [ev.RunClosed(partial=False, reason=reason.strip())]
    if not partial:
        raise TransitionRefused(
            f"Still open: {'; '.join(gaps)}. Settle these, or close as partial with a reason."
        )
    return [ev.RunClosed(partial=True, reason=need_reason(reason, "Say why it closes as partial."))]


def send_escalation(state: RunState, pack: Pack, *, recipient: str, ticket: str) -> list[ev.Event]:
    """Keeps to whom the run was handed and under which reference."""
    check_allowed(state.stage, Action.SEND_ESCALATION)
    chosen = next((r for r in pack.recipients if r.slug == recipient), None)
    if chosen is None:
        raise TransitionRefused("This pack knows no such recipient.")
    if not chosen.available:
        raise TransitionRefused(chosen.text)
    if chosen.kind is RecipientKind.REQUESTER:
        raise TransitionRefused(
            "A reply to who asked is kept as a note; the run stays where it is."
        )
    return [ev.EscalationSent(recipient=recipient, ticket=ticket.strip())]


def record_export(state: RunState, *, export_format: str) -> list[ev.Event]:
    """Keeps that the record was handed out; possible at every stage."""
    return [ev.ExportMade(format=export_format)]

"""Decisions about steps: answers, checks, evidence, waits, completing, skipping, reopening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from runbook.domain import events as ev
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.progress import missing, open_step, standing_of
from runbook.domain.retries import checks_before_retry, still_holds
from runbook.domain.state import RunState, check_key, evolve
from runbook.domain.steps import QuestionKind, Step, WaitRule
from runbook.domain.transitions import check_allowed
from runbook.domain.versions import is_higher, parse_version
from runbook.domain.vocabulary import Action, CheckResult, StepKind, StepState

#: Local hour at which the night counts as over for a wait "until after the night".
MORNING = time(hour=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAnswer:
    """A person's answer to one check."""

    check: str
    result: CheckResult
    note: str = ""


def need_reason(reason: str, sentence: str) -> str:
    """The reason without surrounding blanks; refused with the sentence if there is none."""
    if not reason.strip():
        raise TransitionRefused(sentence)
    return reason.strip()


def record_facts(
    state: RunState, pack: Pack, *, step: str, answers: Mapping[str, str]
) -> list[ev.Event]:
    """Keeps the answers that changed; versions must be versions and the target the higher one."""
    check_allowed(state.stage, Action.RECORD_FACTS)
    changed = _changed(state, open_step(state, pack, slug=step), answers)
    return [ev.FactsRecorded(step=step, answers=changed)] if changed else []


def record_decision(
    state: RunState, pack: Pack, *, step: str, answers: Mapping[str, str], reason: str = ""
) -> list[ev.Event]:
    """Keeps the choice that changed, with its reason."""
    check_allowed(state.stage, Action.RECORD_DECISION)
    found = open_step(state, pack, slug=step)
    changed = _changed(state, found, answers)
    if not changed:
        return []
    return [ev.DecisionRecorded(step=step, answers=changed, reason=reason.strip())]


def _changed(state: RunState, step: Step, answers: Mapping[str, str]) -> dict[str, str]:
    known = {question.slug: question for question in step.questions}
    unknown = sorted(set(answers) - set(known))
    if unknown:
        raise TransitionRefused("This step does not ask for that.", step=step.slug)
    for slug, answer in answers.items():
        question = known[slug]
        if question.kind is QuestionKind.VERSION and answer:
            check_version(answer, step=step.slug)
        if question.choices and answer and answer not in {c.slug for c in question.choices}:
            raise TransitionRefused("That is not one of the choices.", step=step.slug)
    check_versions({**state.answers, **answers})
    return {slug: text for slug, text in answers.items() if state.answers.get(slug, "") != text}


def check_version(text: str, *, step: str | None = None) -> None:
    """Refuses what is no version, with the sentence that says how one looks."""
    try:
        parse_version(text)
    except ValueError as problem:
        raise TransitionRefused(str(problem), step=step) from None


def check_versions(answers: Mapping[str, str]) -> None:
    """Refuses a target that is not higher than the source; the platform would refuse it too."""
    source, target = answers.get("source_version"), answers.get("target_version")
    for text in (source, target):
        if text:
            check_version(text)
    if source and target and not is_higher(target, source):
        raise TransitionRefused(
            f"The target {target} is not higher than the installed {source}. "
            "An upgrade to the same or a lower version fails."
        )


def record_checks(
    state: RunState,
    pack: Pack,
    *,
    step: str,
    answers: Sequence[CheckAnswer],
    now: datetime | None = None,
) -> list[ev.Event]:
    """One event per check whose answer changed; "verified by hand" needs a note saying how.

    Before a retry the same answer counts again once the earlier one has grown old.
    """
    check_allowed(state.stage, Action.RECORD_CHECKS)
    found = open_step(state, pack, slug=step)
    if answers and found.kind is StepKind.IMPORT and state.open_attempt:
        # Answered now, the list would say nothing about the moment before the next attempt.
        raise TransitionRefused("Record how the open attempt ended first.", step=step)
    known, attempt = _checks_of(state, pack, found)
    recorded: list[ev.CheckRecorded] = []
    for answer in answers:
        if answer.check not in known:
            raise TransitionRefused("This step has no such check.", step=step)
        if answer.result is CheckResult.BY_HAND:
            need_reason(answer.note, "Say in the note how you verified it by hand.")
        recorded.append(
            ev.CheckRecorded(
                step=step,
                check=answer.check,
                result=answer.result,
                note=answer.note.strip(),
                attempt=attempt,
            )
        )
    return [event for event in recorded if _is_new(state, pack, event, now=now)]


def _checks_of(state: RunState, pack: Pack, step: Step) -> tuple[set[str], int]:
    """The checks a person can answer now, and the attempt that they prepare."""
    if step.kind is StepKind.IMPORT and state.attempts:
        return {check.slug for check in checks_before_retry(state, pack)}, len(state.attempts) + 1
    if step.kind is StepKind.IMPORT and state.adopted:
        return {check.slug for check in checks_before_retry(state, pack)}, 1
    return {check.slug for check in step.checks}, 0


def _is_new(state: RunState, pack: Pack, event: ev.CheckRecorded, *, now: datetime | None) -> bool:
    mark = state.checks.get(check_key(event.step, event.check))
    said = (event.result, event.note, event.attempt)
    if mark is None or (mark.result, mark.note, mark.attempt) != said:
        return True
    return bool(event.attempt and now and not still_holds(mark.at, pack, now=now))


def add_evidence(
    state: RunState, pack: Pack, *, step: str, slot: str, stored: ev.EvidenceAdded
) -> list[ev.Event]:
    """Keeps a text for a slot of the step; an unnamed slot is refused."""
    check_allowed(state.stage, Action.ADD_EVIDENCE)
    found = open_step(state, pack, slug=step)
    if slot not in {place.slug for place in found.slots}:
        raise TransitionRefused("This step keeps no such evidence.", step=step)
    return [stored]


def complete_step(state: RunState, pack: Pack, *, step: str, now: datetime) -> list[ev.Event]:
    """Completes the step, or names everything that is missing."""
    check_allowed(state.stage, Action.COMPLETE_STEP)
    found = open_step(state, pack, slug=step)
    if found.kind is StepKind.IMPORT:
        raise TransitionRefused("The import completes by an attempt that succeeded.", step=step)
    if found.kind is StepKind.CLOSE:
        raise TransitionRefused("Close the run instead.", step=step)
    gaps = missing(state, found, now=now)
    if gaps:
        raise TransitionRefused(f"Still missing: {'; '.join(gaps)}.", step=step)
    return [ev.StepCompleted(step=step)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything a person hands in on one step's panel at once."""

    answers: Mapping[str, str]
    checks: Sequence[CheckAnswer] = ()
    evidence: Sequence[ev.EvidenceAdded] = ()
    reason: str = ""
    complete: bool = False


def work_on_step(
    state: RunState, pack: Pack, *, step: str, work: Work, now: datetime
) -> list[ev.Event]:
    """Keeps all that was handed in, and completes the step if that was asked and nothing is missing.

    What is still missing does not cost the answers: they are kept and the step stays open.
    """
    found = open_step(state, pack, slug=step)
    made: list[ev.Event] = []
    if found.kind is StepKind.DECISION:
        made += record_decision(state, pack, step=step, answers=work.answers, reason=work.reason)
    elif work.answers:
        made += record_facts(state, pack, step=step, answers=work.answers)
    made += record_checks(state, pack, step=step, answers=work.checks)
    for stored in work.evidence:
        made += add_evidence(state, pack, step=step, slot=stored.slot, stored=stored)
    after = _after(state, made, now=now)
    own_end = found.kind in {StepKind.CLOSE, StepKind.IMPORT}
    if work.complete and not own_end and not missing(after, found, now=now):
        made += complete_step(after, pack, step=step, now=now)
    return made


def _after(state: RunState, made: Sequence[ev.Event], *, now: datetime) -> RunState:
    """The state as it will be once these events are recorded."""
    for event in made:
        entry = ev.Recorded(
            seq=state.seq + 1, event=event, recorded_at=now, happened_at=now, actor=""
        )
        state = evolve(state, entry)
    return state


def skip_step(state: RunState, pack: Pack, *, step: str, reason: str) -> list[ev.Event]:
    """Leaves a step out on purpose; the reason stays on the record (invariant 6)."""
    check_allowed(state.stage, Action.SKIP_STEP)
    found = open_step(state, pack, slug=step)
    if found.kind in {StepKind.IMPORT, StepKind.CLOSE, StepKind.STATE}:
        raise TransitionRefused(f"'{found.title}' cannot be skipped.", step=step)
    return [ev.StepSkipped(step=step, reason=need_reason(reason, "Say why the step is skipped."))]


def reopen_step(state: RunState, pack: Pack, *, step: str, reason: str) -> list[ev.Event]:
    """Opens a settled step again, on record. The import is reopened by reading the state instead."""
    check_allowed(state.stage, Action.REOPEN_STEP)
    reason = need_reason(reason, "Say why the step is opened again.")
    try:
        found = standing_of(state, pack, slug=step)
    except KeyError:
        raise TransitionRefused("This run has no such step.") from None
    if found.step.kind is StepKind.IMPORT:
        raise TransitionRefused("Read the installed state instead; it decides what is open.")
    if found.state not in {StepState.DONE, StepState.SKIPPED, StepState.BEFORE_RECORD}:
        raise TransitionRefused(f"This step is {found.state.value}; there is nothing to reopen.")
    return [ev.StepReopened(step=step, reason=reason)]


def start_wait(state: RunState, pack: Pack, *, step: str, now: datetime) -> list[ev.Event]:
    """Starts the wait of a wait step; its end is the server's business."""
    check_allowed(state.stage, Action.START_WAIT)
    found = open_step(state, pack, slug=step)
    if found.wait is None:
        raise TransitionRefused("This step has nothing to wait for.", step=step)
    if step in state.waits:
        raise TransitionRefused("This wait has already begun.", step=step)
    due = _wait_due(found.wait, now=now, zone=ZoneInfo(state.time_zone))
    return [ev.WaitStarted(step=step, due=due, reason=found.wait.reason)]


def _wait_due(rule: WaitRule, *, now: datetime, zone: ZoneInfo) -> datetime:
    if not rule.until_after_night:
        return now + timedelta(minutes=rule.minutes)
    local = now.astimezone(zone)
    day = local.date() if local.hour < 4 else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(now.tzinfo)


def end_wait(state: RunState, pack: Pack, *, step: str, now: datetime) -> list[ev.Event]:
    """Ends a wait whose time has come, and completes its step."""
    check_allowed(state.stage, Action.END_WAIT)
    open_step(state, pack, slug=step)
    wait = state.waits.get(step)
    if wait is None:
        raise TransitionRefused("This wait has not begun.", step=step)
    if now < wait.due:
        raise TransitionRefused("The wait is not over; the server's clock decides.", step=step)
    return [ev.WaitEnded(step=step), ev.StepCompleted(step=step)]

"""Decisions about attempts: starting one, saying how it ended, settling on a family."""

from dataclasses import dataclass, replace
from datetime import datetime

from runbook.domain import events as ev
from runbook.domain.decisions.steps import need_reason
from runbook.domain.decisions.times import check_happened
from runbook.domain.diagnosis.family import Diagnosis, Reading
from runbook.domain.diagnosis.fingerprint import fingerprint
from runbook.domain.errors import TransitionRefused
from runbook.domain.escalation import due_rules
from runbook.domain.pack import Pack
from runbook.domain.progress import open_step
from runbook.domain.retries import blockers, import_step
from runbook.domain.state import Attempt, RunState
from runbook.domain.transitions import check_allowed
from runbook.domain.vocabulary import (
    Action,
    Confidence,
    Disposition,
    ImportOption,
    Method,
    Outcome,
    RunStage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a person is about to import."""

    method: Method
    option: ImportOption
    file_name: str = ""
    file_version: str = ""
    file_sha256: str = ""
    tool_version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """An error text after secret removal: where it is stored and what the engine read in it."""

    digest: str
    size: int
    reading: Reading
    secrets_removed: int = 0
    rows_digest: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a person says about the end of an attempt."""

    outcome: Outcome
    reason: str = ""
    no_text: bool = False
    captured: Captured | None = None


def start_attempt(
    state: RunState, pack: Pack, *, plan: Plan, happened_at: datetime, now: datetime
) -> list[ev.Event]:
    """Starts the next attempt, or says what stands in the way (invariants 3 and 4)."""
    check_allowed(state.stage, Action.START_ATTEMPT)
    open_step(state, pack, slug=import_step(pack))
    _check_option(state, plan)
    earlier = state.current_attempt
    check_happened(happened_at, now=now, not_before=earlier.ended_at if earlier else None)
    standing = blockers(state, pack, now=now)
    if standing:
        raise TransitionRefused(" ".join(b.sentence for b in standing), step=import_step(pack))
    _check_told_start(state, happened_at)
    return [
        ev.AttemptStarted(
            number=len(state.attempts) + 1,
            method=plan.method,
            option=plan.option,
            file_name=plan.file_name,
            file_version=plan.file_version,
            file_sha256=plan.file_sha256.lower(),
            tool_version=plan.tool_version,
            reason=plan.reason.strip(),
        )
    ]


def _check_told_start(state: RunState, happened_at: datetime) -> None:
    """A start that is told afterwards must not lie before the end of the wait (invariant 3)."""
    wait = state.retry
    if wait and not wait.overridden and happened_at < wait.due:
        raise TransitionRefused(
            "The wait was not over at that time. Enter a start after it; if the attempt did begin "
            "earlier, say so in a note."
        )


def _check_option(state: RunState, plan: Plan) -> None:
    """An import while an upgrade is pending, and the reverse, are both refused.

    So are applying a leftover of another version, and Update without a reason: it leaves behind what
    the new version dropped.
    """
    option, seen = plan.option, state.last_reading
    applying = option is ImportOption.APPLY_UPGRADE
    if applying and seen and not seen.sighting.holding_is_target:
        raise TransitionRefused(
            f"The pending solution has version {seen.holding_version}, not the target of this run. "
            "Do not apply it: discard it, or ask who began it."
        )
    if option is ImportOption.UPDATE:
        need_reason(plan.reason, "Say why Update and not Upgrade: it is the last resort.")
    if state.stage is RunStage.UPGRADE_PENDING and not applying:
        raise TransitionRefused(
            "An upgrade is pending: apply it. Importing again would be refused or make it worse."
        )
    if state.stage is not RunStage.UPGRADE_PENDING and applying:
        raise TransitionRefused("No upgrade is pending, so there is nothing to apply.")


def record_attempt(
    state: RunState, pack: Pack, *, result: Result, happened_at: datetime, now: datetime
) -> list[ev.Event]:
    """Ends the open attempt. A failure brings its text, or the statement that none was shown."""
    check_allowed(state.stage, Action.RECORD_ATTEMPT)
    attempt = state.open_attempt
    if attempt is None:
        raise TransitionRefused("No attempt is open.")
    check_happened(happened_at, now=now, not_before=attempt.started_at)
    _check_result(result)
    recorded = [_ending(result, number=attempt.number)]
    recorded += _captured(result, attempt.number)
    if result.outcome is Outcome.SUCCEEDED and result.captured is None:
        return recorded
    recorded.append(_diagnosed(pack, result, number=attempt.number))
    if result.outcome is Outcome.SUCCEEDED:
        return recorded  # a text beside a success is a warning to follow up, not a failure
    return recorded + _escalated(state, pack, recorded, ended_at=happened_at, now=now)


def _check_result(result: Result) -> None:
    if result.outcome is Outcome.FAILED and not (result.captured or result.no_text):
        raise TransitionRefused(
            "Paste the error text, or state that none was shown. Without it nobody can help."
        )
    if result.outcome is Outcome.CANCELLED:
        need_reason(result.reason, "Say why the attempt was cancelled.")


def _ending(result: Result, *, number: int) -> ev.Event:
    match result.outcome:
        case Outcome.SUCCEEDED:
            return ev.AttemptSucceeded(number=number)
        case Outcome.FAILED:
            return ev.AttemptFailed(number=number, no_text=result.captured is None)
        case Outcome.UNKNOWN:
            return ev.AttemptUnknown(number=number, reason=result.reason.strip())
        case Outcome.CANCELLED:
            return ev.AttemptCancelled(number=number, reason=result.reason.strip())


def _captured(result: Result, number: int) -> list[ev.Event]:
    if result.captured is None:
        return []
    return [
        ev.ErrorCaptured(
            number=number,
            digest=result.captured.digest,
            size=result.captured.size,
            secrets_removed=result.captured.secrets_removed,
            rows_digest=result.captured.rows_digest,
            source=result.captured.source,
        )
    ]


def _diagnosed(pack: Pack, result: Result, *, number: int) -> ev.DiagnosisMade:
    reading = result.captured.reading if result.captured else _without_text(pack, result.outcome)
    first = reading.diagnoses[0].disposition if reading.diagnoses else Disposition.NONE
    return ev.DiagnosisMade(
        number=number,
        pack_digest=pack.digest,
        reading=reading,
        disposition=first,
        fingerprint=fingerprint(reading),
    )


def _without_text(pack: Pack, outcome: Outcome) -> Reading:
    slug = pack.fallback_family if outcome is Outcome.FAILED else pack.unknown_outcome_family
    family = pack.family(slug)
    reason = (
        "No error text was shown, so only the installed state can tell."
        if outcome is Outcome.FAILED
        else "Nobody saw how the attempt ended, so only the installed state can tell."
    )
    return Reading(
        is_import_error=True,
        diagnoses=(
            Diagnosis(
                family=family.slug,
                revision=family.revision,
                confidence=Confidence.UNKNOWN,
                disposition=family.disposition,
                quote="",
                reason=reason,
                matched_by="outcome",
            ),
        ),
    )


def _escalated(
    state: RunState,
    pack: Pack,
    recorded: list[ev.Event],
    *,
    ended_at: datetime,
    now: datetime,
) -> list[ev.Event]:
    made = recorded[-1]
    if not isinstance(made, ev.DiagnosisMade) or state.open_attempt is None:
        return []
    family = made.reading.diagnoses[0].family if made.reading.diagnoses else ""
    ended: Attempt = replace(
        state.open_attempt, outcome=Outcome.FAILED, ended_at=ended_at, family=family
    )
    after = replace(state, attempts=(*state.attempts[:-1], ended))
    rules = due_rules(after, pack, now=now)
    return [ev.EscalationDrafted(rules=rules)] if rules else []


def choose_diagnosis(state: RunState, pack: Pack, *, family: str, reason: str) -> list[ev.Event]:
    """Settles the last failure on one family; the installed state must then be read again."""
    check_allowed(state.stage, Action.CHOOSE_DIAGNOSIS)
    attempt = state.current_attempt
    if attempt is None:
        raise TransitionRefused("There is no failed attempt to diagnose.")
    try:
        chosen = pack.family(family)
    except KeyError:
        raise TransitionRefused("This pack knows no such family.") from None
    offered = {d.family for d in attempt.reading.diagnoses} if attempt.reading else set()
    if family not in offered:
        need_reason(reason, "Say why it is a family that the text did not suggest.")
    return [
        ev.DiagnosisChosen(
            number=attempt.number,
            family=chosen.slug,
            revision=chosen.revision,
            disposition=chosen.disposition,
            reason=reason.strip(),
        )
    ]

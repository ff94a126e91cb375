"""Events as sentences: what the timeline page, the report and the exports say about each of them.

Steps, checks and families go by their titles from the pack, people by their names, times by the
clock of the run's zone. Both parts of a line may hold words that people typed: whoever renders them
escapes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from runbook.domain import events as ev
from runbook.domain.evidence_lines import evidence_line, sentences, size
from runbook.domain.pack import Pack
from runbook.domain.patterns import Match, Pattern
from runbook.domain.readiness import Sighting, row_for
from runbook.domain.state import Attempt, RunState
from runbook.domain.steps import Check, Question, Step
from runbook.domain.team_lines import team_line
from runbook.domain.vocabulary import CheckResult, InstalledState

ERASED = "Content erased"
_SLOT = Pattern(r"\{\{\s*run\.([a-z0-9_-]+)\s*\}\}", ignore_case=False)
_SLOTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event for a reader. `kind` is '', good, bad, warn, doubt, note or system."""

    headline: str
    detail: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Where the words of a line come from."""

    pack: Pack
    zone: ZoneInfo
    state: RunState
    people: Mapping[str, str] = field(default_factory=dict)

    def step(self, slug: str) -> str:
        found = _step(self.pack, slug)
        return found.title if found else slug

    def family(self, slug: str) -> str:
        return family_title(self.pack, slug)

    def check(self, step: str, slug: str) -> str:
        found = check_of(self.pack, step=step, slug=slug)
        return fill(found.text, self.state.answers) if found else slug

    def time(self, moment: datetime) -> str:
        return clock(moment, self.zone)

    def slot(self, step: str, slot: str) -> str:
        found = _step(self.pack, step)
        slots = found.slots if found else ()
        return next((each.label for each in slots if each.slug == slot), slot)

    def person(self, actor: str) -> str:
        return self.people.get(actor, "a member")


def present(
    event: ev.Event | None,
    *,
    pack: Pack,
    time_zone: str = "UTC",
    state: RunState | None = None,
    people: Mapping[str, str] | None = None,
) -> Line:
    """The event as a line. `state` adds durations and answers; without it the line is shorter.

    None stands for an event whose content was erased.
    """
    if event is None:
        return Line(
            headline=ERASED,
            detail="The entry stands on the record; what it said was removed.",
            kind="system",
        )
    words = _Words(
        pack=pack, zone=ZoneInfo(time_zone), state=state or RunState(), people=people or {}
    )
    return _line(event, words)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with `{{ run.<question> }}` replaced; a value that is missing shows as a mark."""
    return _SLOT.replace(text, lambda match: _value(match, values), limit=_SLOTS)


def _value(match: Match, values: Mapping[str, str]) -> str:
    slug = match.group(1) or ""
    return values.get(slug) or f"‹{slug.replace('_', ' ').replace('-', ' ')}›"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """Date, time and zone as people write them: `2026-11-22 02:25 CET`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def utc(moment: datetime) -> str:
    """Date and time in UTC: `2026-11-22 01:25 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasting(span: timedelta) -> str:
    """A length of time in the two largest units that matter: `16 min`, `2 h 5 min`, `3 d 4 h`."""
    minutes = max(0, round(span.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes else "less than a minute"


def family_title(pack: Pack, slug: str) -> str:
    """The title of a family, or its slug when the pack no longer knows it."""
    return next((family.title for family in pack.families if family.slug == slug), slug)


def check_of(pack: Pack, *, step: str, slug: str) -> Check | None:
    """The check of a step, or of the list before a retry."""
    found = _step(pack, step)
    own = found.checks if found else ()
    return next((c for c in (*own, *pack.readiness.before_retry) if c.slug == slug), None)


def question_of(pack: Pack, slug: str) -> Question | None:
    """The question with this slug, wherever it is asked."""
    asked = (question for step in pack.runbook.steps for question in step.questions)
    return next((question for question in asked if question.slug == slug), None)


def answer_words(question: Question | None, answer: str) -> str:
    """An answer as a reader sees it: the label of a choice, else the text itself."""
    choices = question.choices if question else ()
    return next((choice.label for choice in choices if choice.slug == answer), answer)


def _step(pack: Pack, slug: str) -> Step | None:
    return next((step for step in pack.runbook.steps if step.slug == slug), None)


_Life = (
    ev.RunStarted | ev.RunAdopted | ev.RunPaused | ev.RunResumed | ev.RunClosed | ev.RunAbandoned
)
_OfStep = ev.StepCompleted | ev.StepSkipped | ev.StepReopened | ev.WaitStarted | ev.WaitEnded
_Entry = ev.FactsRecorded | ev.DecisionRecorded | ev.CheckRecorded | ev.NoteAdded
_OfAttempt = (
    ev.AttemptStarted
    | ev.AttemptSucceeded
    | ev.AttemptFailed
    | ev.AttemptUnknown
    | ev.AttemptCancelled
)
_Finding = ev.ErrorCaptured | ev.DiagnosisMade | ev.DiagnosisChosen | ev.StateRead
_Next = ev.RetryScheduled | ev.RetryOverridden | ev.RepairRecorded | ev.RemovalRecorded
_Outward = ev.EscalationDrafted | ev.EscalationSent | ev.ExportMade


def _line(event: ev.Event, words: _Words) -> Line:
    if isinstance(event, _Life):
        return _life(event, words)
    if isinstance(event, _OfStep):
        return _of_step(event, words)
    if isinstance(event, _Entry):
        return _entry(event, words)
    if isinstance(event, _OfAttempt):
        return _of_attempt(event, words)
    if isinstance(event, _Finding):
        return _finding(event, words)
    return _beyond(event, words)


def _beyond(event: _Next | _Outward | ev.EvidenceEvent | ev.TeamEvent, words: _Words) -> Line:
    if isinstance(event, _Next):
        return _next(event, words)
    if isinstance(event, _Outward):
        return _outward(event, words)
    if isinstance(event, ev.EvidenceEvent):
        headline, detail, kind = evidence_line(event, words)
    else:
        headline, detail, kind = team_line(event, words)
    return Line(headline=headline, detail=detail, kind=kind)


def _life(event: _Life, words: _Words) -> Line:
    match event:
        case ev.RunStarted(title=title):
            return Line(headline=f"Run started: {title}", detail=words.pack.title)
        case ev.RunAdopted(report=report, before_record=before):
            counted = f"{len(before)} steps count as done before this record. " if before else ""
            return Line(
                headline="Run adopted in the middle", detail=f"{counted}{report}", kind="warn"
            )
        case ev.RunPaused(reason=reason):
            return Line(headline="Run paused", detail=reason, kind="warn")
        case ev.RunResumed():
            return Line(headline="Run resumed")
        case ev.RunClosed(partial=partial, reason=reason):
            how, kind = ("closed as partial", "warn") if partial else ("closed", "good")
            return Line(headline=f"Run {how}", detail=reason, kind=kind)
        case ev.RunAbandoned(reason=reason):
            return Line(headline="Run abandoned", detail=reason, kind="bad")
        case _:
            assert_never(event)


def _of_step(event: _OfStep, words: _Words) -> Line:
    title = words.step(event.step)
    match event:
        case ev.StepCompleted():
            return Line(headline=f"Step done: {title}", kind="good")
        case ev.StepSkipped(reason=reason):
            return Line(headline=f"Step skipped: {title}", detail=reason, kind="warn")
        case ev.StepReopened(reason=reason):
            return Line(headline=f"Step opened again: {title}", detail=reason, kind="warn")
        case ev.WaitStarted(due=due, reason=reason):
            return Line(headline=f"Wait until {words.time(due)}: {title}", detail=reason)
        case ev.WaitEnded():
            return Line(headline=f"Wait over: {title}")
        case _:
            assert_never(event)


def _entry(event: _Entry, words: _Words) -> Line:
    match event:
        case ev.FactsRecorded(step=step, answers=answers):
            return Line(
                headline=f"Facts recorded: {words.step(step)}", detail=_told(answers, words)
            )
        case ev.DecisionRecorded(step=step, answers=answers, reason=reason):
            told = sentences(_told(answers, words), reason)
            return Line(headline=f"Decided: {words.step(step)}", detail=told)
        case ev.CheckRecorded():
            return _check(event, words)
        case ev.NoteAdded():
            return _note(event, words)
        case _:
            assert_never(event)


def _told(answers: Mapping[str, str], words: _Words) -> str:
    told = []
    for slug, answer in answers.items():
        question = question_of(words.pack, slug)
        label = question.label if question else slug
        told.append(f"{label.rstrip('?:.')}: {answer_words(question, answer) or 'taken back'}")
    return "; ".join(told)


_RESULTS = {
    CheckResult.PASSED: ("Check passed", "good"),
    CheckResult.FAILED: ("Check failed", "bad"),
    CheckResult.NOT_TESTED: ("Check not tested", "warn"),
    CheckResult.BY_HAND: ("Check verified by hand", "warn"),
}


def _check(event: ev.CheckRecorded, words: _Words) -> Line:
    result, kind = _RESULTS[event.result]
    before = f"Before attempt {event.attempt}" if event.attempt else ""
    return Line(
        headline=f"{result}: {words.check(event.step, event.check)}",
        detail=sentences(before, event.note),
        kind=kind,
    )


def _note(event: ev.NoteAdded, words: _Words) -> Line:
    headline = f"Correction of entry {event.corrects}" if event.corrects else "Note"
    if event.step:
        headline += f" on: {words.step(event.step)}"
    if event.after_close:
        headline += " (after the end of the run)"
    return Line(headline=headline, detail=event.text, kind="note")


def _of_attempt(event: _OfAttempt, words: _Words) -> Line:
    name = f"Attempt {event.number}"
    after = _after(_attempt(words.state, event.number))
    match event:
        case ev.AttemptStarted():
            return Line(headline=f"{name} started", detail=how_imported(event))
        case ev.AttemptSucceeded():
            return Line(headline=f"{name} succeeded{after}", kind="good")
        case ev.AttemptFailed(no_text=no_text):
            shown = "No error text was shown." if no_text else ""
            return Line(headline=f"{name} failed{after}", detail=shown, kind="bad")
        case ev.AttemptUnknown(reason=reason):
            headline = f"{name} ended unknown{after}: nobody saw how"
            return Line(headline=headline, detail=reason, kind="doubt")
        case ev.AttemptCancelled(reason=reason):
            return Line(headline=f"{name} cancelled{after}", detail=reason, kind="warn")
        case _:
            assert_never(event)


def _attempt(state: RunState, number: int) -> Attempt | None:
    return next((attempt for attempt in state.attempts if attempt.number == number), None)


def _after(attempt: Attempt | None) -> str:
    if attempt is None or attempt.ended_at is None:
        return ""
    return f" after {lasting(attempt.ended_at - attempt.started_at)}"


def how_imported(plan: ev.AttemptStarted | Attempt) -> str:
    """Method, option and file of an attempt in one line."""
    tool = f" {plan.tool_version}" if plan.tool_version else ""
    parts = [f"{plan.method.value}{tool}", plan.option.value, plan.file_name]
    parts.append(f"version {plan.file_version}" if plan.file_version else "")
    parts.append(f"SHA-256 {plan.file_sha256}" if plan.file_sha256 else "")
    return ", ".join(part for part in parts if part)


def _finding(event: _Finding, words: _Words) -> Line:
    match event:
        case ev.ErrorCaptured():
            told = size(event.size, event.secrets_removed)
            return Line(headline=f"Error text of attempt {event.number} captured", detail=told)
        case ev.DiagnosisMade(number=number, reading=reading):
            if not reading.diagnoses:
                return Line(headline=f"Attempt {number}: no family fits", kind="doubt")
            best = reading.diagnoses[0]
            headline = f"Attempt {number} looks like: {words.family(best.family)}"
            detail = sentences(f"{best.confidence.value.capitalize()}: {best.reason}")
            return Line(headline=headline, detail=detail, kind="doubt")
        case ev.DiagnosisChosen(number=number, family=family, reason=reason):
            headline = f"Attempt {number} settled as: {words.family(family)}"
            return Line(headline=headline, detail=reason)
        case ev.StateRead():
            return _state_read(event, words)
        case _:
            assert_never(event)


_STATE_KINDS = {
    InstalledState.RUNNING: "warn",
    InstalledState.ROLLED_BACK: "",
    InstalledState.PENDING: "warn",
    InstalledState.ALREADY_EXISTS: "warn",
    InstalledState.DONE: "good",
    InstalledState.BASE_GONE: "bad",
    InstalledState.MIXED: "bad",
    InstalledState.UNCLEAR: "doubt",
}


def state_title(pack: Pack, state: InstalledState, *, sighting: Sighting) -> str:
    """What the pack calls what was seen."""
    try:
        return row_for(pack.readiness, sighting).title
    except LookupError:
        return state.value


def _state_read(event: ev.StateRead, words: _Words) -> Line:
    seen = [
        f"base {event.base_version}" if event.base_version else "base not listed",
        f"holding solution {event.holding_version}" if event.holding_version else "",
        f"operation open for {lasting(timedelta(minutes=event.operation_minutes))}"
        if event.operation_minutes
        else "",
        f"last result {event.last_result}" if event.last_result else "",
    ]
    return Line(
        headline=f"Installed state read: {state_title(words.pack, event.state, sighting=event.sighting)}",
        detail=", ".join(part for part in seen if part),
        kind=_STATE_KINDS[event.state],
    )


def _next(event: _Next, words: _Words) -> Line:
    match event:
        case ev.RetryScheduled(number=number, due=due, reason=reason, limit_reached=limit):
            headline = f"Attempt {number} not before {words.time(due)}"
            return Line(headline=headline, detail=reason, kind="warn" if limit else "")
        case ev.RetryOverridden(number=number, reason=reason):
            headline = f"Wait before attempt {number} overridden"
            return Line(headline=headline, detail=reason, kind="warn")
        case ev.RepairRecorded(text=text):
            return Line(headline="Repair recorded", detail=text, kind="good")
        case ev.RemovalRecorded(solution=solution, version=version, backup_reference=backup):
            headline = f"Solution removed: {solution} {version}"
            return Line(headline=headline, detail=f"Backup: {backup}", kind="warn")
        case _:
            assert_never(event)


def _outward(event: _Outward, words: _Words) -> Line:
    match event:
        case ev.EscalationDrafted(rules=rules):
            known = {rule.slug: rule.text for rule in words.pack.escalation_rules}
            told = " ".join(known.get(rule, rule) for rule in rules)
            return Line(headline="Help is needed", detail=told, kind="warn")
        case ev.EscalationSent(recipient=slug, ticket=ticket):
            titles = {recipient.slug: recipient.title for recipient in words.pack.recipients}
            reference = f"Reference {ticket}" if ticket else ""
            return Line(headline=f"Handed to: {titles.get(slug, slug)}", detail=reference)
        case ev.ExportMade(format=name):
            return Line(headline=f"Record handed out as {name}", kind="system")
        case _:
            assert_never(event)

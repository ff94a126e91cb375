"""The facts that somebody asks for who is to help: found on the record, or missing, and where.

A fact goes by its slug. What the engine knows it takes from the attempts, readings and entries; any
other slug is a question, a check or an evidence slot of the runbook. A question with the slug of
something the engine knows adds to it, so that a pack can ask for what no text told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain.diagnosis.family import Reading
from runbook.domain.pack import Pack, Recipient
from runbook.domain.presenting import (
    answer_words,
    clock,
    fill,
    lasting,
    question_of,
    state_title,
    utc,
)
from runbook.domain.progress import next_step, standings
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.retries import import_step
from runbook.domain.state import Attempt, CheckMark, RunState, check_key
from runbook.domain.steps import Check, Question, QuestionKind, Step
from runbook.domain.vocabulary import CheckResult

#: More of an error text belongs into a file, not into a ticket.
LONGEST_TEXT = 20_000
#: What people did about a failure besides trying again.
_DEEDS = frozenset(
    {
        *("run.adopted", "state.read", "repair.recorded", "removal.recorded"),
        *("retry.overridden", "diagnosis.chosen", "escalation.sent"),
    }
)
_TOLD = _DEEDS | {
    *("run.started", "run.paused", "run.resumed", "run.closed", "run.abandoned", "step.skipped"),
    *("attempt.started", "attempt.succeeded", "attempt.failed"),
    *("attempt.unknown", "attempt.cancelled", "retry.scheduled", "escalation.drafted"),
}
_EXACT = frozenset(
    {QuestionKind.VERSION, QuestionKind.SHA256, QuestionKind.FILE_NAME, QuestionKind.ADDRESS}
)
_NO_ATTEMPT = "No attempt is on this record yet."
_RESULTS = {
    CheckResult.PASSED: "found in order",
    CheckResult.FAILED: "not in order",
    CheckResult.NOT_TESTED: "not tested",
    CheckResult.BY_HAND: "verified by hand",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing that is known; `note` says of what, such as of which attempt."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; every row has as many cells as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact. `gap` says what is missing, `step` is where it is captured.

    `exact` is for codes, ids and versions, `text` for what must stay word for word.
    """

    slug: str
    label: str
    values: tuple[Value, ...] = ()
    text: str = ""
    table: Table | None = None
    exact: bool = False
    gap: str = ""
    step: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.values or self.text or self.table)

    @property
    def words(self) -> str:
        """The values in one line, for the middle of a sentence."""
        return ", ".join(value.text for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the facts are taken from; without lines and texts it still tells what is missing."""

    state: RunState
    pack: Pack
    lines: tuple[ReportLine, ...] = ()
    errors: tuple[ErrorText, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the run."""
        return ZoneInfo(self.state.time_zone)

    def both(self, moment: datetime) -> str:
        """A time in UTC and by the clock of the run."""
        return f"{utc(moment)} ({clock(moment, self.zone)})"


def case_of(report: RunReport) -> Case:
    """The report as far as facts need it."""
    return Case(
        state=report.state,
        pack=report.pack,
        lines=report.lines,
        errors=report.errors,
        people=report.people,
        address=report.address,
    )


def fact_of(case: Case, slug: str) -> Fact:
    """The fact with this slug, known or missing."""
    found = _found(case, slug)
    question = question_of(case.pack, slug)
    if slug in FINDERS and question is not None:
        told = _answered(case, question)
        if told.is_known:
            return replace(found, values=(*found.values, *told.values), gap="")
        if found.gap:
            return replace(found, gap=told.gap, step=told.step)
    return found


def known_facts(case: Case) -> dict[str, Fact]:
    """Everything that is known, by slug: what the engine finds and all answers."""
    asked = (each.slug for step in case.pack.runbook.steps for each in step.questions)
    facts = (fact_of(case, slug) for slug in dict.fromkeys((*FINDERS, *asked)))
    return {fact.slug: fact for fact in facts if fact.is_known}


def missing_facts(state: RunState, pack: Pack, *, recipient: Recipient) -> tuple[Fact, ...]:
    """What this recipient needs and the record does not hold."""
    case = Case(state=state, pack=pack)
    return tuple(fact for slug in recipient.facts if (fact := fact_of(case, slug)).gap)


def label_of(slug: str) -> str:
    """A slug as people read it: `activity_id` is `Activity id`."""
    special = {"sha256": "SHA-256", "url": "address"}
    words = [special.get(word, word) for word in slug.replace("-", "_").split("_")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def _found(case: Case, slug: str) -> Fact:
    blank = Fact(slug=slug, label=label_of(slug))
    finder = FINDERS.get(slug)
    if finder is not None:
        found = finder(case)
        return replace(found, slug=slug, label=found.label or blank.label)
    question = question_of(case.pack, slug)
    if question is not None:
        return _answered(case, question)
    slot = _slot(case, slug)
    check = _checked(case, slug)
    for each in (check, slot):
        if each is not None and each.is_known:
            return replace(each, slug=slug, label=blank.label)
    missing = check or slot
    gap = "Nothing on this run captures it; add it by hand."
    return (
        replace(missing, slug=slug, label=blank.label) if missing else replace(blank, gap=gap)
    )


# --- questions, checks, slots: what the pack asks for ---


def _answered(case: Case, question: Question) -> Fact:
    answer = case.state.answers.get(question.slug, "").strip()
    blank = Fact(slug=question.slug, label=label_of(question.slug))
    if not answer:
        step = _asking(case.pack, question.slug)
        return replace(blank, gap=f"“{fill(question.label, {})}” has no answer.", step=step)
    if question.kind is QuestionKind.DATE_TIME:
        answer = _local(answer, case)
    return replace(
        blank,
        values=(Value(text=answer_words(question, answer)),),
        exact=question.kind in _EXACT or question.slug.endswith(("_id", "_version")),
    )


def _local(answer: str, case: Case) -> str:
    """A time that was typed by the clock of the run."""
    try:
        moment = datetime.fromisoformat(answer)
    except ValueError:
        return answer
    return case.both(moment if moment.tzinfo else moment.replace(tzinfo=case.zone))


def _asking(pack: Pack, slug: str) -> str:
    return _first(pack, lambda step: any(each.slug == slug for each in step.questions))


def _first(pack: Pack, holds: Callable[[Step], bool]) -> str:
    return next((s.slug for s in pack.runbook.steps if not s.retired and holds(s)), "")


def _checked(case: Case, slug: str) -> Fact | None:
    """Every answer on record to the checks of this slug, the list before a retry among them."""
    name = slug.replace("_", "-")
    before = [each for each in case.pack.readiness.before_retry if each.slug == name]
    step = _first(case.pack, lambda s: any(each.slug == name for each in s.checks))
    if not step and not before:
        return None
    found = _observed(case, _texts(case.pack, name)) or _marked(case, name)
    if found:
        return Fact(slug=slug, label="", values=tuple(dict.fromkeys(found)))
    if before and case.state.attempts:
        step = import_step(case.pack)
    text = next(iter(_texts(case.pack, name)))
    return Fact(slug=slug, label="", gap=f"Nobody answered: {text}", step=step)


def _texts(pack: Pack, name: str) -> tuple[str, ...]:
    checks: list[Check] = [c for step in pack.runbook.steps for c in step.checks]
    checks += pack.readiness.before_retry
    return tuple(dict.fromkeys(check.text for check in checks if check.slug == name))


def _observed(case: Case, texts: tuple[str, ...]) -> list[Value]:
    """From the timeline, since the state keeps only the last look."""
    ends = tuple(f": {fill(text, case.state.answers)}" for text in texts)
    found = []
    for line in case.lines:
        if line.event_type == "check.recorded" and line.headline.endswith(ends):
            result = line.headline.partition(":")[0].removeprefix("Check ")
            words = _RESULT_WORDS.get(result, result)
            told = f"{case.both(line.happened_at)}: {words}"
            found.append(Value(text=f"{told}. {line.detail}" if line.detail else told))
    return found


_RESULT_WORDS = {"passed": "found in order", "failed": "not in order"}


def _marked(case: Case, name: str) -> list[Value]:
    """From the state, where the timeline is not at hand or worded differently by redaction."""
    marks = [mark for key, mark in case.state.checks.items() if key.partition("/")[2] == name]
    return [_mark(case, mark) for mark in sorted(marks, key=lambda each: each.at)]


def _mark(case: Case, mark: CheckMark) -> Value:
    before = f" Before attempt {mark.attempt}." if mark.attempt else ""
    note = f" {mark.note}" if mark.note else ""
    return Value(text=f"{case.both(mark.at)}: {_RESULTS[mark.result]}.{before}{note}")


def _slot(case: Case, slug: str) -> Fact | None:
    name = slug.replace("_", "-")
    places = [
        (step.slug, slot)
        for step in case.pack.runbook.steps
        for slot in step.slots
        if slot.slug == name or slot.slug.startswith(f"{name}-")
    ]
    if not places:
        return None
    kept = [slot.label for step, slot in places if case.state.slots.get(check_key(step, slot.slug))]
    if kept:
        values = tuple(Value(text=label, note="on this record, to attach") for label in kept)
        return Fact(slug=slug, label="", values=values)
    step, slot = next(((s, p) for s, p in places if p.slug == name), places[0])
    return Fact(slug=slug, label="", gap=f"Not handed in: {slot.label}.", step=step)


# --- what the engine knows ---


def _lacking(case: Case, gap: str) -> Fact:
    gap = gap if case.state.attempts else _NO_ATTEMPT
    return Fact(slug="", label="", gap=gap, step=import_step(case.pack))


def _known(*texts: str, exact: bool = False) -> Fact:
    values = tuple(Value(text=text) for text in dict.fromkeys(texts) if text)
    return Fact(slug="", label="", values=values, exact=exact)


def _none() -> Fact:
    return Fact(slug="", label="")


def _plan(pick: Callable[[Attempt], str], *, exact: bool = False) -> Callable[[Case], Fact]:
    """What the attempts were made with."""

    def find(case: Case) -> Fact:
        found = _known(*(pick(attempt) for attempt in case.state.attempts), exact=exact)
        return found if found.is_known else _lacking(case, "No attempt says so.")

    return find


def _read(
    pick: Callable[[Reading], Iterable[str | None]], gap: str = "", *, exact: bool = True
) -> Callable[[Case], Fact]:
    """What the texts told, each with its attempts. Without `gap` a text need not tell it."""

    def find(case: Case) -> Fact:
        told: dict[str, list[int]] = {}
        for attempt in case.state.attempts:
            for text in pick(attempt.reading) if attempt.reading else ():
                if text:
                    told.setdefault(text, []).append(attempt.number)
        if told:
            every = [attempt.number for attempt in case.state.attempts]
            values = (
                Value(text=text, note="" if numbers == every else _of_attempts(numbers))
                for text, numbers in told.items()
            )
            return Fact(slug="", label="", values=tuple(values), exact=exact)
        read = any(attempt.reading for attempt in case.state.attempts)
        return _none() if read and not gap else _lacking(case, gap or "No text was handed in.")

    return find


def _of_attempts(numbers: list[int]) -> str:
    plural = "s" if len(numbers) > 1 else ""
    return f"attempt{plural} {', '.join(str(number) for number in numbers)}"


def _component(reading: Reading) -> tuple[str]:
    part = reading.component
    return (", ".join(each for each in (part.type, part.name, part.id) if each),)


def _pattern(case: Case) -> Fact:
    """Whether the failures name the same thing each time: load and outages change it."""
    read = (a.reading.component for a in case.state.attempts if a.reading)
    named = [part.name or part.id for part in read if part.name or part.id]
    if len(named) < 2:
        return _none()
    if len(set(named)) == 1:
        return _known(f"The same component in each of {len(named)} texts.")
    return _known(f"{len(set(named))} different components in {len(named)} texts.")


def _count(case: Case) -> Fact:
    outcomes = [a.outcome.value if a.outcome else "open" for a in case.state.attempts]
    if not outcomes:
        return _lacking(case, _NO_ATTEMPT)
    counted = ", ".join(f"{outcomes.count(each)} {each}" for each in dict.fromkeys(outcomes))
    return _known(f"{len(outcomes)} ({counted})")


_HEADS = (
    *("No.", "Started UTC", "Ended UTC", "Started local", "Ended local"),
    *("Lasted", "Waited before", "Outcome", "How", "By"),
)


def _times(case: Case) -> Fact:
    if not case.state.attempts:
        return _lacking(case, _NO_ATTEMPT)
    rows, freed = [], None
    for each in case.state.attempts:
        waited = lasting(each.started_at - freed) if freed and each.started_at > freed else ""
        rows.append(_row(case, each, waited=waited))
        freed = each.ended_at
    return Fact(slug="", label="", table=Table(heads=_HEADS, rows=tuple(rows)))


def _row(case: Case, each: Attempt, *, waited: str) -> tuple[str, ...]:
    ended = each.ended_at
    return (
        str(each.number),
        utc(each.started_at),
        utc(ended) if ended else "",
        clock(each.started_at, case.zone),
        clock(ended, case.zone) if ended else "",
        lasting(ended - each.started_at) if ended else "",
        waited,
        each.outcome.value if each.outcome else "open",
        f"{each.method.value}, {each.option.value}",
        case.people.get(each.operator, "a member"),
    )


def _error_text(case: Case) -> Fact:
    """The newest text; without the texts at hand, whether one is kept."""
    kept = [attempt for attempt in case.state.attempts if attempt.error_digest]
    texts = {error.attempt: error.text for error in case.errors if error.text is not None}
    for attempt in reversed(kept):
        text = texts.get(attempt.number) if case.errors else "kept"
        if text:
            more = len(text) - LONGEST_TEXT
            rest = f"\n[{more} more characters are on the record]" if more > 0 else ""
            label = f"Error text of attempt {attempt.number}, secrets removed"
            return Fact(slug="", label=label, text=f"{text[:LONGEST_TEXT]}{rest}")
    if kept:
        return _lacking(case, "The error text was erased.")
    if any(attempt.no_text for attempt in case.state.attempts):
        return _known("No error text was shown.")
    return _lacking(case, "No error text was handed in.")


def _installed(case: Case) -> Fact:
    seen, tried = case.state.last_reading, len(case.state.attempts)
    step = import_step(case.pack)
    if seen is None:
        return Fact(slug="", label="", gap="Nobody read yet what is installed.", step=step)
    title = state_title(case.pack, seen.state, sighting=seen.sighting)
    told = [f"{title}, read {case.both(seen.at)}"]
    told += [f"Base solution: {seen.base_version}"] if seen.base_version else []
    told += [f"Holding solution: {seen.holding_version}"] if seen.holding_version else []
    stale = f"Nobody read what is installed since attempt {tried}."
    return replace(_known(*told), gap=stale if seen.after_attempt < tried else "", step=step)


def _deeds(case: Case) -> Fact:
    found = _entries(case, _DEEDS)
    return _known(*found) if found else _known("Nothing besides the attempts themselves.")


def _entries(case: Case, types: frozenset[str]) -> list[str]:
    return [
        f"{utc(line.happened_at)}: {line.headline}{f' ({line.detail})' if line.detail else ''}"
        for line in case.lines
        if line.event_type in types
    ]


def _notes(case: Case) -> Fact:
    return _known(*_entries(case, frozenset({"note.added"})))


def _works_in_test(case: Case) -> Fact:
    question = question_of(case.pack, "test_result")
    if question is None:
        return Fact(slug="", label="", gap="Whether it works in a test environment is not told.")
    return replace(_answered(case, question), label="")


def _family(case: Case) -> Fact:
    """What kind of failure it is, and who says so."""
    attempt = next((each for each in reversed(case.state.attempts) if each.family), None)
    if attempt is None:
        return _none()
    titles = {family.slug: family.title for family in case.pack.families}
    by = "settled by a person" if attempt.chosen else "read from the text"
    return _known(f"{titles.get(attempt.family, attempt.family)} ({by})")


def _standing(case: Case) -> Fact:
    found = next_step(standings(case.state, case.pack))
    told = f"{case.state.stage.value}, next step: {found.step.title}" if found else ""
    return _known(told or case.state.stage.value)


def _next_attempt(case: Case) -> Fact:
    retry = case.state.retry
    if retry is None:
        return _none()
    lifted = " (the wait was lifted)" if retry.overridden else ""
    return _known(f"Not before {case.both(retry.due)}{lifted}")


def _handed(case: Case) -> Fact:
    titles = {each.slug: each.title for each in case.pack.recipients}
    slug, ticket = case.state.escalated_to, case.state.ticket
    return _known(f"{titles.get(slug, slug)} {ticket}".strip())


def _since(case: Case) -> Fact:
    failed = [a.ended_at for a in case.state.attempts if a.ended_at]
    return _known(case.both(failed[0])) if failed else _none()


def _questions(case: Case) -> Fact:
    return _known(*(each.text for each in case.state.team.questions))


def _steps(case: Case) -> Fact:
    """What leads to the failure, as far as the attempts tell."""
    if not case.state.attempts:
        return _lacking(case, _NO_ATTEMPT)
    last = case.state.attempts[-1]
    file = f" {last.file_name}" if last.file_name else " the managed file"
    return _known(f"Import{file} by {last.method.value} with the option {last.option.value}.")


FINDERS: Mapping[str, Callable[[Case], Fact]] = {
    "attempt_count": _count,
    "attempt_times": _times,
    "method": _plan(lambda a: f"{a.method.value} {a.tool_version}".strip()),
    "import_option": _plan(lambda a: a.option.value),
    "failed_phase": _read(lambda r: (r.phase.value if r.phase else None,), exact=False),
    "error_code": _read(lambda r: r.codes, "No text that was handed in names an error code."),
    "status": _read(lambda r: (r.status,)),
    "error_text": _error_text,
    "failing_component": _read(_component, "No text that was handed in names a component."),
    "component_pattern": _pattern,
    "activity_id": _read(
        lambda r: (r.ids.activity,), "No text that was handed in names an activity id."
    ),
    "correlation_id": _read(lambda r: (r.ids.correlation,)),
    "client_request_id": _read(lambda r: (r.ids.client_request,)),
    "tracking_id": _read(lambda r: (r.ids.tracking,)),
    "async_operation_id": _read(lambda r: (r.ids.async_operation,)),
    "installed_state": _installed,
    "actions_taken": _deeds,
    "works_in_test": _works_in_test,
    "kind_of_failure": _family,
    "timeline": lambda case: _known(*_entries(case, _TOLD)),
    "notes": _notes,
    "stage": _standing,
    "first_failure": _since,
    "next_attempt": _next_attempt,
    "steps_to_reproduce": _steps,
    "handed_to": _handed,
    "open_questions": _questions,
    "record": lambda case: _known(case.address),
    "product_life": lambda case: _known(case.pack.lifecycle.summary),
}

"""What the engine itself knows of a run, as facts: attempts, what their texts told, what was done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from runbook.domain.diagnosis.family import Reading
from runbook.domain.packet_case import Case, Fact, Table, Value, answered
from runbook.domain.presenting import clock, lasting, question_of, state_title, utc
from runbook.domain.progress import next_step, standings
from runbook.domain.retries import import_step
from runbook.domain.state import Attempt

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
_NO_ATTEMPT = "No attempt is on this record yet."


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
    return replace(answered(case, question), label="")


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

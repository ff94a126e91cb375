"""The facts that somebody asks for who is to help: found on the record, or missing, and where.

A fact goes by its slug. What the engine knows it takes from the attempts, readings and entries; any
other slug is a question, a check or an evidence slot of the runbook. A question with the slug of
something the engine knows adds to it, so that a pack can ask for what no text told.
"""

from dataclasses import replace

from runbook.domain.pack import Pack, Recipient
from runbook.domain.packet_case import Case, Fact, Value, answered, first_step, label_of
from runbook.domain.packet_finders import FINDERS
from runbook.domain.presenting import fill, question_of
from runbook.domain.retries import import_step
from runbook.domain.state import CheckMark, RunState, check_key
from runbook.domain.steps import Check
from runbook.domain.vocabulary import CheckResult

_RESULTS = {
    CheckResult.PASSED: "found in order",
    CheckResult.FAILED: "not in order",
    CheckResult.NOT_TESTED: "not tested",
    CheckResult.BY_HAND: "verified by hand",
}


def fact_of(case: Case, slug: str) -> Fact:
    """The fact with this slug, known or missing."""
    found = _found(case, slug)
    question = question_of(case.pack, slug)
    if slug in FINDERS and question is not None:
        told = answered(case, question)
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


def _found(case: Case, slug: str) -> Fact:
    blank = Fact(slug=slug, label=label_of(slug))
    finder = FINDERS.get(slug)
    if finder is not None:
        found = finder(case)
        return replace(found, slug=slug, label=found.label or blank.label)
    question = question_of(case.pack, slug)
    if question is not None:
        return answered(case, question)
    slot = _slot(case, slug)
    check = _checked(case, slug)
    for each in (check, slot):
        if each is not None and each.is_known:
            return replace(each, slug=slug, label=blank.label)
    missing = check or slot
    gap = "Nothing on this run captures it; add it by hand."
    return replace(missing, slug=slug, label=blank.label) if missing else replace(blank, gap=gap)


def _checked(case: Case, slug: str) -> Fact | None:
    """Every answer on record to the checks of this slug, the list before a retry among them."""
    name = slug.replace("_", "-")
    before = [each for each in case.pack.readiness.before_retry if each.slug == name]
    step = first_step(case.pack, lambda s: any(each.slug == name for each in s.checks))
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
        if slot.slug in {name, f"{name}-before", f"{name}-after"}
    ]
    if not places:
        return None
    kept = [slot.label for step, slot in places if case.state.slots.get(check_key(step, slot.slug))]
    if kept:
        values = tuple(Value(text=label, note="on this record, to attach") for label in kept)
        return Fact(slug=slug, label="", values=values)
    step, slot = next(((s, p) for s, p in places if p.slug == name), places[0])
    return Fact(slug=slug, label="", gap=f"Not handed in: {slot.label}.", step=step)

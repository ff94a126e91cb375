"""Finds what is missing in a pack that loads but is not fit to be followed; pure, no product named.

What makes a pack unusable (broken references, patterns, tables) is refused at load by
`runbook.domain.integrity`; here stand the rules of good content, one function per rule.
"""

from collections.abc import Iterator

from runbook.domain.conditions import Condition, questions_in, steps_in
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.integrity import Finding, citations_in, places
from runbook.domain.pack import Pack
from runbook.domain.steps import Step
from runbook.domain.vocabulary import StepKind

SAMPLE_SHOWN = 60


def lint(pack: Pack) -> tuple[Finding, ...]:
    """All findings of all rules, in the order of the pack; nothing if the pack is fit."""
    return (
        *_step_findings(pack),
        *_unreachable(pack),
        *_undated(pack),
        *_family_findings(pack),
        *_sample_findings(pack),
    )


def _step_findings(pack: Pack) -> Iterator[Finding]:
    for step in pack.runbook.steps:
        if not step.retired:
            for problem in _missing(step):
                yield Finding(file="runbook.yaml", place=f"step {step.slug}", problem=problem)


def _missing(step: Step) -> Iterator[str]:
    if not step.done_when.strip():
        yield "does not say when it is done (done_when)"
    if step.destructive and not step.undo.strip():
        yield "removes something but does not say how to undo it (undo)"
    if step.kind is StepKind.WAIT and not (step.wait and step.wait.reason.strip()):
        yield "waits without a reason (wait.reason)"
    if step.duration is None:
        yield "has no usual duration (duration)"
    elif not step.duration.source.strip():
        yield "has a duration without a source (duration.source)"


def _unreachable(pack: Pack) -> Iterator[Finding]:
    asked: set[str] = set()
    earlier: set[str] = set()
    for step in pack.runbook.steps:
        for place, condition in _conditions(step):
            for problem in _too_early(condition, asked=asked, earlier=earlier):
                yield Finding(file="runbook.yaml", place=place, problem=problem)
        asked.update(question.slug for question in step.questions)
        earlier.add(step.slug)


def _conditions(step: Step) -> Iterator[tuple[str, Condition]]:
    if step.condition is not None:
        yield f"step {step.slug}, condition", step.condition
    for gate in step.gate:
        yield f"step {step.slug}, gate", gate.needs


def _too_early(condition: Condition, *, asked: set[str], earlier: set[str]) -> Iterator[str]:
    for question in sorted(questions_in(condition) - asked):
        yield f"depends on the question {question!r}, which no earlier step asks"
    for step in sorted(steps_in(condition) - earlier):
        yield f"depends on the step {step!r}, which does not come earlier"


def _undated(pack: Pack) -> Iterator[Finding]:
    dates = {source.slug: source.date for source in pack.sources}
    for file, place, value in places(pack):
        for slug in dict.fromkeys(citation.source for citation in citations_in(value)):
            if not dates[slug].strip():
                problem = f"cites the source {slug!r}, which has no date"
                yield Finding(file=file, place=place, problem=problem)


def _family_findings(pack: Pack) -> Iterator[Finding]:
    for family in pack.families:
        for problem in _incomplete(family, pack):
            yield Finding(file=_file(family), place="family", problem=problem)


def _incomplete(family: ErrorFamily, pack: Pack) -> Iterator[str]:
    if not family.citations:
        yield "names no source (citations)"
    if not family.remedies and family.slug != pack.not_an_error_family:
        yield "has no remedy"
    if not family.signatures:
        yield "has no signature"
    if not family.samples:
        yield "has no sample that must match"
    if not family.near_misses:
        yield "has no near miss that must not match"


def _sample_findings(pack: Pack) -> Iterator[Finding]:
    for family in pack.families:
        for number, sample in enumerate(family.samples, start=1):
            best = best_family(sample, pack)
            if best != family.slug:
                problem = f"is taken for {best}: {_shown(sample)}"
                yield Finding(file=_file(family), place=f"sample {number}", problem=problem)
        for number, near_miss in enumerate(family.near_misses, start=1):
            if best_family(near_miss, pack) == family.slug:
                problem = f"is taken for this family: {_shown(near_miss)}"
                yield Finding(file=_file(family), place=f"near miss {number}", problem=problem)


def best_family(text: str, pack: Pack) -> str:
    """The slug of the family that a text is taken for."""
    return diagnose(text, pack).diagnoses[0].family


def _file(family: ErrorFamily) -> str:
    return f"families/{family.slug}.yaml"


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SAMPLE_SHOWN else f"{line[:SAMPLE_SHOWN]} ..."

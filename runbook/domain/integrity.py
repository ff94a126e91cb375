"""What must hold between the parts of a pack before anybody may follow it; pure, no product named.

Each fault names the file of the pack folder, the place inside and the problem. The schema itself is
checked by `runbook.library`; here stand the rules that a schema cannot express.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import product

from runbook.domain.conditions import Condition, questions_in, steps_in
from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.family import ErrorFamily, Signature
from runbook.domain.pack import Pack
from runbook.domain.patterns import Pattern, PatternRefused
from runbook.domain.readiness import Base, Readiness, Sighting, YesNo, row_for
from runbook.domain.sources import Citation
from runbook.domain.steps import Runbook, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of a pack: in which file, where in it, and what, as the end of one sentence."""

    file: str
    place: str
    problem: str

    @property
    def sentence(self) -> str:
        """File, place and problem in one sentence."""
        return f"{self.file}, {self.place}: {self.problem}"


def faults(pack: Pack) -> Iterator[Finding]:
    """Every broken reference, pattern and table of a pack; nothing if the pack is sound."""
    yield from _unknown_sources(pack)
    yield from _doubles(pack)
    yield from _named_families(pack)
    for family in pack.families:
        yield from _family(family, pack)
    for step in pack.runbook.steps:
        yield from _step(step, pack.runbook)
    yield from _readiness_holes(pack.readiness)
    yield from _codes(pack)


def citations_in(value: object) -> Iterator[Citation]:
    """All citations below a value of a pack, in order."""
    if isinstance(value, Citation):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from citations_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from citations_in(item)


def places(pack: Pack) -> Iterator[tuple[str, str, object]]:
    """The parts of a pack as (file, place, value), small enough to point a reader at."""
    for family in pack.families:
        yield f"families/{family.slug}.yaml", "family", family
    for step in pack.runbook.steps:
        yield "runbook.yaml", f"step {step.slug}", step
    for row in pack.readiness.rows:
        yield "readiness.yaml", f"row {row.title}", row
    yield "readiness.yaml", "before_retry", pack.readiness.before_retry
    yield "paths.yaml", "paths", pack.paths
    yield "releases.yaml", "releases", pack.releases
    yield "pack.yaml", "pack", (pack.lifecycle, pack.recipients, pack.escalation_rules)


def _unknown_sources(pack: Pack) -> Iterator[Finding]:
    known = {source.slug for source in pack.sources}
    for file, place, value in places(pack):
        for citation in citations_in(value):
            if citation.source not in known:
                problem = f"cites the source {citation.source!r}, which sources.yaml does not list"
                yield Finding(file=file, place=place, problem=problem)


def _doubles(pack: Pack) -> Iterator[Finding]:
    steps = pack.runbook.steps
    yield from _twice("runbook.yaml", "step", (step.slug for step in steps))
    questions = (question.slug for step in steps for question in step.questions)
    yield from _twice("runbook.yaml", "question", questions)
    yield from _twice("runbook.yaml", "phase", (phase.slug for phase in pack.runbook.phases))
    yield from _twice("sources.yaml", "source", (source.slug for source in pack.sources))
    yield from _twice("codes.tsv", "code", (code.hex for code in pack.codes))


def _twice(file: str, kind: str, slugs: Iterable[str]) -> Iterator[Finding]:
    for slug, count in Counter(slugs).items():
        if count > 1:
            yield Finding(file=file, place=f"{kind} {slug}", problem=f"stands there {count} times")


def _named_families(pack: Pack) -> Iterator[Finding]:
    known = {family.slug for family in pack.families}
    for field in ("fallback_family", "unknown_outcome_family", "not_an_error_family"):
        slug = getattr(pack, field)
        if slug not in known:
            problem = f"names the family {slug!r}, which has no file in families/"
            yield Finding(file="pack.yaml", place=field, problem=problem)


def _family(family: ErrorFamily, pack: Pack) -> Iterator[Finding]:
    file = f"families/{family.slug}.yaml"
    for number, signature in enumerate(family.signatures, start=1):
        problem = _signature_problem(signature)
        if problem:
            yield Finding(file=file, place=f"signature {number}", problem=problem)
    for code in family.codes:
        if normal_code(code) != code:
            problem = f"{code!r} is not the normal form of a code (8 upper-case hex digits)"
            yield Finding(file=file, place="codes", problem=problem)
    for branch in family.branches:
        if branch.step not in {step.slug for step in pack.runbook.steps}:
            problem = f"leads to the step {branch.step!r}, which the runbook does not have"
            yield Finding(file=file, place=f"branch {branch.slug}", problem=problem)


def _signature_problem(signature: Signature) -> str:
    if bool(signature.fragment.strip()) == bool(signature.pattern.strip()):
        return "must have either a fragment or a pattern"
    if signature.pattern:
        try:
            compiled = Pattern(signature.pattern)
        except PatternRefused as refusal:
            return f"the pattern cannot be compiled by RE2: {refusal}"
        if compiled.search("") is not None:
            return "the pattern matches an empty text"
    return ""


def _step(step: Step, runbook: Runbook) -> Iterator[Finding]:
    place = f"step {step.slug}"
    if step.condition is not None:
        yield from _condition(step.condition, place=f"{place}, condition", runbook=runbook)
    for gate in step.gate:
        yield from _condition(gate.needs, place=f"{place}, gate", runbook=runbook)
        if gate.step and gate.step not in {other.slug for other in runbook.steps}:
            problem = f"points to the step {gate.step!r}, which the runbook does not have"
            yield Finding(file="runbook.yaml", place=f"{place}, gate", problem=problem)


def _condition(condition: Condition, *, place: str, runbook: Runbook) -> Iterator[Finding]:
    questions = {question.slug for step in runbook.steps for question in step.questions}
    for slug in sorted(questions_in(condition) - questions):
        problem = f"depends on the question {slug!r}, which no step asks"
        yield Finding(file="runbook.yaml", place=place, problem=problem)
    for slug in sorted(steps_in(condition) - {step.slug for step in runbook.steps}):
        problem = f"depends on the step {slug!r}, which the runbook does not have"
        yield Finding(file="runbook.yaml", place=place, problem=problem)


def _readiness_holes(readiness: Readiness) -> Iterator[Finding]:
    for base, holding, running, mixed, exists in product(Base, YesNo, YesNo, YesNo, (True, False)):
        sighting = Sighting(
            base=base, holding=holding, running=running, mixed=mixed, already_exists=exists
        )
        try:
            row_for(readiness, sighting)
        except LookupError:
            problem = f"no row fits {sighting}; the last row must match everything"
            yield Finding(file="readiness.yaml", place="rows", problem=problem)
            return


def _codes(pack: Pack) -> Iterator[Finding]:
    for code in pack.codes:
        if normal_code(code.hex) != code.hex:
            problem = "the hex value is not 8 upper-case digits that begin with 8"
            yield Finding(file="codes.tsv", place=f"code {code.hex}", problem=problem)
        elif int(code.hex, 16) - 2**32 != code.decimal:
            problem = f"the decimal {code.decimal} is not the same number"
            yield Finding(file="codes.tsv", place=f"code {code.hex}", problem=problem)

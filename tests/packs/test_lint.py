"""Each rule of good content finds the fault that was planted for it, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbook.domain.conditions import AnswerIs, StepResolved
from runbook.domain.diagnosis.family import Signature
from runbook.domain.lint import lint
from runbook.domain.pack import Pack
from runbook.domain.sources import Source, SourceKind
from runbook.domain.steps import Gate, Runbook
from runbook.library import load_packs

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_packs(HERE)["fixture_pack"]


def with_step(pack: Pack, slug: str, **changes: Any) -> Pack:
    phases = tuple(
        replace(
            phase,
            steps=tuple(
                replace(step, **changes) if step.slug == slug else step for step in phase.steps
            ),
        )
        for phase in pack.runbook.phases
    )
    runbook = Runbook(version=1, title=pack.runbook.title, phases=phases)
    return replace(pack, runbook=runbook, digest="")


def with_family(pack: Pack, slug: str, **changes: Any) -> Pack:
    families = tuple(
        replace(family, **changes) if family.slug == slug else family for family in pack.families
    )
    return replace(pack, families=families, digest="")


def sentences(pack: Pack) -> list[str]:
    return [finding.sentence for finding in lint(pack)]


Plant = Callable[[Pack], Pack]
FAULTS: dict[str, tuple[Plant, str]] = {
    "a step without an end": (
        lambda pack: with_step(pack, "look", done_when=" "),
        "runbook.yaml, step look: does not say when it is done (done_when)",
    ),
    "a removal without a way back": (
        lambda pack: with_step(pack, "flash", undo=""),
        "runbook.yaml, step flash: removes something but does not say how to undo it (undo)",
    ),
    "a wait without a reason": (
        lambda pack: with_step(pack, "cool-down", wait=None),
        "runbook.yaml, step cool-down: waits without a reason (wait.reason)",
    ),
    "a step without a usual time": (
        lambda pack: with_step(pack, "look", duration=None),
        "runbook.yaml, step look: has no usual duration (duration)",
    ),
    "a condition on a question asked later": (
        lambda pack: with_step(pack, "look", condition=AnswerIs(answer="boiling", equals="yes")),
        "runbook.yaml, step look, condition: depends on the question 'boiling', "
        "which no earlier step asks",
    ),
    "a gate on a later step": (
        lambda pack: with_step(
            pack, "look", gate=(Gate(needs=StepResolved(resolved="flash"), refusal="No."),)
        ),
        "runbook.yaml, step look, gate: depends on the step 'flash', which does not come earlier",
    ),
    "a family without a source": (
        lambda pack: with_family(pack, "busy", citations=()),
        "families/busy.yaml, family: names no source (citations)",
    ),
    "a family without a remedy": (
        lambda pack: with_family(pack, "busy", remedies=()),
        "families/busy.yaml, family: has no remedy",
    ),
    "a family without signatures": (
        lambda pack: with_family(pack, "unknown", signatures=()),
        "families/unknown.yaml, family: has no signature",
    ),
    "a family without samples": (
        lambda pack: with_family(pack, "busy", samples=()),
        "families/busy.yaml, family: has no sample that must match",
    ),
    "a family without near misses": (
        lambda pack: with_family(pack, "busy", near_misses=()),
        "families/busy.yaml, family: has no near miss that must not match",
    ),
    "a sample of another family": (
        lambda pack: with_family(pack, "busy", samples=("valve blocked by chalk",)),
        "families/busy.yaml, sample 1: is taken for bad-water: valve blocked by chalk",
    ),
    "a near miss that is none": (
        lambda pack: with_family(pack, "bad-water", near_misses=("valve blocked by chalk",)),
        "families/bad-water.yaml, near miss 1: is taken for this family: valve blocked by chalk",
    ),
}


def test_the_fixture_pack_has_no_findings(pack: Pack) -> None:
    assert sentences(pack) == []


@pytest.mark.parametrize(("plant", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(plant: Plant, sentence: str, pack: Pack) -> None:
    assert sentence in sentences(plant(pack))


def test_a_source_without_a_date_is_found_wherever_it_is_cited(pack: Pack) -> None:
    undated = Source(slug="handbook", title="Handbook", kind=SourceKind.OFFICIAL, date="")

    found = sentences(replace(pack, sources=(undated,), digest=""))

    assert "families/busy.yaml, family: cites the source 'handbook', which has no date" in found


def test_a_retired_step_may_lack_what_an_active_one_needs(pack: Pack) -> None:
    assert sentences(with_step(pack, "look", duration=None, retired=True)) == []


def test_a_signature_that_fits_too_much_shows_in_the_samples_of_others(pack: Pack) -> None:
    greedy = (Signature(fragment="firmware"),)

    found = sentences(with_family(pack, "bad-water", signatures=greedy))

    assert any("families/busy.yaml, sample 1: is taken for bad-water" in each for each in found)

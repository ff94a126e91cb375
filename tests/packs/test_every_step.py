"""Every step of every runbook can be reached, done, and undone where it removes something."""

import pytest

from runbook.domain.pack import Pack
from runbook.domain.steps import Step
from runbook.domain.vocabulary import StepKind
from runbook.library import packs

STEPS = [
    pytest.param(pack, step, id=f"{pack.slug}:{step.slug}")
    for pack in packs().values()
    for step in pack.runbook.steps
]
EACH = pytest.mark.parametrize(("pack", "step"), STEPS)


@EACH
def test_the_step_says_what_to_do_and_when_it_is_done(pack: Pack, step: Step) -> None:
    assert step.guide.strip()
    assert step.done_when.strip()


@EACH
def test_the_usual_time_of_the_step_has_a_source(pack: Pack, step: Step) -> None:
    assert step.retired or (step.duration is not None and step.duration.source.strip())
    assert step.duration is None or 0 <= step.duration.p50 <= step.duration.p90


@EACH
def test_a_step_that_removes_something_says_how_to_undo_it(pack: Pack, step: Step) -> None:
    assert not step.destructive or step.undo.strip()


@EACH
def test_a_step_that_waits_says_why(pack: Pack, step: Step) -> None:
    assert step.kind is not StepKind.WAIT or (step.wait is not None and step.wait.reason.strip())


@EACH
def test_the_words_of_a_choice_differ(pack: Pack, step: Step) -> None:
    for question in step.questions:
        slugs = [choice.slug for choice in question.choices]
        assert len(slugs) == len(set(slugs))

"""The example: one finished run and one in the middle of a wait, played through the real services.

The words come from the pack's `example`; nothing is written past the engine, so both runs verify.
Their actor kind is `import`, so that no reader takes them for something a person did.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook import library
from runbook.domain.decisions.attempts import Plan
from runbook.domain.decisions.readings import Look
from runbook.domain.decisions.steps import CheckAnswer
from runbook.domain.pack import Example, Pack
from runbook.domain.progress import next_step
from runbook.domain.progress import standings as all_standings
from runbook.domain.readiness import YesNo
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.domain.steps import Question, QuestionKind, Step
from runbook.domain.vocabulary import CheckResult, ImportOption, Method, Outcome, StepKind
from runbook.models import Run
from runbook.services import attempts, runs, steps
from runbook.services.runs import Beginning
from runbook.services.steps import Handed
from runbook.services.timeline import Act

_NO_EXAMPLE = "No pack brings an example."
_STARTING_FACTS = ("environment_name", "solution", "source_version", "target_version")


@dataclass(kw_only=True)
class Story:
    """One run being played: who plays it, and the time it is in the story."""

    pack: Pack
    example: Example
    actor: str
    clock: datetime
    run_id: uuid.UUID

    def act(self, minutes: int = 2) -> Act:
        self.clock += timedelta(minutes=minutes)
        return Act(actor=self.actor, now=self.clock, actor_kind="import")

    @property
    def state(self) -> RunState:
        return load_state(Run.objects.get(pk=self.run_id).state)

    @property
    def step(self) -> Step | None:
        found = next_step(all_standings(self.state, self.pack))
        return found.step if found else None


def make(act: Act) -> list[uuid.UUID]:
    """Makes both runs for the acting person and returns their ids, the finished one first.

    LookupError if no pack brings an example.
    """
    finished = _begin(act, began=act.now - timedelta(days=3, hours=2), title="Example: {}")
    _to_import(finished)
    _fail(finished)
    _retry(finished)
    _to_the_end(finished)
    waiting = _begin(act, began=act.now - timedelta(hours=4), title="Example, waiting: {}")
    _to_import(waiting)
    waiting.clock = act.now - timedelta(minutes=22)
    _fail(waiting)
    return [finished.run_id, waiting.run_id]


def _begin(act: Act, *, began: datetime, title: str) -> Story:
    pack = next((pack for pack in library.packs().values() if pack.example), None)
    if pack is None or pack.example is None:
        raise LookupError(_NO_EXAMPLE)
    answers = {name: pack.example.answers[name] for name in _STARTING_FACTS}
    run = runs.start_run(
        beginning=Beginning(
            pack=pack.slug,
            title=title.format(pack.example.title),
            time_zone=pack.example.time_zone,
            answers=answers,
        ),
        act=Act(actor=act.actor, now=began, actor_kind="import"),
    )
    return Story(pack=pack, example=pack.example, actor=act.actor, clock=began, run_id=run.pk)


def _to_import(story: Story) -> None:
    while (step := story.step) and step.kind is not StepKind.IMPORT:
        _settle(story, step)


def _to_the_end(story: Story) -> None:
    while (step := story.step) and step.kind is not StepKind.CLOSE:
        _settle(story, step)
    if step:
        _work(story, step)
    runs.close(run_id=story.run_id, act=story.act(), partial=False, reason="")


def _settle(story: Story, step: Step) -> None:
    """Brings one step to its end the way a person would."""
    note = story.example.notes.get(step.slug)
    if note:
        runs.add_note(run_id=story.run_id, act=story.act(), text=note, step=step.slug)
    if step.kind is StepKind.STATE:
        _look(story, step.slug, version=story.example.answers["source_version"])
    if step.kind is StepKind.WAIT:
        steps.start_wait(run_id=story.run_id, act=story.act(), step=step.slug)
        story.clock = story.state.waits[step.slug].due
        steps.end_wait(run_id=story.run_id, act=story.act(), step=step.slug)
    elif step == story.step:
        _work(story, step)
    if step == story.step:
        raise RuntimeError(f"The example cannot finish the step {step.slug}.")


def _work(story: Story, step: Step) -> None:
    handed = Handed(
        answers={q.slug: _answer(story, q) for q in step.questions},
        checks=[CheckAnswer(check=c.slug, result=CheckResult.PASSED) for c in step.checks],
        evidence={s.slug: f"Kept with the change record: {s.label}" for s in step.slots},
        complete=True,
    )
    steps.work_on_step(run_id=story.run_id, act=story.act(9), step=step.slug, handed=handed)


def _answer(story: Story, question: Question) -> str:
    known: Mapping[str, str] = story.example.answers
    if question.slug in known:
        return known[question.slug]
    if question.kind is QuestionKind.CHOICE:
        return question.choices[0].slug
    if question.kind is QuestionKind.YES_NO:
        return "yes"
    if question.kind is QuestionKind.DATE_TIME:
        return story.clock.strftime("%Y-%m-%dT%H:%M")
    return "See the change record." if question.required else ""


def _look(story: Story, step: str, *, version: str) -> None:
    look = Look(base_version=version, holding_listed=YesNo.NO, running=YesNo.NO)
    attempts.read_state(run_id=story.run_id, act=story.act(), step=step, look=look)


def _fail(story: Story) -> None:
    """The first attempt meets the failure of the example; the state is read; the wait begins."""
    step = _start(story)
    attempts.record_attempt(
        run_id=story.run_id,
        act=story.act(16),
        outcome=Outcome.FAILED,
        error_text=story.example.error_text,
    )
    _look(story, step, version=story.example.answers["source_version"])


def _retry(story: Story) -> None:
    step = story.step
    wait = story.state.retry
    if step is None or wait is None:
        raise RuntimeError("The example has no retry planned.")
    checks = [
        CheckAnswer(check=check.slug, result=CheckResult.PASSED)
        for check in story.pack.readiness.before_retry
    ]
    steps.record_checks(run_id=story.run_id, act=story.act(), step=step.slug, answers=checks)
    story.clock = max(story.clock, wait.due)
    _start(story)
    attempts.record_attempt(run_id=story.run_id, act=story.act(58), outcome=Outcome.SUCCEEDED)
    _look(story, step.slug, version=story.example.answers["target_version"])


def _start(story: Story) -> str:
    step = story.step
    if step is None:
        raise RuntimeError("The example has no import step.")
    known = story.example.answers
    plan = Plan(
        method=Method.MAKER_PORTAL,
        option=ImportOption.UPGRADE,
        file_name=known.get("package_file", ""),
        file_version=known["target_version"],
        file_sha256=known.get("package_sha256", ""),
    )
    attempts.start_attempt(run_id=story.run_id, act=story.act(), plan=plan)
    return step.slug

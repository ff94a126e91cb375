"""The story of a run: what matters stands in the open, the rest is folded, nothing is lost."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from runbook.domain import events as ev
from runbook.domain.decisions.times import is_late
from runbook.domain.presenting import present
from runbook.domain.report import ReportLine
from runbook.domain.story import Passage, signs_of, told
from runbook.domain.summary import DEVIATING, deviations
from runbook.domain.vocabulary import CheckResult, ImportOption, Method, RunStage
from tests.domain.history import LEAD, OPERATOR, WAYS, History, at, started
from tests.domain.wishes import small_pack
from tests.exports.records import failed_run, handout


class Stored:
    """An event as the timeline hands it out."""

    def __init__(self, entry: ev.Recorded, *, erased: bool = False) -> None:
        self.seq, self.type = entry.seq, entry.event.type
        self.event: ev.Event | None = None if erased else entry.event
        self.happened_at, self.recorded_at = entry.happened_at, entry.recorded_at


def lines_of(run: History) -> list[ReportLine]:
    return [
        ReportLine(
            seq=entry.seq,
            event_type=entry.event.type,
            headline=present(entry.event, pack=small_pack(), state=run.state).headline,
            detail="",
            actor=entry.actor,
            happened_at=entry.happened_at,
            recorded_at=entry.recorded_at,
            late=is_late(entry.happened_at, entry.recorded_at),
            digest="",
        )
        for entry in run.entries
    ]


def story_of(run: History, *, open_at: tuple[int, ...] = ()) -> tuple[Passage, ...]:
    signs = signs_of(Stored(entry) for entry in run.entries)
    return told(lines_of(run), signs, open_at=open_at)


def why(run: History) -> dict[int, tuple[str, ...]]:
    return dict(signs_of(Stored(entry) for entry in run.entries).why)


@pytest.mark.parametrize("stage", WAYS)
def test_every_entry_stands_in_the_story_once_and_in_order(stage: RunStage) -> None:
    run = at(stage)

    passages = story_of(run)

    seqs = [shown.line.seq for passage in passages for shown in passage.entries]
    assert seqs == [entry.seq for entry in run.entries]
    assert all(len(passage.entries) == 1 for passage in passages if not passage.folded)
    assert all(a.folded <= (not b.folded) for a, b in pairwise(passages))


def test_a_run_without_deviations_is_one_fold() -> None:
    run = started()

    assert [passage.folded for passage in story_of(run)] == [True]


ODD: list[tuple[ev.Event, str]] = [
    (ev.StepSkipped(step="tidy", reason="No time."), "skipped"),
    (ev.StepReopened(step="facts", reason="Wrong."), "opened again"),
    (ev.RetryOverridden(number=2, reason="Now."), "overridden"),
    (ev.AttemptUnknown(number=1, reason="Dark."), "unknown"),
    (ev.AttemptFailed(number=1), "failed"),
    (ev.AttemptCancelled(number=1, reason="Stop."), "cancelled"),
    (
        ev.AttemptStarted(number=2, method=Method.CLI, option=ImportOption.UPGRADE),
        "retried",
    ),
    (ev.NoteAdded(text="No, five.", corrects=1), "correction"),
    (ev.ClaimTakenOver(step="tidy", holder=LEAD, reason="Gone.", stale_minutes=9), "taken over"),
    (ev.CheckRecorded(step="ready", check="mood", result=CheckResult.FAILED), "check failed"),
    (ev.CheckRecorded(step="ready", check="mood", result=CheckResult.NOT_TESTED), "not tested"),
    (ev.CheckRecorded(step="ready", check="mood", result=CheckResult.BY_HAND), "verified by hand"),
    (ev.RunClosed(partial=True, reason="Enough."), "closed as partial"),
]
PLAIN: list[ev.Event] = [
    ev.AttemptStarted(number=1, method=Method.CLI, option=ImportOption.UPGRADE),
    ev.NoteAdded(text="All well."),
    ev.CheckRecorded(step="ready", check="mood", result=CheckResult.PASSED),
    ev.RunClosed(partial=False),
    ev.ClaimTaken(step="tidy", stale_minutes=9),
    ev.StepCompleted(step="facts"),
]


@pytest.mark.parametrize(("event", "word"), ODD)
def test_each_deviation_is_named(event: ev.Event, word: str) -> None:
    run = started()
    run.entries.append(replace(run.entries[-1], seq=len(run.entries) + 1, event=event))

    assert why(run)[run.entries[-1].seq] == (word,)


@pytest.mark.parametrize("event", PLAIN)
def test_the_ordinary_is_not_named(event: ev.Event) -> None:
    run = started()
    run.entries.append(replace(run.entries[-1], seq=len(run.entries) + 1, event=event))

    assert why(run) == {}


def test_each_kind_of_event_that_reports_call_a_deviation_is_in_the_open() -> None:
    named = {event.type for event, _ in ODD}
    of_whole_runs = {"run.adopted", "run.abandoned", "removal.recorded"}

    assert named | of_whole_runs >= DEVIATING


def test_a_late_entry_says_so_but_not_what_the_product_wrote_beside_it() -> None:
    run = started()
    last = run.entries[-1]
    for event in (ev.AttemptFailed(number=1), ev.ErrorCaptured(number=1, digest="d", size=1)):
        late = last.recorded_at - timedelta(hours=1)
        run.entries.append(replace(last, seq=len(run.entries) + 1, event=event, happened_at=late))

    assert list(why(run).values()) == [("failed", "late entry")]


def test_what_was_erased_and_what_was_corrected_is_in_the_open() -> None:
    run = started()
    run.add(
        [ev.NoteAdded(text="Four."), ev.NoteAdded(text="Five.", corrects=5)],
        actor=LEAD,
        happened_at=run.now,
    )
    entries = [Stored(entry, erased=entry.seq == 2) for entry in run.entries]

    passages = told(lines_of(run), signs_of(entries))

    found = {p.first.seq: p.entries[0] for p in passages if not p.folded}
    assert found[2].why == ("erased",)
    assert (found[5].corrected_by, found[6].why) == (6, ("correction",))


def test_questions_and_answers_stand_beside_their_entry() -> None:
    run = started()
    run.add([ev.QuestionAsked(number=1, about=2, text="Who?")], actor=OPERATOR, happened_at=run.now)
    run.add([ev.QuestionAsked(number=2, about=2, text="Why?")], actor=OPERATOR, happened_at=run.now)
    run.add([ev.QuestionAnswered(number=1, text="Ben.")], actor=LEAD, happened_at=run.now)

    beside = next(p.entries[0] for p in story_of(run) if p.first.seq == 2)

    assert [(q.number, q.asked.seq, q.answer and q.answer.seq) for q in beside.questions] == [
        (1, 5, 7),
        (2, 6, None),
    ]


def test_an_entry_can_be_taken_out_of_its_fold() -> None:
    run = started()

    shape = [(p.folded, p.first.seq, p.last.seq) for p in story_of(run, open_at=(2,))]

    assert shape == [(True, 1, 1), (False, 2, 2), (True, 3, 4)]


def test_reports_name_corrections_and_take_overs_as_deviations() -> None:
    before = [*failed_run()]
    after = [
        *before,
        (31, ev.NoteAdded(text="Ten, not nine.", corrects=5), LEAD),
        (
            32,
            ev.ClaimTakenOver(step="look", holder=OPERATOR, reason="Away.", stale_minutes=9),
            LEAD,
        ),
        (33, ev.NoteAdded(text="Correction of entry five follows."), LEAD),
    ]

    old, new = (deviations(handout(told).report) for told in (before, after))

    assert [each.what for each in new if each not in old] == [
        "Correction of entry 5",
        "Taken over from Ben: Look around",
    ]

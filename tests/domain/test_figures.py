"""Figures over runs: exact counts and lengths of time, never more than the record says."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from runbook.domain.diagnosis.family import Diagnosis, Reading
from runbook.domain.figures import PackFigures, Spread, count_words, figures_of, time_words
from runbook.domain.run_figures import (
    ADOPTED,
    CLOSED_OPEN,
    GIVEN_UP,
    NO_ATTEMPT,
    NO_SPAN,
    NO_WAIT_ASKED,
    NOT_DONE,
    RunRecord,
    Span,
    Told,
)
from runbook.domain.state import Attempt, RunState, StepMark
from runbook.domain.vocabulary import (
    Confidence,
    Disposition,
    ImportOption,
    Method,
    Outcome,
    RunStage,
    StepState,
)
from tests.domain.history import LEAD, NOON
from tests.domain.wishes import small_pack

STEPS = tuple(step.slug for step in small_pack().runbook.steps)
PREPARE = ("facts", "wiring", "wires", "ready", "tidy", "cool-down", "look-before")
IMPORTED = (*PREPARE, "import")
HOUR = 3600


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def marks(*steps: str, state: StepState = StepState.DONE) -> Mapping[str, StepMark]:
    return {step: StepMark(state=state, at=NOON, actor=LEAD) for step in steps}


def attempt(
    number: int, began: float, ended: float | None, outcome: Outcome | None = None
) -> Attempt:
    return Attempt(
        number=number,
        method=Method.MAKER_PORTAL,
        option=ImportOption.UPGRADE,
        operator=LEAD,
        started_at=at(began),
        ended_at=None if ended is None else at(ended),
        outcome=outcome,
    )


def failed(number: int, began: float, ended: float, **more: Any) -> Attempt:
    """An attempt that met the closed bridge, as the engine proposes, unless said otherwise."""
    plain = attempt(number, began, ended, Outcome.FAILED)
    given = {"family": "gateway", "reading": reading("gateway"), **more}
    return Attempt(**{name: getattr(plain, name) for name in plain.__slots__} | given)  # type: ignore[attr-defined]


def reading(family: str, *, by: str = "text") -> Reading:
    found = Diagnosis(
        family=family,
        revision=1,
        confidence=Confidence.LIKELY,
        disposition=Disposition.WAIT_AND_RETRY,
        quote="",
        reason="It says so.",
        matched_by=by,
    )
    return Reading(is_import_error=True, diagnoses=(found,))


def run(
    name: str,
    *tried: Attempt,
    stage: RunStage = RunStage.CLOSED,
    settled: Mapping[str, StepMark] | None = None,
    spans: Mapping[str, tuple[float, float]] | None = None,
    due: Mapping[int, float] | None = None,
    **state: Any,
) -> RunRecord:
    return RunRecord(
        run=name,
        pack=small_pack(),
        state=RunState(
            pack="small",
            title=f"Run {name}",
            stage=stage,
            steps=STEPS,
            marks=marks(*STEPS) if settled is None else settled,
            attempts=tried,
            **state,
        ),
        spans={step: Span(first=at(a), last=at(b)) for step, (a, b) in (spans or {}).items()},
        due={number: at(minutes) for number, minutes in (due or {}).items()},
    )


def figures(*records: RunRecord) -> PackFigures:
    (found,) = figures_of(records)
    return found


def phase(found: PackFigures, slug: str) -> tuple[tuple[int, ...], tuple[tuple[str, int], ...]]:
    """The counted seconds of a phase, and why others are not counted."""
    measure = next(each for each in found.phases if each.slug == slug)
    return measure.spread.values, measure.left_out


SUCCESS = attempt(1, 60, 90, Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((), "Nothing yet"),
        ((HOUR,), "1 h"),
        ((HOUR, 3 * HOUR), "Median 2 h, from 1 h to 3 h"),
        ((60, 5 * 60, 90 * 60), "Median 5 min, from 1 min to 1 h 30 min"),
        ((600, 600, 600), "10 min each time"),
    ],
)
def test_lengths_of_time_are_told_by_median_and_range(values: tuple[int, ...], said: str) -> None:
    assert time_words(Spread(values=values)) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((), "Nothing yet"),
        ((2,), "2"),
        ((1, 2), "Median 1.5, from 1 to 2"),
        ((1, 1, 4), "Median 1, from 1 to 4"),
    ],
)
def test_numbers_are_told_the_same_way(values: tuple[int, ...], said: str) -> None:
    assert count_words(Spread(values=values)) == said


def test_one_value_has_no_median() -> None:
    assert (Spread(values=(7,)).middle, Spread(values=(7, 9)).middle) == (None, 8)


def test_a_phase_lasts_from_the_first_to_the_last_entry_on_its_steps() -> None:
    found = figures(
        run("1", SUCCESS, spans={"facts": (0, 5), "ready": (2, 40), "look-after": (95, 95)}),
        run("2", SUCCESS, spans={"tidy": (10, 20)}),
    )

    assert phase(found, "prepare") == ((600, 2400), ())
    assert [measure.title for measure in found.phases] == ["Prepare", "Import", "Verify"]


def test_attempts_are_entries_of_the_import() -> None:
    late = attempt(2, 200, 260, Outcome.SUCCEEDED)
    found = figures(run("1", failed(1, 50, 66), late, spans={"import": (70, 180)}))

    assert phase(found, "import") == ((210 * 60,), ())


def test_a_phase_counts_once_it_is_done() -> None:
    spans = {"facts": (0, 30), "import": (60, 90), "look-after": (100, 120)}
    going = run("1", SUCCESS, stage=RunStage.VERIFYING, settled=marks(*IMPORTED), spans=spans)
    paused = run(
        "2",
        SUCCESS,
        stage=RunStage.PAUSED,
        paused_from=RunStage.VERIFYING,
        settled=marks(*IMPORTED),
        spans=spans,
    )
    found = figures(going, paused)

    assert phase(found, "prepare") == ((1800, 1800), ())
    assert phase(found, "import") == ((1800, 1800), ())
    assert phase(found, "verify") == ((), ((NOT_DONE, 2),))


def test_a_run_that_was_given_up_never_finished_its_import() -> None:
    spans = {"facts": (0, 30), "import": (60, 90)}
    given_up = run(
        "1", failed(1, 60, 90), stage=RunStage.ABANDONED, settled=marks(*PREPARE), spans=spans
    )
    found = figures(given_up)

    assert phase(found, "prepare") == ((1800,), ())
    assert phase(found, "import") == phase(found, "verify") == ((), ((GIVEN_UP, 1),))


def test_a_run_closed_with_open_steps_says_so() -> None:
    found = figures(run("1", SUCCESS, settled=marks(*IMPORTED), spans={"look-after": (95, 99)}))

    assert phase(found, "verify") == ((), ((CLOSED_OPEN, 1),))


def test_what_was_entered_in_one_moment_has_no_length() -> None:
    found = figures(run("1", SUCCESS, spans={"facts": (0, 0)}), run("2", SUCCESS))

    assert phase(found, "prepare") == ((), ((NO_SPAN, 2),))


def test_of_a_run_opened_in_the_middle_only_the_rest_counts() -> None:
    before = marks(*PREPARE, state=StepState.BEFORE_RECORD)
    rest = marks("import", "look-after", "night", "end")
    spans = {"facts": (0, 10), "import": (20, 30), "night": (40, 100)}
    found = figures(run("1", SUCCESS, adopted=True, settled={**before, **rest}, spans=spans))

    assert phase(found, "prepare") == phase(found, "import") == ((), ((ADOPTED, 1),))
    assert phase(found, "verify") == ((HOUR,), ())
    assert found.attempts.left_out == ((ADOPTED, 1),)


def test_attempts_are_counted_where_the_new_version_was_installed() -> None:
    second = attempt(2, 100, 130, Outcome.SUCCEEDED)
    found = figures(
        run("1", SUCCESS),
        run("2", failed(1, 0, 16), second),
        run("3", failed(1, 0, 16), second, stage=RunStage.VERIFYING),
        run("4", failed(1, 0, 16), stage=RunStage.ABANDONED),
        run("5", attempt(1, 0, None), stage=RunStage.IMPORTING),
        run("6"),
    ).attempts

    assert found.spread.values == (1, 2, 2)
    assert found.tally == ((1, 1), (2, 2))
    assert count_words(found.spread) == "Median 2, from 1 to 2"
    assert dict(found.left_out) == {GIVEN_UP: 1, NOT_DONE: 1, NO_ATTEMPT: 1}
    assert [row.detail for row in found.rows][:2] == ["succeeded", "failed, succeeded"]


def test_outcomes_are_counted_over_all_attempts() -> None:
    found = figures(
        run("1", failed(1, 0, 16), attempt(2, 50, 60, Outcome.SUCCEEDED)),
        run("2", attempt(1, 0, 9, Outcome.CANCELLED), attempt(2, 10, None)),
    )

    assert dict(found.outcomes) == {"succeeded": 1, "failed": 1, "cancelled": 1, "open": 1}


def test_failures_stand_by_family_with_who_says_so() -> None:
    settled = {"family": "lens", "chosen": True}
    found = figures(
        run("1", failed(1, 0, 9), failed(2, 20, 29), failed(3, 40, 49, **settled)),
        run("2", failed(1, 0, 9, reading=reading("gateway", by="outcome"))),
        run("3", attempt(1, 0, 9, Outcome.UNKNOWN), attempt(2, 20, 29, Outcome.CANCELLED)),
        run("4", SUCCESS),
    ).failures

    told = {each.slug: (each.runs, each.attempts, dict(each.told)) for each in found.families}
    assert told == {
        "gateway": (2, 3, {Told.PROPOSED: 2, Told.NO_TEXT: 1}),
        "lens": (1, 1, {Told.SETTLED: 1}),
        "": (1, 1, {Told.NO_TEXT: 1}),
    }
    assert found.families[0].slug == "gateway"
    assert (len(found.rows), found.runs) == (5, 3)


def test_what_most_runs_met_stands_before_what_one_run_met_often() -> None:
    often = [failed(n, n * 20, n * 20 + 9) for n in range(1, 6)]
    lens = {"family": "lens", "reading": reading("lens")}
    found = figures(
        run("1", *often), run("2", failed(1, 0, 9, **lens)), run("3", failed(1, 0, 9, **lens))
    ).failures

    assert [(each.slug, each.runs, each.attempts) for each in found.families] == [
        ("lens", 2, 2),
        ("gateway", 1, 5),
    ]


def test_a_wait_stands_beside_the_pause_that_was_made() -> None:
    tried = (failed(1, 0, 10), failed(2, 50, 60), attempt(3, 65, 90, Outcome.SUCCEEDED))
    found = figures(run("1", *tried, due={2: 40, 3: 80})).waits

    assert (found.asked.values, found.spread.values) == ((20 * 60, 30 * 60), (5 * 60, 40 * 60))
    assert (found.early, found.runs) == (1, 1)
    assert [row.subject for row in found.rows] == ["before attempt 2", "before attempt 3"]


def test_a_pause_for_which_nothing_was_asked_is_not_counted() -> None:
    tried = (failed(1, 0, 10), attempt(2, 50, 60, Outcome.SUCCEEDED))
    found = figures(run("1", *tried), run("2", SUCCESS)).waits

    assert (found.spread.n, found.left_out) == (0, ((NO_WAIT_ASKED, 1),))
    assert time_words(found.spread) == "Nothing yet"


def test_each_product_has_its_own_figures() -> None:
    other = run("3", SUCCESS)
    other = RunRecord(
        run="3", pack=other.pack, state=RunState(pack="other", title="Other", steps=())
    )

    assert [(each.slug, each.runs) for each in figures_of([run("1"), run("2"), other])] == [
        ("small", 2),
        ("other", 1),
    ]
    assert figures_of([]) == ()

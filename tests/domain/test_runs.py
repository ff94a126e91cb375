"""Decisions about the run: starting, adopting, noting, resting, ending, handing out."""

from datetime import timedelta
from functools import partial

import pytest

from runbook.domain import events as ev
from runbook.domain.decisions import runs
from runbook.domain.decisions.attempts import Result
from runbook.domain.decisions.runs import Tried, unmet_criteria
from runbook.domain.state import RunState
from runbook.domain.transitions import TRANSITIONS
from runbook.domain.vocabulary import Action, InstalledState, Outcome, RunStage, StepState
from tests.domain.catalogue import GOOD
from tests.domain.history import LEAD, NOON, PARTIAL, History, at, refusal, started
from tests.domain.wishes import FACTS, UPGRADE, Wish, answering, looking, small_pack, wish


def begin(time_zone: str = "UTC", **answers: str) -> list[ev.Event]:
    return runs.start_run(
        small_pack(), title="Tower", time_zone=time_zone, answers={**FACTS, **answers}
    )


def test_a_run_keeps_the_steps_and_the_digest_it_started_with() -> None:
    begun, facts = begin()

    assert isinstance(begun, ev.RunStarted)
    assert begun.pack_digest == small_pack().digest
    assert begun.steps == tuple(step.slug for step in small_pack().runbook.steps)
    assert facts == ev.FactsRecorded(step="facts", answers=FACTS)


def test_a_run_to_a_version_that_is_not_higher_does_not_begin() -> None:
    assert refusal(lambda: begin(target_version="4.3")) == (
        "The target 4.3 is not higher than the installed 4.9. "
        "An upgrade to the same or a lower version fails."
    )


def test_a_run_with_an_unreadable_version_does_not_begin() -> None:
    assert refusal(lambda: begin(source_version="latest")).startswith("A version has two to four")


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../etc/passwd"])
def test_a_run_in_a_time_zone_that_does_not_exist_does_not_begin(name: str) -> None:
    assert refusal(lambda: begin(time_zone=name)) == f"There is no time zone called “{name}”."


def test_the_person_who_starts_leads() -> None:
    assert started().state.members[LEAD].value == "lead"


def test_an_adopted_run_takes_the_earlier_steps_as_done_and_asks_for_a_reading() -> None:
    run = started()
    adopted = runs.adopt_run(run.state, run.pack, report="Tried twice.", now=NOON)
    run.add(adopted, actor=LEAD, happened_at=NOON)

    assert run.state.stage is RunStage.STATE_UNREAD
    assert run.state.marks["ready"].state is StepState.BEFORE_RECORD
    assert "import" not in run.state.marks


def test_a_run_that_has_moved_on_cannot_be_adopted() -> None:
    run = at(RunStage.PREPARING)

    assert (
        refusal(lambda: runs.adopt_run(run.state, run.pack, report="Late.", now=NOON))
        == "Only a new run can be adopted."
    )


def test_adopting_needs_a_report() -> None:
    run = started()

    assert (
        refusal(lambda: runs.adopt_run(run.state, run.pack, report=" ", now=NOON))
        == "Say in a sentence what happened so far."
    )


def test_a_try_before_the_record_is_told_with_its_own_times() -> None:
    run = started()
    run.add(
        runs.adopt_run(run.state, run.pack, report="Stuck.", now=NOON), actor=LEAD, happened_at=NOON
    )
    tried = Tried(
        plan=UPGRADE,
        result=Result(outcome=Outcome.UNKNOWN, reason="The browser closed."),
        started_at=NOON - timedelta(hours=3),
        ended_at=NOON - timedelta(hours=2),
    )

    told = runs.report_attempt(run.state, run.pack, tried=tried, actor=LEAD, now=NOON)

    assert [(event.type, NOON - when) for event, when in told] == [
        ("attempt.started", timedelta(hours=3)),
        ("attempt.unknown", timedelta(hours=2)),
        ("diagnosis.made", timedelta(hours=2)),
    ]


def test_a_try_in_the_future_is_not_told() -> None:
    tried = Tried(
        plan=UPGRADE,
        result=Result(outcome=Outcome.UNKNOWN),
        started_at=NOON + timedelta(hours=1),
        ended_at=NOON,
    )
    run = started()

    assert "future" in refusal(
        lambda: runs.report_attempt(run.state, run.pack, tried=tried, actor=LEAD, now=NOON)
    )


def test_a_note_can_put_an_earlier_event_right() -> None:
    (added,) = at(RunStage.PREPARING).ask(wish(Action.ADD_NOTE, text=" No, 4.9. ", corrects=2))

    assert added == ev.NoteAdded(text="No, 4.9.", corrects=2)


def test_a_note_cannot_correct_what_is_not_there() -> None:
    run = at(RunStage.PREPARING)

    for seq in (0, -1, run.state.seq + 1):
        sentence = refusal(partial(run.ask, wish(Action.ADD_NOTE, text="No.", corrects=seq)))
        assert sentence == "The timeline has no such event to correct."


def test_an_empty_note_is_no_note() -> None:
    assert refusal(lambda: started().ask(wish(Action.ADD_NOTE, text="\n"))) == "The note is empty."


@pytest.mark.parametrize("stage", [RunStage.CLOSED, RunStage.ABANDONED])
def test_a_note_after_the_end_says_so(stage: RunStage) -> None:
    (added,) = at(stage).ask(wish(Action.ADD_NOTE, text="It still burns."))

    assert isinstance(added, ev.NoteAdded)
    assert added.after_close


@pytest.mark.parametrize(
    "stage", [stage for stage in RunStage if Action.PAUSE in TRANSITIONS[stage]]
)
def test_a_paused_run_goes_on_where_it_was(stage: RunStage) -> None:
    run = at(stage)
    before = run.state
    run.ask(GOOD[Action.PAUSE])
    assert run.state.stage is RunStage.PAUSED
    run.ask(GOOD[Action.RESUME])

    assert run.state.stage is stage
    assert (run.state.retry, run.state.marks) == (before.retry, before.marks)


def finished() -> History:
    """A run with nothing left to do."""
    run = at(RunStage.VERIFYING)
    for asked in (
        GOOD[Action.SKIP_STEP],
        wish(Action.SKIP_STEP, step="cool-down", reason="Cold enough."),
        looking(InstalledState.DONE, step="look-before"),
        answering("look-after", "bright"),
        wish(Action.COMPLETE_STEP, step="look-after"),
        wish(Action.SKIP_STEP, step="night", reason="Tested by day."),
        answering("end", "handed-over"),
    ):
        run.ask(asked)
    return run


def test_a_finished_run_closes_as_whole_without_a_word() -> None:
    run = finished()
    assert unmet_criteria(run.state, run.pack, now=run.now) == ()
    run.ask(wish(Action.CLOSE, partial=False, reason=""))

    assert run.state.stage is RunStage.CLOSED
    assert not run.state.partial


def test_a_finished_run_is_never_marked_partial() -> None:
    run = finished()
    run.ask(wish(Action.CLOSE, partial=True, reason="Just in case."))

    assert not run.state.partial


def test_a_run_with_open_ends_names_them_and_stays_open() -> None:
    sentence = refusal(
        lambda: at(RunStage.VERIFYING).ask(wish(Action.CLOSE, partial=False, reason=""))
    )

    assert sentence.startswith("Still open: Tidy the room (ready); Let the lamp cool down (ready)")
    assert "The keeper of the day knows." in sentence
    assert sentence.endswith("Settle these, or close as partial with a reason.")


def test_a_run_with_open_ends_closes_as_partial_with_a_reason() -> None:
    run = at(RunStage.VERIFYING)
    assert refusal(lambda: run.ask(wish(Action.CLOSE, partial=True, reason=""))) == (
        "Say why it closes as partial."
    )
    run.ask(PARTIAL)

    assert (run.state.partial, run.state.end_reason) == (True, "The keeper moves away.")


def test_an_escalation_goes_only_to_somebody_who_listens() -> None:
    run = at(RunStage.STOPPED)
    assert refusal(lambda: run.ask(_to("maker"))) == "The maker has closed its desk."
    assert refusal(lambda: run.ask(_to("moon"))) == "This pack knows no such recipient."
    run.ask(_to("workshop"))

    assert (run.state.escalated_to, run.state.ticket) == ("workshop", "T-1")


def _to(recipient: str) -> Wish:
    return wish(Action.SEND_ESCALATION, recipient=recipient, ticket=" T-1 ")


def test_handing_out_is_recorded_at_every_stage() -> None:
    for stage in RunStage:
        run = at(stage)
        run.ask(wish(Action.EXPORT, export_format="csv"))
        assert run.entries[-1].event == ev.ExportMade(format="csv")
        assert run.state.stage is stage


def test_an_empty_timeline_is_a_run_that_has_not_begun() -> None:
    assert RunState().stage is RunStage.PREPARING
    assert not RunState().is_frozen

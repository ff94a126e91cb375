"""Forms that are sent twice, changed, or by somebody else (SM-07, SM-08), and who may act at all."""

import uuid
from datetime import datetime, timedelta

import pytest

from runbook import queries
from runbook.domain.errors import (
    ForbiddenAction,
    StaleView,
    SubmissionMismatch,
    TransitionRefused,
)
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, Submission, User
from runbook.services import projection, timeline
from tests.domain.catalogue import GOOD
from tests.domain.history import START
from tests.domain.wishes import BEFORE_RETRY, wish
from tests.factories import act, add_member, carry_out, make_run_at

KEY = uuid.UUID(int=7)
NOTE = wish(Action.ADD_NOTE, text="It rains.")


@pytest.fixture
def run(ana: User, ben: User, now: datetime) -> Run:
    run = make_run_at(RunStage.PREPARING, ana, now)
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    return run


def version(run: Run) -> int:
    run.refresh_from_db()
    return run.version


def test_the_same_form_again_is_shown_as_done(run: Run, ana: User, now: datetime) -> None:
    first = carry_out(run, NOTE, act(ana, now=now, key=KEY, content={"text": "It rains."}))
    again = carry_out(run, NOTE, act(ana, now=now, key=KEY, content={"text": "It rains."}))

    assert not first.replayed
    assert again.replayed
    assert again.version == first.version == version(run)


def test_the_same_key_with_other_words_is_refused(run: Run, ana: User, now: datetime) -> None:
    carry_out(run, NOTE, act(ana, now=now, key=KEY, content={"text": "It rains."}))
    before = version(run)

    with pytest.raises(SubmissionMismatch) as refused:
        carry_out(run, NOTE, act(ana, now=now, key=KEY, content={"text": "It snows."}))

    assert refused.value.sentence.startswith("This form was sent before with other content.")
    assert version(run) == before


def test_the_same_key_for_another_action_is_refused(run: Run, ana: User, now: datetime) -> None:
    carry_out(run, NOTE, act(ana, now=now, key=KEY))

    with pytest.raises(SubmissionMismatch):
        carry_out(run, GOOD[Action.PAUSE], act(ana, now=now, key=KEY))


def test_the_key_of_one_person_means_nothing_for_another(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    mine = carry_out(run, NOTE, act(ana, now=now, key=KEY))
    theirs = carry_out(run, NOTE, act(ben, now=now, key=KEY))

    assert not theirs.replayed
    assert theirs.version == mine.version + 1


def test_a_refused_form_may_be_sent_again_when_its_time_has_come(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    carry_out(run, BEFORE_RETRY, act(ana, now=now))
    with pytest.raises(TransitionRefused):
        carry_out(run, START, act(ana, now=now, key=KEY))

    later = now + timedelta(minutes=10)
    assert not carry_out(run, START, act(ana, now=later, key=KEY)).replayed


def test_who_acts_on_an_old_page_learns_how_old_it_is(run: Run, ana: User, now: datetime) -> None:
    seen = version(run)
    carry_out(run, GOOD[Action.CLAIM_STEP], act(ana, now=now))

    with pytest.raises(StaleView) as stale:
        carry_out(run, GOOD[Action.PAUSE], act(ana, now=now, expected=seen))

    assert (stale.value.expected, stale.value.current) == (seen, seen + 1)
    assert version(run) == seen + 1


def test_talk_beside_a_form_does_not_cost_what_was_typed(
    run: Run, ana: User, now: datetime
) -> None:
    seen = version(run)
    carry_out(run, NOTE, act(ana, now=now))

    assert carry_out(run, GOOD[Action.PAUSE], act(ana, now=now, expected=seen))


def test_a_form_from_the_future_is_refused(run: Run, ana: User, now: datetime) -> None:
    with pytest.raises(StaleView):
        carry_out(run, GOOD[Action.PAUSE], act(ana, now=now, expected=version(run) + 1))


def test_a_writer_whose_lock_failed_still_loses_to_the_version(
    run: Run, ana: User, now: datetime
) -> None:
    """The second line behind the lock: the row moves on only from the version that was read."""
    run.refresh_from_db()
    state, before = load_state(run.state), run.version
    carry_out(run, NOTE, act(ana, now=now))

    with pytest.raises(StaleView, match="at the same moment"):
        projection.save(run, state, before=before)

    assert version(run) == before + 1


def test_without_the_look_at_the_version_an_old_page_would_act(
    run: Run, ana: User, now: datetime
) -> None:
    seen = version(run)
    carry_out(run, NOTE, act(ana, now=now))

    assert carry_out(run, GOOD[Action.PAUSE], act(ana, now=now, expected=None)).version == seen + 2


def test_a_stranger_is_told_nothing(run: Run, dora: User, now: datetime) -> None:
    for asked in GOOD.values():
        with pytest.raises(queries.RunNotFound):
            carry_out(run, asked, act(dora, now=now))


def test_a_run_that_does_not_exist_is_not_found(ana: User, now: datetime) -> None:
    with pytest.raises(queries.RunNotFound):
        carry_out(uuid.uuid4(), NOTE, act(ana, now=now))


def test_a_reviewer_notes_asks_and_signs_and_nothing_else(
    run: Run, ana: User, cleo: User, now: datetime
) -> None:
    add_member(run, ana, user=cleo, role=Role.REVIEWER, now=now)
    before = version(run)
    allowed = {Action.ADD_NOTE, Action.ASK_QUESTION, Action.SIGN_OFF_STEP}
    for action, asked in GOOD.items():
        if action not in allowed:
            with pytest.raises(ForbiddenAction, match="Your role on this run is reviewer"):
                carry_out(run, asked, act(cleo, now=now))
    assert version(run) == before

    assert carry_out(run, NOTE, act(cleo, now=now)).version == before + 1


def test_without_the_role_check_a_reviewer_could_pause(
    run: Run, ana: User, cleo: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_member(run, ana, user=cleo, role=Role.REVIEWER, now=now)
    monkeypatch.setattr(timeline, "check_may", lambda *_: None)

    assert carry_out(run, GOOD[Action.PAUSE], act(cleo, now=now))


def test_what_changes_nothing_is_remembered_but_leaves_no_event(
    run: Run, ana: User, now: datetime
) -> None:
    before = version(run)
    same = wish(Action.RECORD_FACTS, step="tidy", answers={"broom": ""})

    assert carry_out(run, same, act(ana, now=now, key=KEY)).version == before
    assert carry_out(run, same, act(ana, now=now, key=KEY)).replayed
    assert Submission.objects.filter(run=run).count() == 1

"""SM-12: a right that was taken away counts from that moment, wherever the other request stands."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from runbook import queries
from runbook.domain.errors import TransitionRefused
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, User
from runbook.queries import RunNotFound
from runbook.services import people, timeline
from runbook.services.timeline import Written
from tests.domain.wishes import wish
from tests.factories import act, add_member, carry_out, make_run_at
from tests.services.crowd import at_once

ROUNDS = int(os.environ.get("RACE_ROUNDS", "25"))


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.PREPARING, ana, now)


def remove(run: Run, ana: User, ben: User, now: datetime) -> Written:
    return people.remove_member(
        run_id=run.pk, act=act(ana, now=now), member=ben.actor_id, reason="Another shift."
    )


def by_removed_people(run: Run) -> list[int]:
    """Events of people who had no role on the run at that moment."""
    members: set[str] = set()
    found = []
    for entry in queries.recorded_events(run):
        if entry.event.type == "run.started":
            members.add(entry.actor)
        if entry.actor not in members:
            found.append(entry.seq)
        if entry.event.type == "member.added":
            members.add(entry.event.member)  # type: ignore[union-attr]
        if entry.event.type == "member.removed":
            members.discard(entry.event.member)  # type: ignore[union-attr]
    return found


def rounds(run: Run, ana: User, ben: User, now: datetime) -> list[list[Written | Exception]]:
    results = []
    for number in range(ROUNDS):
        add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
        note = wish(Action.ADD_NOTE, text=f"Note {number}.")
        deeds: list[Callable[[], Written]] = [
            partial(carry_out, run.pk, note, act(ben, now=now)),
            partial(remove, run, ana, ben, now),
        ]
        results.append(at_once(deeds))
    return results


def test_nobody_writes_after_the_right_was_taken_away(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    for note, removal in rounds(run, ana, ben, now):
        assert isinstance(removal, Written), removal
        assert isinstance(note, Written | RunNotFound), note

    run.refresh_from_db()
    queries.verify_run(run)
    assert by_removed_people(run) == []


def test_a_right_taken_away_between_page_and_form_is_gone(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    add_member(run, ana, user=ben, role=Role.LEAD, now=now)
    assert queries.run_for(ben, run.pk, action=Action.PAUSE)
    seen = run.version
    people.give_role(run_id=run.pk, act=act(ana, now=now), member=ben.actor_id, role=Role.OBSERVER)

    with pytest.raises(Exception, match="Your role on this run is observer"):
        carry_out(run, wish(Action.PAUSE, reason="Lunch."), act(ben, now=now, expected=seen))


def test_without_the_check_inside_the_lock_a_removed_member_would_write(
    run: Run, ana: User, ben: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the right is asked when the request comes in, and never again."""
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    remove(run, ana, ben, now)
    monkeypatch.setattr(queries, "role_of", lambda *_: Role.OPERATOR)
    monkeypatch.setattr(timeline, "check_may", lambda *_: None)

    carry_out(run, wish(Action.ADD_NOTE, text="Still here."), act(ben, now=now))

    assert len(by_removed_people(run)) == 1


def test_of_two_who_claim_a_step_at_once_one_holds_it(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    claim = wish(Action.CLAIM_STEP, step="tidy")
    for _ in range(ROUNDS):
        results = at_once([partial(carry_out, run.pk, claim, act(u, now=now)) for u in (ana, ben)])
        won = [result for result in results if isinstance(result, Written)]
        lost = [result for result in results if isinstance(result, TransitionRefused)]
        assert (len(won), len(lost)) == (1, 1), results
        state = queries.run_for(ana, run.pk, action=Action.VIEW).state
        holder = ana if state.team.claims["tidy"].actor == ana.actor_id else ben
        release = wish(Action.RELEASE_CLAIM, step="tidy")
        carry_out(run, release, act(holder, now=now))

"""The run as it stood, rebuilt from stored events, equals the row that people saw then."""

from datetime import datetime, timedelta

import pytest

from runbook import queries
from runbook.domain.snapshot import dump_state, load_state
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, User
from runbook.queries import TimelineEntry
from runbook.services import runs, talk
from runbook.services.review import by_role, record_of
from tests.domain.history import WAYS
from tests.factories import act, add_member, carry_out, make_run


def stood(run: Run, now: datetime, seq: int) -> str:
    run.refresh_from_db()
    return dump_state(record_of(run, made_at=now, until=lambda entries: seq).report.state)


@pytest.mark.parametrize("stage", WAYS)
def test_each_moment_of_each_way_comes_back(ana: User, now: datetime, stage: RunStage) -> None:
    run = make_run(ana, now)
    rows = {run.version: run.state}
    for asked in WAYS[stage]:
        carry_out(run, asked, act(ana, now=now))
        run.refresh_from_db()
        rows[run.version] = run.state

    for seq, row in rows.items():
        assert stood(run, now, seq) == dump_state(load_state(row))
    assert dump_state(record_of(run, made_at=now).report.state) == run.state


def test_nothing_that_came_later_is_in_it(ana: User, ben: User, now: datetime) -> None:
    run = make_run(ana, now)
    before = run.version
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text="c4na7y")
    run.refresh_from_db()

    record = record_of(run, made_at=now, until=lambda entries: before)

    assert "c4na7y" not in repr(record.report)
    assert "Ben" not in repr(record.report)
    assert record.report.head == queries.all_entries(run)[before - 1].digest
    assert (record.report.lines[-1].seq, record.newest) == (before, run.version)
    assert [turn.seq for turn in record.turns] == list(range(1, run.version + 1))


def test_a_moment_is_counted_by_when_things_were_written_down(ana: User, now: datetime) -> None:
    """What was told afterwards was not known before."""
    run = make_run(ana, now)
    late = act(ana, now=now + timedelta(hours=2), happened_at=now + timedelta(minutes=1))
    runs.add_note(run_id=run.pk, act=late, text="It was the c4na7y.")
    run.refresh_from_db()
    noon = now + timedelta(hours=1)

    def at_noon(entries: list[TimelineEntry]) -> int:
        return max(entry.seq for entry in entries if entry.recorded_at <= noon)

    record = record_of(run, made_at=now, until=at_noon)  # type: ignore[arg-type]

    assert "c4na7y" not in repr(record.report)
    assert "c4na7y" in repr(record_of(run, made_at=now).report)


def test_members_by_role_are_numbered_and_others_are_readers(
    ana: User, ben: User, cleo: User, now: datetime
) -> None:
    run = make_run(ana, now)
    for user in (ben, cleo):
        add_member(run, ana, user=user, role=Role.OPERATOR, now=now)
    run.refresh_from_db()

    record = record_of(run, made_at=now)

    assert {record.roles[user.actor_id] for user in (ana, ben, cleo)} == {
        "Lead",
        "Operator",
        "Operator 2",
    }
    assert talk.SYSTEM not in record.report.people
    told = by_role(record.report, record.roles)
    assert set(told.people.values()) == {"Lead", "Operator", "Operator 2"}

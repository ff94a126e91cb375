"""A copy of a record kept elsewhere gives nobody rights, takes no entry and counts nowhere (IN-15)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.errors import ForbiddenAction
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Action
from runbook.models import Anchor, Head, JournalEntry, Run, User
from runbook.services import exports, heads, installation, journal, timeline, upkeep
from runbook.services.doctor import proofs, records
from runbook.services.doctor.finding import Visit
from tests.domain.wishes import wish
from tests.elsewhere import ADDRESS, Elsewhere, handed_out, opened
from tests.exports.records import stored_run
from tests.factories import act, carry_out

Open = Callable[..., Run]


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"


@pytest.fixture
def bundle(db: None, tmp_path: Path, now: datetime) -> Elsewhere:
    return handed_out(tmp_path, now)


@pytest.fixture
def open_as(tmp_path: Path, now: datetime) -> Open:
    def open_(content: bytes, user: User, **more: Any) -> Run:
        return opened(content, user, tmp_path, now, **more)

    return open_


# --- Rights: nobody in the record is anybody here


def test_only_who_opened_it_and_the_owners_read_it(
    bundle: Elsewhere, ana: User, ben: User, cleo: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)
    cleo.is_staff = True
    cleo.save()

    assert queries.run_for(ana, copy.pk, action=Action.VIEW).copy == copy.copy
    assert queries.run_for(cleo, copy.pk, action=Action.EXPORT).copy == copy.copy
    with pytest.raises(queries.RunNotFound):
        queries.run_for(ben, copy.pk, action=Action.VIEW)
    assert [len(queries.copies_for(user)) for user in (ana, ben, cleo)] == [1, 0, 1]


def test_a_name_in_the_record_gives_nobody_here_a_right(
    tmp_path: Path, now: datetime, ana: User, ben: User, open_as: Open
) -> None:
    """A forger may write any actor he likes: here the lead of the record is Ben."""
    there = handed_out(tmp_path, now, lead=ben)
    copy = open_as(there.content, ana)

    for action in Action:
        with pytest.raises(queries.RunNotFound):
            queries.run_for(ben, copy.pk, action=action)
    with pytest.raises(queries.RunNotFound):
        carry_out(copy.pk, wish(Action.ADD_NOTE, text="Mine."), act(ben, now=now))
    assert queries.runs_of(ben) == []


def test_a_name_in_the_record_is_shown_as_the_files_own(
    tmp_path: Path, now: datetime, ana: User, ben: User, open_as: Open
) -> None:
    there = handed_out(tmp_path, now, lead=ben)
    User.objects.filter(pk=ben.pk).update(display_name="Benjamin, who works here")
    copy = open_as(there.content, ana)

    names = {entry.name for entry in queries.all_entries(copy)}
    assert names == {"Ben (imported)"}
    assert queries.people_of(copy, [ana.actor_id]) == {
        ana.actor_id: f"person {ana.actor_id[:8]} (imported)"
    }


def test_nothing_can_be_recorded_on_a_copy(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    for action in set(Action) - queries.OF_A_COPY:
        with pytest.raises(ForbiddenAction, match="copy of a record that another installation"):
            queries.run_for(ana, copy.pk, action=action)
    with pytest.raises(ForbiddenAction, match="copy of a record"):
        carry_out(copy.pk, wish(Action.ADD_NOTE, text="Mine."), act(ana, now=now))
    with pytest.raises(ForbiddenAction, match="copy of a record"):
        timeline.record_by(
            copy.pk,
            Action.ADD_NOTE,
            act=act(ana, now=now),
            right=lambda run, state: None,
            decide=lambda run, state, pack: [ev.NoteAdded(text="x")],
        )
    note = (ev.NoteAdded(text="x"), now)
    with pytest.raises(ForbiddenAction, match="copy of a record"):
        timeline.append(copy, load_state(copy.state), made=[note], act=act(ana, now=now))
    copy.refresh_from_db()
    assert copy.version == bundle.run.version


def test_handing_a_copy_out_adds_nothing_to_it(
    bundle: Elsewhere, now: datetime, ana: User, ben: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    made = exports.export(
        run_id=copy.pk, act=act(ana, now=now), export_format="zip", address=ADDRESS
    )

    assert made.run_version == copy.version
    assert (Anchor.objects.count(), Head.objects.count()) == (0, 0)
    with pytest.raises(queries.RunNotFound):
        exports.export(run_id=copy.pk, act=act(ben, now=now), export_format="zip", address=ADDRESS)


# --- A copy counts nowhere


def test_the_night_leaves_a_copy_alone(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    own = stored_run(ana, now)
    copy = open_as(bundle.content, ana)

    assert heads.nightly(now=now + timedelta(hours=12)) == []

    assert set(Head.objects.values_list("run_id", flat=True)) == {own.pk}
    assert not JournalEntry.objects.filter(body__contains=str(copy.pk)).exists()
    root = JournalEntry.objects.get(type="daily.root")
    assert json.loads(root.body)["runs"] == 1


def test_a_copy_is_due_for_nobody_and_leads_nobody_astray(
    bundle: Elsewhere, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    assert (copy.next_due_at, copy.retry_due_at, copy.team_id) == (None, None, None)
    assert installation.leaderless().going_on == []
    assert queries.runs_of(ana) == []


def test_a_copy_from_a_fast_clock_does_not_alarm_the_doctor(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    open_as(bundle.content, ana)
    before = Visit(now=now - timedelta(hours=1))

    assert list(records._time(before)) == []
    stored_run(ana, now)  # the control
    assert len(list(records._time(before))) == 1


def test_a_restored_backup_names_only_the_runs_that_are_kept_here(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    own = stored_run(ana, now)
    open_as(bundle.content, ana)

    entry = journal.backup_restored(note="Disk broke.", now=now)

    assert [run for run, _, _ in json.loads(entry.body)["runs"]] == [str(own.pk)]


def test_a_second_look_finds_the_stored_copy_unbroken(
    bundle: Elsewhere, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    assert upkeep.verify(copy.pk) == (bundle.run.version, bundle.run.head)


def test_a_copy_that_claims_to_be_newest_pushes_no_own_run_out_of_the_doctors_sight(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    """A quick visit looks at so many runs, the newest first; a forger may write any time."""
    own = stored_run(ana, now)
    copy = open_as(bundle.content, ana)
    Run.objects.filter(pk=copy.pk).update(last_at=now + timedelta(days=9000))
    looked: list[Run] = []

    with (
        patch.object(records, "_RUNS", 1),
        patch.object(records, "_fault", side_effect=looked.append),
    ):
        list(records._chains(Visit(now=now)))

    assert [run.pk for run in looked] == [own.pk]
    with patch.object(proofs, "_RUNS", 1), patch.object(heads, "problems_of") as problems:
        problems.return_value = []
        list(proofs._signed_heads(Visit(now=now)))
    assert [call.args[0].pk for call in problems.call_args_list] == [own.pk]


def test_the_nights_before_a_copy_came_are_nobodys_fault(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)
    Run.objects.filter(pk=copy.pk).update(created=now - timedelta(days=900))

    assert list(proofs._nights(Visit(now=now))) == []

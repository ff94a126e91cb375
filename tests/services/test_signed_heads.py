"""Heads are signed when they should be, never at the price of somebody's work, and kept with their keys."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import DatabaseError

from runbook.domain import heads as domain
from runbook.domain.errors import BrokenChain
from runbook.domain.journal import EntryType
from runbook.domain.vocabulary import LinkScope, Role, RunStage
from runbook.models import Anchor, Head, Run, User
from runbook.services import (
    anchors,
    exports,
    heads,
    journal,
    people,
    runs,
    sharing,
    signing,
    verification,
)
from tests.factories import act, add_member, make_run, make_run_at
from tests.services.signed import forge, noted, reasons


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: object) -> Path:
    """A key of this test alone."""
    path = tmp_path / "keys" / "signing_key"
    settings.SIGNING_KEY_FILE = path  # type: ignore[attr-defined]
    return path


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run(ana, now)


# --- When


def test_every_fiftieth_event_is_signed(run: Run, ana: User, now: datetime) -> None:
    noted(run, ana, now, to=49)
    assert reasons(run) == []

    noted(run, ana, now, to=101)
    assert reasons(run) == [(50, "count"), (100, "count")]


def test_what_leaves_or_ends_is_signed(run: Run, ana: User, ben: User, now: datetime) -> None:
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    wanted = sharing.Wanted(label="Support", scope=LinkScope.READ, profile="public")
    sharing.create_link(run_id=run.pk, act=act(ana, now=now), wanted=wanted)
    people.offer_handover(run_id=run.pk, act=act(ana, now=now), to=ben.actor_id)
    runs.record_export(run_id=run.pk, act=act(ana, now=now), export_format="json")
    runs.abandon(run_id=run.pk, act=act(ana, now=now), reason="No use")

    assert [reason for _, reason in reasons(run)] == ["link", "handover", "export", "closed"]


def test_a_head_says_where_the_run_stood(run: Run, ana: User, now: datetime) -> None:
    noted(run, ana, now, to=50)
    row = Head.objects.get()
    said = json.loads(row.body)

    assert set(said) == domain.HEAD_KEYS
    assert (said["size"], said["head"]) == (50, run.head)
    assert said["state_digest"] == domain.state_digest(run.state)
    assert heads.problem_of(row, digest=run.head) == ""
    assert said["at"] >= run.last_at.strftime("%Y-%m-%dT%H:%M:%S.%f")  # type: ignore[union-attr]


def test_the_night_signs_what_went_on_and_only_once(run: Run, ana: User, now: datetime) -> None:
    assert heads.nightly(now=now) == []
    assert heads.nightly(now=now + timedelta(days=1)) == []

    assert reasons(run) == [(run.version, "night")]
    roots = [json.loads(entry.body) for entry in journal.entries(EntryType.DAILY_ROOT)]
    assert len(roots) == 2
    assert (
        roots[0]["root"]
        == roots[1]["root"]
        == domain.daily_root([(str(run.pk), run.version, run.head)])[0]
    )


def test_the_night_lists_runs_from_before_the_journal(run: Run, now: datetime) -> None:
    forge("DELETE FROM runbook_journalentry")
    assert journal.unlisted() == [run]

    heads.nightly(now=now)
    assert journal.unlisted() == []


# --- At no price


def without_file(path: Path) -> None:
    path.unlink()


def with_another(path: Path) -> None:
    path.write_text("x" * 86)


@pytest.mark.parametrize("harm", [without_file, with_another])
def test_a_key_that_is_lost_stops_no_recording_and_is_found(
    run: Run,
    ana: User,
    now: datetime,
    key_file: Path,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
) -> None:
    noted(run, ana, now, to=50)
    harm(key_file)
    caplog.set_level(logging.ERROR)

    noted(run, ana, now, to=100)

    assert reasons(run) == [(50, "count")]
    assert "was not signed: The file" in caplog.text
    assert any(str(key_file) in sentence for sentence in signing.problems())
    assert heads.nightly(now=now) != []
    made = exports.export(
        run_id=run.pk, act=act(ana, now=now), export_format="zip", address="https://x.example/"
    )
    assert made.size


def test_an_error_while_signing_stops_no_recording(run: Run, ana: User, now: datetime) -> None:
    with patch.object(Head.objects, "create", side_effect=DatabaseError("no")):
        noted(run, ana, now, to=51)
    with patch.object(journal, "append", side_effect=RuntimeError("no")):
        other = make_run(ana, now)

    assert (run.version, reasons(run)) == (51, [])
    assert journal.unlisted() == [other]


def test_a_key_is_made_in_the_open_only_where_somebody_said_so(
    run: Run, ana: User, now: datetime, key_file: Path, settings: object
) -> None:
    settings.SIGNING_KEY_NAMED = False  # type: ignore[attr-defined]
    key_file.parent.mkdir(mode=0o755)
    noted(run, ana, now, to=50)
    assert not key_file.exists()

    key_file.parent.chmod(0o700)
    noted(run, ana, now, to=100)
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert reasons(run) == [(100, "count")]


def test_a_key_that_others_can_read_is_a_finding(
    run: Run, ana: User, now: datetime, key_file: Path
) -> None:
    noted(run, ana, now, to=50)
    assert signing.problems() == []

    key_file.chmod(0o644)
    assert "chmod 600" in signing.problems()[0]


def test_nobody_signs_under_a_record_that_was_changed(run: Run, ana: User, now: datetime) -> None:
    noted(run, ana, now, to=30)
    forge("UPDATE runbook_event SET digest = '00' WHERE seq = 20")

    noted(run, ana, now, to=51)
    assert reasons(run) == []
    with pytest.raises(BrokenChain, match="Event 20"):
        heads.sign(run, reason="count", now=now)
    assert "Event 20" in heads.nightly(now=now)[0]


def test_a_long_stretch_is_left_to_the_night(run: Run, ana: User, now: datetime) -> None:
    with patch.object(heads, "LONGEST", 40):
        noted(run, ana, now, to=60)
    assert reasons(run) == []

    heads.nightly(now=now)
    assert reasons(run) == [(60, "night")]


# --- What is said about a run


def exported(run: Run, user: User, now: datetime) -> None:
    exports.export(
        run_id=run.pk,
        act=act(user, now=now),
        export_format="markdown",
        address="https://x.example/",
    )
    run.refresh_from_db()


def test_a_page_says_how_far_a_run_is_proved_and_who_holds_a_copy(
    run: Run, ana: User, now: datetime
) -> None:
    assert verification.verification_of(run).size == 0

    exported(run, ana, now)
    noted(run, ana, now, to=7)
    said = verification.verification_of(run)

    assert (said.size, said.version, said.fault) == (3, 7, "")
    assert said.copy == verification.OutsideCopy(size=3, how="export to", receiver="Ana", at=now)
    assert verification.verification_of(run, deep=True) == said
    assert len(said.key.split()) == 8


def test_a_copy_by_mail_is_an_anchor_too(run: Run, now: datetime) -> None:
    anchors.note(run, how=anchors.MAIL, receiver="two people", at=now)

    said = verification.verification_of(run).copy
    assert said is not None
    assert (said.size, said.how, said.receiver) == (run.version, "mail to", "two people")


FORGERIES = {
    "signature": "UPDATE runbook_head SET signature = '" + "00" * 64 + "'",
    "size": "UPDATE runbook_head SET size = 2",
    "head": "UPDATE runbook_head SET head = '" + "0" * 64 + "'",
    "text": "UPDATE runbook_head SET body = '{}'",
    "event": "UPDATE runbook_event SET digest = '" + "0" * 64 + "' WHERE seq = 3",
    "anchor": "UPDATE runbook_anchor SET head = '" + "0" * 64 + "'",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_told_and_nothing_counts_as_proved(
    run: Run, ana: User, now: datetime, name: str
) -> None:
    exported(run, ana, now)
    assert verification.verification_of(run).fault == ""
    forge(FORGERIES[name])

    said = verification.verification_of(run)

    assert said.fault
    assert said.size == 0


def test_an_edit_before_the_signature_shows_when_everything_is_checked(
    run: Run, ana: User, now: datetime
) -> None:
    exported(run, ana, now)
    forge("UPDATE runbook_event SET actor = 'x' WHERE seq = 1")

    assert verification.verification_of(run).fault == ""
    assert "Event 1" in verification.verification_of(run, deep=True).fault


# --- The customer's own file


@pytest.mark.usefixtures("committed_db")
def test_every_signed_head_is_added_to_the_file_of_the_customer(
    ana: User, now: datetime, tmp_path: Path, settings: object
) -> None:
    """And shows a record that was rolled back or rewritten (OP-03)."""
    path = tmp_path / "anchors"
    settings.ANCHOR_FILE = path  # type: ignore[attr-defined]
    run = make_run_at(RunStage.PREPARING, ana, now)
    exported(run, ana, now)
    exported(run, ana, now)

    lines = [line.split() for line in path.read_text().splitlines()]
    assert [(words[1], words[2], words[3]) for words in lines][-1] == (
        *(str(run.pk), str(run.version), run.head),
    )
    assert Anchor.objects.filter(how="file").count() == len(lines) == 2
    assert anchors.problems() == []
    Run.objects.filter(pk=run.pk).update(version=run.version - 1)
    assert "was rolled back" in anchors.problems()[0]
    Run.objects.filter(pk=run.pk).update(version=run.version)
    forge("UPDATE runbook_event SET digest = '00' WHERE seq = (SELECT MAX(seq) FROM runbook_event)")
    assert "was rewritten" in anchors.problems()[0]
    path.write_text(path.read_text().replace(str(run.pk), "0" * 8 + str(run.pk)[8:]))
    assert "is gone" in anchors.problems()[0]


@pytest.mark.usefixtures("committed_db")
def test_a_file_that_cannot_be_written_stops_nothing(
    ana: User, now: datetime, tmp_path: Path, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANCHOR_FILE = tmp_path / "nowhere" / "anchors"  # type: ignore[attr-defined]
    run = make_run(ana, now)
    exported(run, ana, now)

    assert "cannot be written" in caplog.text
    assert reasons(run) == [(run.version, "export")]

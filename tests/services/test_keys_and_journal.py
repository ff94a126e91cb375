"""Keys follow each other on the journal, and nobody edits it unnoticed (OP-09)."""

from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from runbook.models import Head, Run, SigningKey, User
from runbook.services import heads, journal, runs, signing
from runbook.services.signing import NoKey
from tests.factories import act, make_run
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


def test_after_a_rotation_old_heads_stay_right_and_new_ones_have_the_new_key(
    run: Run, ana: User, now: datetime, key_file: Path
) -> None:
    noted(run, ana, now, to=50)
    old = SigningKey.objects.get()
    secret = key_file.read_text()

    new = signing.rotate(now=now)

    old.refresh_from_db()
    assert old.valid_to == new.valid_from
    assert key_file.read_text() != secret
    assert [path.name for path in key_file.parent.iterdir()] == ["signing_key"]
    noted(run, ana, now, to=100)
    assert list(Head.objects.order_by("pk").values_list("key_id", flat=True)) == [
        *(old.pk, new.pk),
    ]
    assert heads.problems_of(run) == signing.problems() == journal.problems() == []
    assert new.created > Head.objects.get(key=old).at


def test_a_rotation_that_was_cut_off_after_its_commit_is_finished(
    run: Run, ana: User, now: datetime, key_file: Path
) -> None:
    noted(run, ana, now, to=50)
    with (
        patch.object(Path, "replace", side_effect=OSError("cut off")),
        pytest.raises(OSError, match="cut off"),
    ):
        signing.rotate(now=now)

    noted(run, ana, now, to=100)
    assert reasons(run) == [(50, "count"), (100, "count")]
    assert [path.name for path in key_file.parent.iterdir()] == ["signing_key"]


def test_without_the_old_key_nothing_endorses_the_new_one(
    run: Run, ana: User, now: datetime, key_file: Path
) -> None:
    noted(run, ana, now, to=50)
    key_file.unlink()
    signing.rotate(now=now)

    assert [bool(each["endorsement"]) for each in signing.statements()] == [False, False]
    noted(run, ana, now, to=100)
    assert reasons(run)[-1] == (100, "count")


def test_a_register_that_somebody_edited_is_found(run: Run, ana: User, now: datetime) -> None:
    noted(run, ana, now, to=50)
    SigningKey.objects.update(public="0" * 64)

    assert "differs from what the journal says" in " ".join(signing.problems())
    assert "false signature" in heads.problems_of(run)[0]


def test_before_any_key_there_is_nothing_to_sign_with(run: Run) -> None:
    with pytest.raises(NoKey):
        signing.present()


# --- The journal


def test_the_journal_tells_of_runs_and_keys_and_restored_backups(
    run: Run, ana: User, now: datetime
) -> None:
    runs.abandon(run_id=run.pk, act=act(ana, now=now), reason="No use")
    signing.rotate(now=now)
    journal.backup_restored(note="from Monday", now=now)

    assert [entry.type for entry in journal.entries()] == [
        *("run.created", "run.closed", "key.added", "key.rotated", "backup.restored"),
    ]
    assert journal.problems() == []
    assert journal.verify()[0] == 5


EDITS = {
    "body": "UPDATE runbook_journalentry SET body = '{}' WHERE seq = 1",
    "type": "UPDATE runbook_journalentry SET type = 'run.closed' WHERE seq = 1",
    "header": "UPDATE runbook_journalentry SET header = '{}' WHERE seq = 1",
    "digest": "UPDATE runbook_journalentry SET digest = '00' WHERE seq = 1",
    "gone": "DELETE FROM runbook_journalentry WHERE seq = 1",
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_in_the_journal_is_found(run: Run, ana: User, now: datetime, name: str) -> None:
    noted(run, ana, now, to=50)
    forge(EDITS[name])

    assert "Entry 1 of the journal" in journal.problems()[0]


def test_a_run_that_somebody_took_away_is_missed(run: Run, ana: User, now: datetime) -> None:
    make_run(ana, now)
    with patch.object(journal, "_present", return_value=set()):
        assert len(journal.problems()) == 2

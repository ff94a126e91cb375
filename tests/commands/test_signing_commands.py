"""Commands around signed heads say what they did, and fail when something is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from runbook.models import Head, JournalEntry, Run, SigningKey
from runbook.services import signing
from tests.exports.bundles import Forgery
from tests.services.signed import forge

Told = Callable[..., str]


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: object) -> Path:
    """A key of this test alone."""
    path = tmp_path / "keys" / "signing_key"
    settings.SIGNING_KEY_FILE = path  # type: ignore[attr-defined]
    return path


def test_every_night_each_run_is_signed(run: Run, told: Told) -> None:
    assert told("sign_heads") == "Every run is signed.\n"
    assert Head.objects.get().size == run.version
    assert JournalEntry.objects.latest("seq").type == "daily.root"
    assert told("verify_heads").startswith("All signed heads")


def test_a_night_without_a_key_fails(run: Run, told: Told, key_file: Path) -> None:
    told("sign_heads")
    key_file.unlink()
    Run.objects.update(title="x")
    forge("DELETE FROM runbook_head")

    with pytest.raises(CommandError, match="Not everything could be signed"):
        told("sign_heads")


def test_a_forged_head_is_named(run: Run, told: Told) -> None:
    told("sign_heads")
    forge("UPDATE runbook_head SET signature = '00'")

    with pytest.raises(CommandError, match="1 findings"):
        told("verify_heads", str(run.pk))


def test_a_new_key_is_told_by_its_fingerprint(run: Run, told: Told, key_file: Path) -> None:
    told("sign_heads")
    first = told("rotate_signing_key")
    key_file.unlink()
    second = told("rotate_signing_key")

    assert first.startswith("The new key is ")
    assert len(first.split(" is ")[1].split()) == 8
    assert "No earlier key endorses it" not in first
    assert "No earlier key endorses it" in second
    assert SigningKey.objects.count() == 3
    assert signing.problems() == []


@pytest.mark.django_db
def test_without_a_run_there_is_nothing_to_sign(told: Told) -> None:
    assert told("sign_heads") == "Every run is signed.\n"
    for words in (["rotate_signing_key"], ["note_restore", "Monday's"]):
        with pytest.raises(CommandError, match="There is no run yet"):
            told(*words)


def test_a_restored_backup_is_noted(run: Run, told: Told) -> None:
    assert "says so" in told("note_restore", "from Monday")

    said = json.loads(JournalEntry.objects.latest("seq").body)
    assert said["note"] == "from Monday"
    assert said["runs"] == [[str(run.pk), run.version, run.head]]


def test_a_bundle_is_written_to_a_file(run: Run, told: Told, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    told("export_run", str(run.pk), "--format", "zip", "--output", str(path))
    assert Forgery(path.read_bytes()).json("manifest.json")["derived"] is False

    told("export_run", str(run.pk), "--format", "zip", "--output", str(path), "--profile", "public")
    assert Forgery(path.read_bytes()).json("manifest.json")["profile"] == "public"
    with pytest.raises(CommandError, match="stays with the team"):
        told("export_run", str(run.pk), "--format", "json", "--profile", "public")
    lines = told("export_run", str(run.pk), "--format", "events-jsonl").splitlines()
    assert [json.loads(line)["header"]["seq"] for line in lines] == list(range(1, run.version + 4))

"""`import_run` opens an exported record for somebody, or says in one sentence why not."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runbook.models import Run, User
from tests.elsewhere import Elsewhere, handed_out

Told = Callable[..., str]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def there(db: None, tmp_path: Path, now: datetime) -> Elsewhere:
    return handed_out(tmp_path, now)


@pytest.fixture
def told(there: Elsewhere, tmp_path: Path) -> Told:
    def run(*words: str) -> str:
        out = StringIO()
        call_command("import_run", str(there.written(tmp_path)), *words, stdout=out)
        return out.getvalue()

    return run


@pytest.mark.parametrize("name", ["ana@example.org", "ANA@example.org", "ana"])
def test_it_opens_the_record_for_the_person_named(
    told: Told, there: Elsewhere, ana: User, name: str
) -> None:
    said = told("--as", name)

    assert "Imported copy, not verified." in said
    assert there.fingerprint in said
    assert Run.objects.get(pk=there.run.pk).imported_by == ana.actor_id


def test_with_the_right_fingerprint_it_says_verified(
    told: Told, there: Elsewhere, ana: User
) -> None:
    said = told("--as", "ana", "--fingerprint", there.fingerprint)

    assert "Imported copy, signature checked." in said


def test_what_is_wrong_is_said_in_one_sentence(
    told: Told, there: Elsewhere, ana: User, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="signed by another key"):
        told("--as", "ana", "--fingerprint", "0" * 32)
    with pytest.raises(CommandError, match="There is no account nobody"):
        told("--as", "nobody")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_run", str(tmp_path / "nowhere"), "--as", "ana")
    assert not Run.objects.exists()

    told("--as", "ana")
    with pytest.raises(CommandError, match="opened here before"):
        told("--as", "ana")


def test_the_copy_can_be_handed_out_by_the_command_for_exports(
    told: Told, there: Elsewhere, ana: User, tmp_path: Path
) -> None:
    told("--as", "ana")
    out = tmp_path / "again.jsonl"

    call_command(
        "export_run", str(there.run.pk), "--format", "events-jsonl", "--output", str(out),
        stdout=StringIO(),
    )  # fmt: skip

    assert out.read_bytes().count(b"\n") == there.run.version

"""The doctor: faults of the machine and of the files are noticed."""

import os
from pathlib import Path
from typing import Any

import pytest

from runbook.library import PackInvalid
from runbook.services.doctor import Level
from tests.services.doctor.patient import BAD, WARN, noticed


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights.")
@pytest.mark.usefixtures("sound")
def test_secrets_that_others_can_read_are_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("secret")
    monkeypatch.setenv("OUTGOING_KEY_FILE", str(key))
    key.chmod(0o644)
    tmp_path.chmod(0o750)

    assert noticed(BAD, f"can reach {key}").remedy == f"Run: chmod 600 {key}"
    assert noticed(WARN, f"group of {tmp_path} can").remedy == f"Run: chmod 700 {tmp_path}"


@pytest.mark.parametrize(
    ("free", "level", "words"),
    [
        (50 * 1024**3, WARN, "50.0 GB (5%)"),
        (900 * 1024**2, WARN, "0.9 GB"),
        (10 * 1024**2, BAD, "soon nothing can be recorded"),
    ],
)
@pytest.mark.usefixtures("sound")
def test_a_disk_that_fills_up_is_noticed(
    monkeypatch: pytest.MonkeyPatch, free: int, level: Level, words: str
) -> None:
    total = 1000 * 1024**3 if free > 1024**3 else free * 2
    usage = type("Usage", (), {"free": free, "total": total})
    monkeypatch.setattr("runbook.services.doctor.machine.shutil.disk_usage", lambda folder: usage)

    noticed(level, words)


@pytest.mark.usefixtures("sound")
def test_a_data_folder_that_cannot_be_written_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.services.doctor.machine.os.access", lambda path, mode: False)

    noticed(BAD, "cannot be written")


@pytest.mark.usefixtures("sound")
def test_static_files_that_were_not_collected_are_noticed(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    manifest = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": manifest}}

    noticed(BAD, "Static files that are not collected")


@pytest.mark.usefixtures("sound")
def test_packs_that_cannot_be_read_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PackInvalid("small/pack.yaml, slug: must equal the folder's name.")

    monkeypatch.setattr("runbook.library.packs", refuse)

    noticed(BAD, "small/pack.yaml, slug")


@pytest.mark.usefixtures("sound")
def test_a_check_that_fails_does_not_keep_the_others_from_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError("no way")

    monkeypatch.setattr("runbook.services.doctor.machine.shutil.disk_usage", fail)

    noticed(BAD, "The check “data folder” could not be made: PermissionError: no way.")
    noticed(Level.OK, "The packs can be read")

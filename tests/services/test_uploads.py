"""A file is looked into in a process of its own, with a limit on bytes, memory and time."""

import sys
from io import BytesIO
from pathlib import Path

import pytest

from runbook.domain.diagnosis.surfaces.handed import Surface, Unreadable
from runbook.domain.diagnosis.surfaces.limits import UPLOAD
from runbook.domain.diagnosis.surfaces.recognising import recognise
from runbook.services import uploads
from tests.domain.diagnosis.surfaces.builders import GATEWAY, log_row, spreadsheet

LOG = spreadsheet([log_row("Failure", "0x80097376", GATEWAY, name="Tür")]).encode()


class Endless:
    """A file that never ends and counts what was taken from it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.taken += size
        return b"a" * size


def test_an_upload_gives_what_recognising_gives() -> None:
    handed = uploads.inspect(BytesIO(LOG), "log.xls", size=len(LOG))

    assert handed == recognise(LOG)
    assert handed.kind is Surface.IMPORT_LOG


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-32"])
def test_encodings_are_known_to_the_process(encoding: str) -> None:
    text = f"Für Müller: {GATEWAY}"

    assert uploads.inspect(BytesIO(text.encode(encoding)), "log.txt").text == text


@pytest.mark.parametrize(
    "content", [b"", b"  ", b"\x89PNG\r\n", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)
def test_what_is_refused_gives_its_sentence(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        uploads.inspect(BytesIO(content), "log.xml")

    with pytest.raises(Unreadable) as at_once:
        recognise(content)
    assert refused.value.sentence == at_once.value.sentence


def test_no_more_than_the_limit_is_taken() -> None:
    file = Endless()

    with pytest.raises(Unreadable):
        uploads.inspect(file, "log.txt", size=10)  # type: ignore[arg-type]

    assert file.taken <= UPLOAD + 1024 * 1024


def test_a_declared_size_over_the_limit_is_refused_at_once() -> None:
    file = Endless()

    with pytest.raises(Unreadable):
        uploads.inspect(file, "log.txt", size=UPLOAD + 1)  # type: ignore[arg-type]

    assert file.taken == 0


DEEDS = {
    "takes memory": "bytearray(u.MEMORY)",
    "never ends": "[None for _ in iter(int, 1)]",
    "connects": "socket.socket()",
    "writes": "open(sys.argv[1], 'w').write('x')",
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize("deed", DEEDS)
def test_what_takes_too_much_is_stopped(
    deed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The process as it is, but reading does a bad deed instead."""
    program = (
        "import socket, sys\nimport runbook.services.uploads as u\nu.CPU_SECONDS = 1\n"
        f"u.recognise = lambda content: {DEEDS[deed]}\nu._main()\n"
    )
    command = (sys.executable, "-c", program, str(tmp_path / "x"))
    monkeypatch.setattr(uploads, "_COMMAND", command)

    with pytest.raises(Unreadable, match="too much time or memory"):
        uploads.inspect(BytesIO(LOG), "log.xml")

    assert not (tmp_path / "x").exists()


def test_no_secret_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "top")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d")

    assert not {"SECRET_KEY", "DATABASE_URL"} & uploads._environment().keys()

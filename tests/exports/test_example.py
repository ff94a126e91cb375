"""The example that the README shows: whole, complete, and as easy to check as it says."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from runbook.exports.verifier import verify

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "finished-upgrade.zip"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_of_the_readme_finds_it_intact(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"verify\.py (examples/\S+) --fingerprint \"([0-9A-F ]+)\"", README)
    assert found

    assert verify.main([str(ROOT / found[1]), "--fingerprint", found[2]]) == 0
    assert capsys.readouterr().out.startswith("Intact: 131 events")


def test_it_is_changed_by_nobody_unnoticed(tmp_path: Path) -> None:
    content = EXAMPLE.read_bytes().replace(b"Attempt 1 failed", b"Attempt 1 passed", 1)
    (tmp_path / "changed.zip").write_bytes(content)

    assert verify.main([str(tmp_path / "changed.zip")]) in (1, 2)


def test_it_shows_every_format_and_the_pictures_that_were_handed_in() -> None:
    with zipfile.ZipFile(EXAMPLE) as archive:
        names = set(archive.namelist())
        pages = PdfReader(io.BytesIO(archive.read("report.pdf"))).pages
        html = archive.read("report.html").decode()

    endings = {name.rpartition(".")[2] for name in names if name.startswith("report.")}
    assert endings == {"csv", "html", "ics", "json", "md", "pdf", "svg", "txt"}
    assert sum(name.startswith("files/") for name in names) == 3  # one was handed in twice
    assert sum(len(page.images) for page in pages) == 3
    assert html.count('src="data:image/png;base64,') == 4

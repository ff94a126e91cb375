"""The commands that read a failure text and check the packs answer people and programs."""

import io
import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

FIXTURE = Path(__file__).parents[1] / "packs" / "fixture_pack"
CHALK = "Import failed: valve blocked by chalk"


class Input:
    """Standard input with bytes in it."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def answer(monkeypatch: pytest.MonkeyPatch, content: bytes, *options: str) -> str:
    monkeypatch.setattr("sys.stdin", Input(content))
    out = io.StringIO()
    call_command("diagnose", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "fixture_pack")
    return tmp_path


def check(root: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("check_packs", "--path", str(root), *options, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("content", [b"Tea is ready.", b"", b"\xff\xfeT\0e\0a\0", b"\xc3\x28"])
def test_one_text_gets_one_object(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    printed = json.loads(answer(monkeypatch, content, "--json"))

    assert printed["is_import_error"] is False
    assert [family["slug"] for family in printed["families"]] == ["not-an-import-error"]


def test_many_texts_get_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b'{"id": "a", "raw": "Tea."}\n\n{"id": 2, "raw": "80071151"}\n'

    printed = [json.loads(line) for line in answer(monkeypatch, rows, "--jsonl").splitlines()]

    assert [row["id"] for row in printed] == ["a", 2]
    assert printed[1]["codes"] == ["80071151"]


def test_a_line_that_is_no_object_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="Line 1 is no object with id and raw"):
        answer(monkeypatch, b"[]", "--jsonl")


def test_people_get_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = answer(monkeypatch, b"Import failed with 0x80071151, version 4.50.6")

    assert "concurrent-operation" in printed
    assert "codes: 80071151" in printed
    assert "versions: 4.50.6" in printed


def test_an_unknown_pack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="There is no pack 'moon'"):
        answer(monkeypatch, b"", "--pack", "moon")


def test_packs_in_order_are_reported_so(root: Path) -> None:
    assert check(root).strip() == "1 packs are in order."


def test_the_report_shows_each_family_with_its_hits(root: Path) -> None:
    printed = check(root, "--report")

    assert "busy                           samples 1/1   near misses kept away 1/1" in printed


def test_a_finding_is_printed_and_fails_the_check(root: Path) -> None:
    path = root / "fixture_pack" / "runbook.yaml"
    path.write_text(path.read_text().replace("undo: Flash the old firmware.", ""))
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 findings"):
        call_command("check_packs", "--path", str(root), stdout=out)

    assert "fixture_pack/runbook.yaml, step flash: removes something" in out.getvalue()


def test_a_pack_that_cannot_be_read_fails_the_check(root: Path) -> None:
    (root / "fixture_pack" / "pack.yaml").write_text("slug: [")

    with pytest.raises(CommandError, match=r"fixture_pack/pack\.yaml: cannot be read"):
        check(root)


def test_labelled_texts_are_measured(root: Path) -> None:
    labelled = root / "labelled.jsonl"
    rows = [
        {"id": "1", "raw": CHALK, "family": "bad-water", "surface": "dialog"},
        {"id": "2", "raw": CHALK, "family": "busy", "surface": "dialog", "code": "80040001"},
        {
            "id": "3",
            "raw": "0x80040002 status code BadGateway, workflow 41263d72-4dea-ee11-9048-000d3a341e15",
            "family": "bad-water",
            "code": "80040002",
            "status": "BadGateway",
            "component": {"id": "{41263D72-4DEA-EE11-9048-000D3A341E15}"},
        },
    ]
    labelled.write_text("\n".join(json.dumps(row) for row in rows))

    printed = check(root, "--samples", str(labelled))

    assert "best family right 1/3 (33.3 %)" in printed
    assert "code                           1/2 (50.0 %)" in printed
    assert "status                         1/1 (100.0 %)" in printed
    assert "unsafe: 1\n  3: bad-water was taken for busy" in printed

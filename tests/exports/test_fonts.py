"""The fonts that come along are those that SOURCES.txt names, whole, and free to be passed on."""

import hashlib
from pathlib import Path

from runbook.exports.files import FONTS

MOST = 16_000_000


def listed(folder: Path) -> dict[str, list[str]]:
    lines = (folder / "SOURCES.txt").read_text().splitlines()
    assert lines[0].split("\t") == ["file", "name", "version", "package", "licence", "sha256"]
    return {cells[0]: cells for cells in (line.split("\t") for line in lines[1:])}


def faults(folder: Path) -> list[str]:
    """What differs between the folder and its list."""
    known = listed(folder)
    present = {path.name for path in folder.iterdir()} - {"SOURCES.txt"}
    found = [f"{name} is not listed" for name in sorted(present - known.keys())]
    found += [f"{name} is missing" for name in sorted(known.keys() - present)]
    return found + [
        f"{name} differs from its sum"
        for name in sorted(present & known.keys())
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != known[name][-1]
    ]


def test_the_folder_is_its_list() -> None:
    assert faults(FONTS) == []


def test_a_changed_a_new_and_a_missing_font_are_noticed(tmp_path: Path) -> None:
    """Negative control."""
    (tmp_path / "SOURCES.txt").write_text(
        "file\tname\tversion\tpackage\tlicence\tsha256\n"
        "a.ttf\tA\t1\tp\tOFL-1.1\t0\nb.ttf\tB\t1\tp\tOFL-1.1\t0\n"
    )
    (tmp_path / "a.ttf").write_text("changed")
    (tmp_path / "c.ttf").write_text("new")

    assert faults(tmp_path) == [
        "c.ttf is not listed",
        "b.ttf is missing",
        "a.ttf differs from its sum",
    ]


def test_every_font_is_under_the_open_font_licence() -> None:
    licence = (FONTS / "OFL.txt").read_text()

    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    for name, cells in listed(FONTS).items():
        assert cells[4] == "OFL-1.1"
        if name.endswith(".ttf"):
            assert f"{cells[1].removesuffix(' Regular').removesuffix(' Bold')}: " in licence


def test_the_fonts_stay_small_enough_to_be_kept() -> None:
    assert sum(path.stat().st_size for path in FONTS.glob("*.ttf")) < MOST

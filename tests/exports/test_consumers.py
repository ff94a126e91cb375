"""Exports opened by the programs that people open them with: Poppler, LibreOffice, a JSON validator.

`boot.py test` installs what is missing where it can; elsewhere these tests are skipped by name.
"""

import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from PIL import Image

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.exports import FORMATS
from runbook.exports.cells import original
from runbook.exports.format import Handout
from tests.exports.exhibits import ARABIC, exhibit, picture, showing, showing_pictures
from tests.exports.long_run import SCRIPTS, long_run
from tests.exports.records import LEAD, failed_run, handout
from tests.exports.test_csv_timeline import PAYLOADS

ROOT = Path(__file__).resolve().parent.parent.parent
poppler = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="Poppler is missing: apt-get install poppler-utils"
)
office = pytest.mark.skipif(
    not shutil.which("soffice"), reason="LibreOffice is missing: apt-get install libreoffice-calc"
)


def ran(*command: object, given: bytes | None = None) -> bytes:
    """What a program answers."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=given, capture_output=True, check=True, timeout=120)
    return done.stdout


def text_of(handed: Handout, *options: str) -> str:
    """The words of the paper as Poppler reads them, without its marks for directions."""
    found = ran("pdftotext", *options, "-", "-", given=FORMATS["pdf"].render(handed)).decode()
    return re.sub("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", "", found)


def pictures_of(handed: Handout, folder: Path, *options: str) -> list[Path]:
    """The pictures that Poppler takes out of the paper, in order."""
    paper = folder / "paper.pdf"
    paper.write_bytes(FORMATS["pdf"].render(handed))
    ran("pdfimages", *options, paper, folder / "out")
    return sorted(folder.glob("out-*"))


@poppler
@pytest.mark.parametrize("script", SCRIPTS)
def test_poppler_reads_what_was_typed_in_every_script(script: str) -> None:
    told = SCRIPTS[script]
    found = text_of(handout(error=f"first line\n{told}\nlast line"))

    assert told in found


@poppler
def test_poppler_reads_every_entry_of_the_timeline() -> None:
    made = handout(long_run())
    found = " ".join(text_of(made, "-layout").split())

    for line in made.report.lines:
        assert all(word in found for word in line.headline.split())
    assert made.report.head in found


@poppler
def test_each_page_names_run_head_and_its_number() -> None:
    made = handout(long_run())
    pages = text_of(made).rstrip("\f").split("\f")

    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Run {made.report.run}" in page
        assert chain.fingerprint(made.report.head) in page
        assert f"Page {number} of {len(pages)}" in page


@poppler
def test_every_font_comes_along() -> None:
    told = ran("pdffonts", "-", given=FORMATS["pdf"].render(handout(long_run()))).decode()
    rows = [line.split() for line in told.splitlines()[2:]]

    assert len(rows) >= 5
    assert {row[-5] for row in rows} == {"yes"}  # columns from behind: emb sub uni object


@poppler
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_poppler_takes_out_the_picture_that_was_stored(mode: str, tmp_path: Path) -> None:
    stored = picture((640, 400), mode=mode)
    taken, *_ = pictures_of(showing_pictures(stored), tmp_path, "-png")
    found = Image.open(taken)

    assert found.size == (640, 400)
    assert found.convert("RGB").tobytes() == Image.open(io.BytesIO(stored)).convert("RGB").tobytes()


@poppler
def test_poppler_takes_out_a_photo_byte_by_byte(tmp_path: Path) -> None:
    stored = picture((640, 400), fmt="JPEG")
    [taken] = pictures_of(showing_pictures(stored), tmp_path, "-all")

    assert taken.read_bytes() == stored


@poppler
def test_no_picture_is_blown_up(tmp_path: Path) -> None:
    """A small one stands as large as on a screen; a large one has more dots to the inch."""
    small, large = picture((90, 60)), picture((3000, 2000))
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(FORMATS["pdf"].render(showing_pictures(small, large)))
    rows = [line.split() for line in ran("pdfimages", "-list", paper).decode().splitlines()[2:]]
    found = {(int(row[3]), int(row[4])): int(row[12]) for row in rows}

    assert found[90, 60] == 96
    assert found[3000, 2000] > 300


@poppler
def test_the_picture_can_be_seen_on_its_page(tmp_path: Path) -> None:
    """Drawn by Poppler at 96 dots to the inch, the stored pixels come out at their own size."""
    out = io.BytesIO()
    Image.new("RGB", (200, 120), (10, 200, 30)).save(out, "PNG")
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(FORMATS["pdf"].render(showing_pictures(out.getvalue())))
    ran("pdftoppm", "-r", 96, "-png", paper, tmp_path / "page")
    green = [
        sum(count for count, colour in _colours(path) if colour == (10, 200, 30))
        for path in sorted(tmp_path.glob("page-*.png"))
    ]

    assert green.count(0) == len(green) - 1
    assert max(green) == pytest.approx(200 * 120, rel=0.05)


def _colours(path: Path) -> list[tuple[int, object]]:
    found = Image.open(path).convert("RGB")
    return [*(found.getcolors(found.width * found.height) or [])]


@poppler
def test_an_arabic_caption_stands_at_the_right() -> None:
    """The last line is a single word: it ends where the page ends, and a Latin one begins the line."""
    right, left = 595.3 - 51, 51
    beginning, end = place_of_last_word(f"{ARABIC}\nقصير", word="قصير"[::-1])
    assert end == pytest.approx(right, abs=2)
    assert beginning > right - 60

    beginning, _ = place_of_last_word("A caption\nshort", word="short")
    assert beginning == pytest.approx(left, abs=2)


def place_of_last_word(caption: str, *, word: str) -> tuple[float, float]:
    """Where a word begins and ends on the line; Poppler tells its letters from left to right."""
    stored = picture()
    made = showing(exhibit(1, stored, caption=caption), contents=(stored,))
    told = ran("pdftotext", "-bbox", "-", "-", given=FORMATS["pdf"].render(made)).decode()
    [found] = re.findall(rf'xMin="([\d.]+)"[^>]*xMax="([\d.]+)"[^>]*>{word}<', told)
    return float(found[0]), float(found[1])


@poppler
def test_an_arabic_caption_is_read_as_it_was_typed() -> None:
    stored = picture()
    caption = f"{ARABIC} تثبيت ثالث"
    made = showing(exhibit(1, stored, caption=caption), contents=(stored,))

    assert caption in text_of(made)


@poppler
def test_outside_the_team_poppler_finds_no_picture(tmp_path: Path) -> None:
    assert pictures_of(showing_pictures(picture(), inside=False), tmp_path, "-png") == []


#: One for each separator that a program may take: comma, semicolon, tab.
SEPARATORS = {"comma": 44, "semicolon": 59, "tab": 9}
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"
TYPED = [*SCRIPTS.values(), "=1+1", "@SUM(1)", "+49 30 1234", "-", "a; =1, =2", "'quoted", ARABIC]


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LibreOffice's own folder, away from that of the person who runs the tests."""
    return tmp_path_factory.mktemp("office")


def opened(
    table: bytes, folder: Path, profile: Path, *, separator: int = 44
) -> ElementTree.Element:
    """The table as LibreOffice has it after opening, formulas worked out."""
    (folder / "table.csv").write_bytes(table)
    ran(
        "soffice",
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        # Quotes, UTF-8, from line 1, numbers and dates found, formulas run: all that could go wrong.
        f"--infilter=CSV:{separator},34,76,1,,0,false,true,false,false,false,-1,true",
        *("--convert-to", "fods", "--outdir", folder, folder / "table.csv"),
    )
    return ElementTree.fromstring((folder / "table.fods").read_bytes())  # noqa: S314 - our own


def formulas(sheet: ElementTree.Element) -> list[str]:
    attribute = _ODF % ("table", "formula")
    return [cell.attrib[attribute] for cell in sheet.iter() if attribute in cell.attrib]


def texts(sheet: ElementTree.Element) -> set[str]:
    """What the cells show."""
    cells = sheet.iter(_ODF % ("table", "table-cell"))
    return {
        "\n".join(_words(each) for each in cell.findall(_ODF % ("text", "p"))) for cell in cells
    }


def _words(part: ElementTree.Element) -> str:
    blanks = {_ODF % ("text", "s"): " ", _ODF % ("text", "tab"): "\t"}
    found = part.text or ""
    for each in part:
        count = int(each.attrib.get(_ODF % ("text", "c"), "1"))
        found += blanks.get(each.tag, "") * count + _words(each) * (each.tag not in blanks)
        found += each.tail or ""
    return found


def noted(*words: str) -> Handout:
    """A record with these notes, each the detail of an entry."""
    told = [(31 + place, ev.NoteAdded(text=each), LEAD) for place, each in enumerate(words)]
    return handout([*failed_run(), *told])


@office
@pytest.mark.parametrize("separator", SEPARATORS)
def test_libreoffice_runs_no_formula_of_the_table(
    separator: str, tmp_path: Path, profile: Path
) -> None:
    made = noted(*(each for each in PAYLOADS if each.strip()))
    lines = tuple(replace(line, headline=line.detail or "=1+1") for line in made.report.lines)
    table = FORMATS["csv"].render(replace(made, report=replace(made.report, lines=lines)))
    sheet = opened(table, tmp_path, profile, separator=SEPARATORS[separator])

    assert formulas(sheet) == []
    assert len(texts(sheet)) > 60


@office
def test_without_the_guard_libreoffice_would_run_them(tmp_path: Path, profile: Path) -> None:
    """The control: this very way of opening runs a formula."""
    sheet = opened(b'\xef\xbb\xbf"Entry","What"\r\n"1","=1+1"\r\n', tmp_path, profile)

    assert formulas(sheet) == ["of:=1+1"]


@office
def test_in_libreoffice_the_text_is_as_it_was_typed(tmp_path: Path, profile: Path) -> None:
    sheet = opened(FORMATS["csv"].render(noted(*TYPED)), tmp_path, profile)
    found = {original(each) for each in texts(sheet)}

    assert [each for each in TYPED if each not in found] == []


def schema(name: str = "") -> jsonschema_rs.Draft202012Validator:
    """The published schema of the record, or of a part of it."""
    told = json.loads((ROOT / "static" / "schemas" / "record-1.schema.json").read_bytes())
    if name:
        told = {"$schema": told["$schema"], "$ref": f"#/$defs/{name}", "$defs": told["$defs"]}
    return jsonschema_rs.Draft202012Validator(told)


def faults(bundle: object, name: str = "") -> list[str]:
    return [each.message for each in schema(name).iter_errors(bundle)]


@pytest.mark.parametrize("told", [failed_run()[:1], failed_run(), long_run()])
def test_the_bundle_keeps_to_its_published_schema(told: list) -> None:  # type: ignore[type-arg]
    assert faults(json.loads(FORMATS["json"].render(handout(told)))) == []


def test_the_bundle_keeps_to_it_after_an_erasure() -> None:
    made = handout(error=None)
    gone = replace(made.links[1], salt=None, body=None, erased=True)
    without = replace(made, links=(made.links[0], gone, *made.links[2:]))

    assert faults(json.loads(FORMATS["json"].render(without))) == []


def test_the_published_schema_is_one() -> None:
    told = json.loads((ROOT / "static" / "schemas" / "record-1.schema.json").read_bytes())

    jsonschema_rs.meta.validate(told)
    assert told["properties"]["schema"] == {"const": 1}


def _spoiled() -> list[tuple[str, dict]]:  # type: ignore[type-arg]
    """A bundle with one thing wrong, for each thing that can be."""
    made = FORMATS["json"].render(handout())
    found = []
    for key in json.loads(made):
        without = json.loads(made)
        del without[key]
        found.append((f"without {key}", without))
    for key in json.loads(made)["events"][0]:
        without = json.loads(made)
        del without["events"][0][key]
        found.append((f"an event without {key}", without))
    for path, wrong in (
        (("schema",), 2),
        (("head", "hash"), "x" * 64),
        (("events", 0, "header", "at"), "yesterday"),
        (("events", 0, "header", "more"), 1),
        (("events", 0, "payload", "happened_at"), None),
        (("state", "stage"), ""),
        (("people", LEAD), None),
        (("more",), 1),
    ):
        whole = json.loads(made)
        place = whole
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = wrong
        found.append((".".join(map(str, path)), whole))
    return found


@pytest.mark.parametrize("spoiled", [pytest.param(each, id=name) for name, each in _spoiled()])
def test_the_schema_notices_what_is_wrong(spoiled: dict) -> None:  # type: ignore[type-arg]
    assert faults(spoiled) != []

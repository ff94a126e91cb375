"""Evidence on paper: pictures as they are stored, everything else by name, nothing silently left out."""

import io
import subprocess
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from runbook.domain.report import Exhibit
from runbook.exports import FORMATS, paper_evidence
from runbook.exports.evidence_words import GONE, INSIDE, STAYED, Room
from runbook.exports.format import Handout
from runbook.exports.formats.pdf import content
from runbook.exports.paper_evidence import NOT_SET, print_pictures
from runbook.exports.typesetting import set_on_paper
from tests.exports.exhibits import exhibit, picture, showing, showing_pictures
from tests.exports.reading import pages_of, without_blanks
from tests.exports.records import START


def paper(handout: Handout) -> str:
    """The words of the paper without the ends of its lines."""
    return " ".join("\n".join(pages_of(FORMATS["pdf"].render(handout))).split())


def pictures_in(written: bytes) -> list[list[Image.Image]]:
    """The pictures of each page."""
    return [
        [each.image for each in page.images if each.image is not None]
        for page in PdfReader(io.BytesIO(written)).pages
    ]


def colours(content: bytes) -> bytes:
    return Image.open(io.BytesIO(content)).convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_picture_stands_on_paper_with_every_pixel(mode: str) -> None:
    stored = picture((900, 700), mode=mode)
    [found] = [each for page in pictures_in(paper_of(stored)) for each in page]

    assert found.size == (900, 700)
    assert found.convert("RGB").tobytes() == colours(stored)


def test_a_photo_stands_on_paper_byte_by_byte() -> None:
    stored = picture((900, 700), fmt="JPEG")

    assert stored in paper_of(stored)


def paper_of(*contents: bytes) -> bytes:
    return FORMATS["pdf"].render(showing_pictures(*contents))


def test_two_pictures_fit_on_a_page_however_tall_they_are() -> None:
    tall = [picture((1000, 3000), seed=seed) for seed in range(1, 8)]
    counts = [len(page) for page in pictures_in(paper_of(*tall)) if page]

    assert set(counts[1:-1]) == {2}
    assert sum(counts) == 7


def test_beside_its_picture_stands_what_is_known_of_it() -> None:
    late = START + timedelta(minutes=40)
    stored = picture((640, 480))
    told = exhibit(3, stored, caption="升级失败 BadGateway", recorded_at=late)
    found = paper(showing(told, contents=(stored,)))

    for words in (
        "1 piece of evidence, 1 picture among them.",
        "Evidence 3: Import · Picture of the plate",
        "升级失败 BadGateway",
        "screen-3.png",
        f"640 by 480 pixels, {len(stored):,} bytes",
        "2026-11-21 22:21 CET, recorded 2026-11-21 22:40 CET, by Ana, entry 6",
        told.digest,
    ):
        assert words in found


def test_files_that_are_no_pictures_are_listed_by_name_and_sum() -> None:
    told = exhibit(2, name="import-log.xml", kind="XML log", size=98_765)
    package = exhibit(4, name="Core.zip", kind="package, not kept", kept=False, size=1)
    pasted = exhibit(5, name="", kind="text, pasted", is_file=False)
    found = paper(showing(told, package, pasted))

    assert "import-log.xml" in found
    assert "XML log, 98,765 bytes" in found
    assert "Package, not kept, 1 byte" in found
    assert f"SHA-256 {told.digest}".replace(" ", "") in without_blanks(found)
    assert f"Digest{pasted.digest}" in without_blanks(found)
    assert "3 pieces of evidence; none of them is a picture." in found


def test_what_was_erased_says_so_and_why() -> None:
    gone = exhibit(
        1,
        caption="",
        name="",
        kind="",
        digest="",
        kept=False,
        erased="It showed a customer",
        erased_by="Ben",
        erased_at=START,
    )
    found = paper(showing(gone))

    assert "Erased: It showed a customer" in found
    assert "2026-11-21 22:00 CET by Ben, 4,711 bytes before" in found
    assert "SHA-256" not in found


@pytest.mark.parametrize("stored", [None, b"GIF89a no picture of ours"])
def test_a_picture_that_cannot_be_read_is_listed(stored: bytes | None) -> None:
    told = exhibit(1, picture())
    made = replace(showing(told), pictures=lambda digest: stored)

    assert GONE in paper(made)
    assert "1 of them is listed, not shown." in paper(made)


def test_outside_the_team_the_words_go_and_the_picture_stays() -> None:
    stored = picture()
    made = showing_pictures(stored, inside=False)
    written = FORMATS["pdf"].render(made)

    assert pictures_in(written) == [[] for _ in pages_of(written)]
    assert STAYED in paper(made)
    assert INSIDE in paper(made)
    assert "What the portal showed, time 1" in paper(made)


def test_the_same_handout_inside_shows_it() -> None:
    """The control: only who receives it makes the difference."""
    assert pictures_in(paper_of(picture())).count([]) < len(pictures_in(paper_of(picture())))


@pytest.mark.parametrize("kept", ["bytes", "pixels"])
def test_pictures_beyond_a_weight_are_listed_with_where_they_are(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = [picture(seed=seed) for seed in (1, 2, 3)]
    limits = {"bytes": 10**9, "pixels": 10**9}
    limits[kept] = {"bytes": sum(map(len, stored)) - 1, "pixels": 320 * 200 * 2}[kept]
    monkeypatch.setattr(paper_evidence, "ROOM", Room(**limits))
    made = showing_pictures(*stored)
    found = paper(made)

    assert sum(map(len, pictures_in(FORMATS["pdf"].render(made)))) == 2
    assert "3 pieces of evidence, 3 pictures among them." in found
    assert "1 of them is listed, not shown." in found
    assert "Not shown: one file holds pictures of" in found
    assert "in the ZIP as files/ with its SHA-256" in found


def test_a_large_picture_leaves_room_for_the_small_ones_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, small = picture((800, 800)), picture((50, 50))
    monkeypatch.setattr(paper_evidence, "ROOM", Room(bytes=10**9, pixels=10_000))
    [found] = [each for page in pictures_in(paper_of(large, small)) for each in page]

    assert found.size == (50, 50)


def test_one_picture_after_the_other_is_read(tmp_path: Path) -> None:
    """Whatever they weigh together, no more than one of them is held."""
    stored = [picture(seed=seed) for seed in (1, 2, 3)]
    made, order = showing_pictures(*stored), []

    def read(digest: str) -> bytes | None:
        order.append(sorted(path.name for path in tmp_path.iterdir()))
        assert made.pictures is not None
        return made.pictures(digest)

    print_pictures(replace(made, pictures=read), tmp_path)

    assert order == [[], ["1.png"], ["1.png", "2.png"]]


def test_pictures_that_cannot_be_set_do_not_stop_the_paper() -> None:
    broken = picture()[:60] + b"nothing that any reader could draw"
    made = showing_pictures(picture(seed=2), broken)

    assert NOT_SET in paper(made)
    assert "2 of them are listed, not shown." in paper(made)


def test_the_folder_of_the_pictures_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[list[str]] = []
    real = subprocess.run

    def run(*args: object, **options: object) -> object:
        seen.append(sorted(path.name for path in tmp_path.glob("paper-*/*")))
        return real(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", run)
    paper_of(picture(), picture(fmt="JPEG"))

    assert seen == [["1.png", "2.jpg"]]
    assert list(tmp_path.iterdir()) == []


def test_the_same_pictures_give_the_same_bytes() -> None:
    """The name of the folder, which is another each time, leaves no trace."""
    stored = (picture(), picture(fmt="JPEG"))

    assert paper_of(*stored) == paper_of(*stored)


HOSTILE = '#image("/etc/passwd") #read("1.png") <x> *b* ../../1.png \u202egnp'


def test_what_people_say_of_a_picture_is_text() -> None:
    stored = picture()
    told: dict[str, Any] = {
        "caption": HOSTILE,
        "name": HOSTILE,
        "step": HOSTILE,
        "slot": "",
        "actor": HOSTILE,
    }
    named = {**told, "erased": HOSTILE}
    found = paper(showing(exhibit(1, stored, **told), exhibit(2, **named), contents=(stored,)))

    assert without_blanks(found).count(without_blanks('#image("/etc/passwd")#read("1.png")')) >= 6
    assert "\u202e" not in found
    assert "‹U+202E›" in found


def test_each_picture_has_words_for_who_cannot_see_it(tmp_path: Path) -> None:
    """By the rules of PDF/UA, under which a picture without them is an error."""
    stored = picture()
    made = showing(exhibit(1, stored, caption="", slot=""), contents=(stored,))
    printed = print_pictures(made, tmp_path)
    told = content(made.report, printed, folder=tmp_path)

    assert set_on_paper(told, standards=("ua-1",), pictures=tmp_path).startswith(b"%PDF")
    assert told["evidence"]["pictures"][0]["alt"] == "Import"


def test_a_record_without_evidence_says_none() -> None:
    assert content(showing().report)["evidence"] == {
        "summary": "",
        "pictures": [],
        "heads": ["No.", "What", "Content", "Handed in"],
        "told": "",
        "rows": [],
    }


def test_of_very_many_pieces_the_newest_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_evidence, "MOST_ROWS", 5)
    many: list[Exhibit] = [exhibit(number) for number in range(1, 9)]
    made = content(showing(*many).report)["evidence"]

    assert [row[0] for row in made["rows"]] == ["4", "5", "6", "7", "8"]
    assert made["told"].startswith("Of 8 of these the newest 5 are on paper.")

"""What comes out of the inspection is painted or written anew; what is hostile stays out (IN-06 to IN-10)."""

import io
import json
import struct
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.handed_files import Box, FileKind
from runbook.services import file_inspection, files, objects, uploads
from runbook.services.file_inspection import inspect
from tests import handed_files
from tests.domain.diagnosis.surfaces.builders import GATEWAY, log_row, spreadsheet
from tests.handed_files import FOREIGN, GOOD, chunk, image, photo, png_of, white

PNG, JPEG, WEBP, XML, TEXT = (
    FileKind.PNG,
    FileKind.JPEG,
    FileKind.WEBP,
    FileKind.XML,
    FileKind.TEXT,
)


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def refused_by(content: bytes, kind: FileKind) -> str:
    with pytest.raises(Unreadable) as refused:
        inspect(content, kind)
    return refused.value.sentence


# --- IN-09: pictures ------------------------------------------------------------------------------

HIDDEN = b"<script>alert(1)</script>"
POLYGLOTS = {
    "png and html": (PNG, image() + HIDDEN),
    "png and zip": (PNG, image() + handed_files.solution() + HIDDEN),
    "text chunk": (
        PNG,
        image()[:33] + chunk(b"tEXt", b"Comment\0" + HIDDEN) + image()[33:],
    ),
    "unknown chunk": (PNG, image()[:33] + chunk(b"prIv", HIDDEN) + image()[33:]),
    "packed text": (
        PNG,
        image()[:33] + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(HIDDEN)) + image()[33:],
    ),
    "jpeg and html": (JPEG, image("JPEG") + HIDDEN),
    "jpeg comment": (JPEG, image("JPEG", comment=HIDDEN)),
    "jpeg profile": (JPEG, image("JPEG", icc_profile=HIDDEN * 9)),
    "webp profile": (WEBP, image("WEBP", icc_profile=HIDDEN * 9)),
    "webp xmp": (WEBP, image("WEBP", xmp=HIDDEN * 9)),
}


@pytest.mark.parametrize("case", POLYGLOTS)
def test_nothing_but_the_picture_comes_out(case: str) -> None:
    kind, content = POLYGLOTS[case]
    assert HIDDEN in content or case == "packed text"

    facts, clean = inspect(content, kind)

    assert HIDDEN not in clean
    assert b"PK\x03\x04" not in clean
    assert opened(clean).size == (60, 40)
    assert set(opened(clean).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert facts["width"], facts["height"]


def test_a_photo_loses_place_person_and_camera_and_stands_upright() -> None:
    content = photo()
    assert b"CameraMaker" in content

    facts, clean = inspect(content, JPEG)

    assert facts["taken"] == "2026-11-20T20:14:05"
    picture = opened(clean)
    assert picture.size == (40, 60)
    assert not picture.getexif()
    for trace in (b"CameraMaker", b"Secretname", b"2026", b"Exif", b"Ana was here"):
        assert trace not in clean


@pytest.mark.parametrize("taken", ["", "yesterday", "2026:99:99 99:99:99", "0000:00:00 00:00:00"])
def test_a_time_that_is_none_is_not_offered(taken: str) -> None:
    assert inspect(photo(taken=taken), JPEG)[0]["taken"] == ""


def animated(fmt: str) -> bytes:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, fmt, save_all=True, append_images=frames[1:], lossless=True)
    return out.getvalue()


@pytest.mark.parametrize("kind", [PNG, WEBP])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: FileKind) -> None:
    content = animated(kind.value.upper())
    assert opened(content).n_frames == 3  # type: ignore[attr-defined]

    _, clean = inspect(content, kind)

    assert getattr(opened(clean), "n_frames", 1) == 1
    assert opened(clean).convert("RGB").getpixel((30, 20)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_painted(mode: str) -> None:
    content = image(mode=mode) if mode != "I;16" else _sixteen()

    _, clean = inspect(content, PNG)

    assert opened(clean).mode in {"RGB", "RGBA"}
    assert opened(clean).size == (60, 40)


def _sixteen() -> bytes:
    out = io.BytesIO()
    Image.new("I;16", (60, 40), 40_000).save(out, "PNG")
    return out.getvalue()


def test_a_picture_for_printing_is_painted_in_colours_of_screens() -> None:
    _, clean = inspect(image("JPEG", mode="CMYK"), JPEG)

    red, green, _ = opened(clean).convert("RGB").getpixel((10, 20))  # type: ignore[misc]
    assert opened(clean).mode == "RGB"
    assert red > 200 > green


def test_a_large_painting_is_kept_as_jpeg_unless_something_shines_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file_inspection, "_LARGE", 10)

    assert inspect(image(), PNG)[0]["kind"] is JPEG
    assert inspect(image(mode="RGBA"), PNG)[0]["kind"] is PNG
    assert inspect(image("WEBP"), WEBP)[0]["kind"] is JPEG


BOMBS = {
    "144 megapixels in little": (PNG, png_of(12_000, 12_000, data=white(12_000, 12_000))),
    "400 megapixels said": (PNG, png_of(20_000, 20_000, data=b"")),
    "one long side": (PNG, png_of(12_001, 10, data=white(12_001, 10))),
    "gigapixels said": (PNG, png_of(0x7FFFFFFF, 0x7FFFFFFF, data=b"")),
    "huge webp said": (
        WEBP,
        b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + b"\0" * 8,
    ),
    "packed text of 200 MB": (
        PNG,
        png_of(
            60,
            40,
            data=white(60, 40),
            extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000)),
        ),
    ),
    "packed profile of 200 MB": (
        PNG,
        png_of(
            60,
            40,
            data=white(60, 40),
            extra=chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 200_000_000)),
        ),
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_within_a_second(case: str) -> None:
    kind, content = BOMBS[case]
    assert len(content) < 1024 * 1024
    begun = time.process_time()

    try:
        _, clean = inspect(content, kind)
    except Unreadable:
        clean = b""

    assert time.process_time() - begun < 1
    # What is packed beside the pixels may be left out instead; it never comes along.
    assert not clean or ("packed" in case and len(clean) < 1000)


@pytest.mark.parametrize("kind", [PNG, JPEG, WEBP])
def test_a_cut_or_mistaken_picture_is_refused(kind: FileKind) -> None:
    _, content = GOOD[kind]
    big = image(kind.value.upper(), size=(600, 400))

    assert refused_by(big[: len(big) // 2], kind) == file_inspection.DAMAGED
    for other in {PNG, JPEG, WEBP} - {kind}:
        assert refused_by(content, other) == file_inspection.OTHER_PICTURE
    assert refused_by(content[:12] + b"\xff" * 200, kind)


def test_a_broken_checksum_is_refused() -> None:
    content = bytearray(image())
    struct.pack_into(">I", content, 29, 1)

    assert refused_by(bytes(content), PNG)


def with_a_word(fmt: str, word: str) -> bytes:
    picture = Image.new("RGB", (60, 40), "white")
    ImageDraw.Draw(picture).text((12, 12), word, fill="black")
    out = io.BytesIO()
    picture.save(out, fmt, lossless=True) if fmt == "WEBP" else picture.save(out, fmt)
    return out.getvalue()


@pytest.mark.parametrize("kind", [PNG, WEBP])
def test_what_a_box_covers_leaves_no_trace(kind: FileKind) -> None:
    words = [with_a_word(kind.value.upper(), word) for word in ("ana", "ben")]
    boxes = [Box(8, 8, 52, 32), Box(-50, 35, 5, 900)]

    plain = {inspect(content, kind)[1] for content in words}
    covered = {inspect(content, kind, boxes=boxes)[1] for content in words}

    assert len(plain) == 2
    assert len(covered) == 1
    picture = opened(covered.pop()).convert("RGB")
    assert picture.crop((8, 8, 52, 32)).getextrema() == ((0, 0),) * 3
    assert picture.getpixel((2, 38)) == (0, 0, 0)
    assert picture.getpixel((2, 2)) == (255, 255, 255)


def test_a_box_covers_what_shines_through_and_the_colours_of_a_photo() -> None:
    boxes = [Box(10, 10, 30, 30)]

    see_through = inspect(image(mode="RGBA"), PNG, boxes=boxes)[1]
    photograph = inspect(image("JPEG"), JPEG, boxes=boxes)[1]

    assert opened(see_through).getpixel((15, 15)) == (0, 0, 0, 255)
    assert max(opened(photograph).getpixel((20, 20))) < 12  # type: ignore[arg-type, type-var]


def test_boxes_lie_where_a_person_sees_them_on_a_turned_photo() -> None:
    _, clean = inspect(photo(), JPEG, boxes=[Box(0, 0, 40, 20)])

    picture = opened(clean)
    assert max(picture.getpixel((20, 5))) < 12  # type: ignore[arg-type, type-var]
    assert max(picture.getpixel((20, 50))) > 90  # type: ignore[arg-type, type-var]


# --- IN-08: logs ----------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "billion laughs": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><a>{"&b;" * 10_000}</a>',
    "external entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "external document type": '<!DOCTYPE a SYSTEM "http://198.51.100.1/a.dtd"><a/>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://198.51.100.1/b"> %b;]><a/>',
    "depth 200 000": "<a>" * 200_000 + "</a>" * 200_000,
    "200 000 attributes": "<a " + " ".join(f'b{n}="c"' for n in range(200_000)) + "/>",
    "utf-7": '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
    "drawing behind a comment": f'<?xml version="1.0"?><!-- {"x" * 9000} --><svg/>',
    "page behind a comment": f'<?xml version="1.0"?><!-- {"x" * 9000} --><x:html xmlns:x="y"/>',
    "too many elements": "<a>" + "<b/>" * 1_100_000 + "</a>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_refused_within_a_second(case: str, encoding: str) -> None:
    content = HOSTILE[case].encode(encoding)
    begun = time.process_time()

    assert refused_by(content, XML)

    assert time.process_time() - begun < 1.5


def test_an_inclusion_is_kept_as_words_and_never_followed() -> None:
    text = '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></a>'

    _, clean = inspect(text.encode(), XML)

    assert clean.decode() == text


def test_an_honest_log_is_kept_whole_without_its_secrets() -> None:
    log = spreadsheet([log_row("Failure", "0x80097376", f"{GATEWAY} password=hunter2hunter2")])

    facts, clean = inspect(log.encode("utf-16"), XML)

    assert facts["secrets"] == 1
    assert "BadGateway" in clean.decode()
    assert "hunter2" not in clean.decode()
    assert inspect(b"lamp\0" + b"x" * 200, TEXT)[1].decode() == "lamp\ufffd" + "x" * 200


# --- IN-10: each kind and what is not of it, through the whole pipeline -------------------------------


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("kind", GOOD)
def test_a_foreign_content_is_refused_with_a_reason(kind: str, foreign: str) -> None:
    name, _ = GOOD[kind]

    with pytest.raises(Unreadable) as refused:
        files.receive(io.BytesIO(FOREIGN[foreign]), name)

    assert len(refused.value.sentence) > 10
    assert not list(objects.incoming().iterdir())


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_one_comes_through_the_process_as_it_should(kind: str) -> None:
    name, content = GOOD[kind]

    ready = files.receive(io.BytesIO(content), name)

    assert ready.size_received == len(content)
    assert (ready.path is None) == (kind == "zip")
    if ready.path is not None:
        assert objects.digest_of(ready.path.read_bytes()) == ready.sha256_stored
        assert ready.path.stat().st_mode & 0o077 == 0
    ready.discard()
    assert not list(objects.incoming().iterdir())


def test_the_own_time_comes_through_the_process_although_nothing_can_be_loaded_there() -> None:
    ready = files.receive(io.BytesIO(photo()), "p.jpg", boxes=[Box(1, 1, 9, 9)])
    ready.discard()

    assert (ready.facts["taken"], ready.facts["boxes"]) == ("2026-11-20T20:14:05", 1)


# --- the process itself -----------------------------------------------------------------------------

DEEDS = {
    "takes memory": "bytearray(u.MEMORY)",
    "never ends": "[None for _ in iter(int, 1)]",
    "connects": "socket.socket()",
    "writes": "open(sys.argv[3], 'w').write('x')",
    "says too little": "print('no')",
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize("deed", DEEDS)
def test_what_takes_too_much_is_stopped(
    deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process as it is, but looking at the file does a bad deed instead."""
    target = tmp_path / "x"
    program = tmp_path / "bad_inspection.py"
    program.write_text(
        "import socket, sys\nimport runbook.services.uploads as u\nu.CPU_SECONDS = 1\n"
        "import runbook.services.file_inspection as f\nsys.argv.append("
        f"{str(target)!r})\nf.inspect = lambda *rest, **more: ({DEEDS[deed]}, b'')\n"
        "f._main(f.FileKind('text'), ())\n"
    )
    monkeypatch.setattr(
        uploads, "_environment", lambda: {"PYTHONPATH": f"{uploads._HOUSE}:{tmp_path}"}
    )

    (tmp_path / "in").write_bytes(b"x")
    with (tmp_path / "in").open("rb") as file, pytest.raises(Unreadable, match="too much"):
        uploads.answer_apart("bad_inspection", file=file)

    assert not target.exists()


def test_the_process_is_told_nothing_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "top")
    (tmp_path / "tells.py").write_text(
        "import json, os\nprint(json.dumps({'told': sorted(os.environ), "
        "'open': sorted(os.listdir('/proc/self/fd'))}))\n"
    )
    known = uploads._environment()
    monkeypatch.setattr(uploads, "_environment", lambda: {**known, "PYTHONPATH": str(tmp_path)})

    with (tmp_path / "in").open("w+b") as file:
        facts, clean = uploads.answer_apart("tells", file=file)

    assert not {"SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"} & set(facts["told"])
    assert json.dumps(facts["open"]) == json.dumps(["0", "1", "2", "3"])  # 3 is the listing itself
    assert clean == b""

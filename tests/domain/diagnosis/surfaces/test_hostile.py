"""Hostile, binary, empty and unreadable things get one sentence in bounded work (IN-06 to IN-08)."""

import struct
import time
import zipfile
import zlib
from io import BytesIO

import pytest

from runbook.domain.diagnosis.surfaces import limits
from runbook.domain.diagnosis.surfaces.handed import Surface
from runbook.domain.diagnosis.surfaces.recognising import recognise
from tests.domain.diagnosis.surfaces.builders import (
    GATEWAY,
    codes_of,
    log_row,
    refusal,
    spreadsheet,
    zip_end,
    zip_entry,
    zip_of,
)

BOUND = 3.0  # seconds; the catalogue asks for 1, but a test machine is shared


def many_attributes(count: int) -> str:
    return " ".join(f"a{number}='1'" for number in range(count))


DECLARATION = '<?xml version="1.0"?>'
LAUGHS = "".join(f"<!ENTITY l{n} '" + f"&l{n - 1};" * 10 + "'>" for n in range(1, 10))
ROOTS = ("lolz", "Workbook", "ss:Workbook", "importexportxml")
XML = {
    "billion laughs": f'<!DOCTYPE ROOT [<!ENTITY l0 "lol">{LAUGHS}]><ROOT>&l9;</ROOT>',
    "quadratic blow-up": f'<!DOCTYPE ROOT [<!ENTITY a "{"a" * 50_000}">]><ROOT>{"&a;" * 50_000}</ROOT>',
    "external entity": '<!DOCTYPE ROOT [<!ENTITY x SYSTEM "file:///etc/passwd">]><ROOT>&x;</ROOT>',
    "external document type": '<!DOCTYPE ROOT SYSTEM "http://x.example/x.dtd"><ROOT/>',
    "parameter entity": '<!DOCTYPE ROOT [<!ENTITY % p SYSTEM "http://x.example/p"> %p;]><ROOT/>',
    "depth": "<ROOT>" * 200_000,
    "attributes": f"<ROOT {many_attributes(200_000)}/>",
    "some attributes": f"<ROOT {many_attributes(2000)}/>",
    "elements": f"<ROOT>{'<a/>' * 1_200_000}</ROOT>",
    "endless tag": f"<ROOT a='{'x' * (19 << 20)}",
}


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("kind", XML)
def test_hostile_xml_is_refused_quickly(kind: str, root: str) -> None:
    content = (DECLARATION + XML[kind].replace("ROOT", root)).encode()
    began = time.perf_counter()

    sentence = refusal(content)

    assert sentence.startswith(("This XML", "An element", "One tag"))
    assert time.perf_counter() - began < BOUND


@pytest.mark.parametrize("kind", ["billion laughs", "external entity", "parameter entity"])
def test_hostile_xml_without_a_declaration_is_refused_too(kind: str) -> None:
    assert refusal(XML[kind].replace("ROOT", "Workbook")).startswith("This XML")


@pytest.mark.parametrize("encoding", ["UTF-7", "utf-7", "cp037", "UCS-4"])
def test_strange_encodings_are_refused(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><Workbook><Row/></Workbook>'

    assert refusal(content.encode()) == (
        "The XML is in an encoding that is not read here; save it as UTF-8."
    )


def test_nothing_is_fetched_for_an_include() -> None:
    text = '<Workbook xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></Workbook>'

    assert "root:" not in recognise(text).text


def test_a_text_in_a_cell_over_the_limit_is_refused() -> None:
    row = log_row("Failure", "0x80071151", "x" * (limits.NODE + 1))

    assert refusal(spreadsheet([row])).startswith("One tag")


LOG = spreadsheet([log_row("Failure", "0x80097376", GATEWAY)]).encode()
NAMES = (
    *("../log.xml", "a/../../log.xml", "/etc/log.xml", "C:/log.xml", "C:log.xml", "a\\log.xml"),
    *("log\0.xml", "log\u202elmx.xml", "..", ""),
)


def test_the_log_inside_a_zip_is_read() -> None:
    handed = recognise(zip_of({"readme.txt": b"Nothing here.", "report/log.xml": LOG}))

    assert (handed.kind, codes_of(handed)) == (Surface.REPORTS_ZIP, ["80097376"])


def test_a_zip_from_the_usual_tool_is_read() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", LOG)
        archive.writestr("empty.txt", "")
        archive.mkdir("folder")

    assert codes_of(recognise(file.getvalue())) == ["80097376"]


@pytest.mark.parametrize("name", NAMES)
def test_unsafe_names_are_refused(name: str) -> None:
    assert refusal(zip_of({name: LOG})) == (
        "The zip holds unsafe or doubled file names; it is not opened."
    )


def test_names_that_are_equal_but_for_case_are_refused() -> None:
    assert "doubled" in refusal(zip_of({"log.xml": LOG, "LOG.xml": LOG}))


def overlapping() -> bytes:
    packed = zlib.compress(b"a" * 100)[2:-4]
    local, line = zip_entry(b"a.xml", packed, size=100, crc=0, offset=0)
    other = line[:-5] + b"b.xml"
    return local + line + other + zip_end(2, len(line + other), start=len(local))


def sharing() -> bytes:
    """Two files with headers of their own whose bytes reach into each other."""
    inner, line = zip_entry(b"b.xml", b"x" * 20, size=20, crc=0, offset=35, method=0)
    outer, first = zip_entry(b"a.xml", inner, size=len(inner), crc=0, offset=0, method=0)
    return outer + first + line + zip_end(2, len(first + line), start=len(outer))


ZIPS = {
    "ratio": lambda: zip_of({"a.xml": b"a" * (8 << 20)}),
    "claims more": lambda: zip_of({"a.xml": LOG}, claim=100),
    "claims less": lambda: zip_of({"a.xml": LOG}, claim=-100),
    "encrypted": lambda: zip_of({"a.xml": LOG}, flags=1),
    "strange method": lambda: zip_of({"a.xml": LOG}, method=12),
    "link": lambda: zip_of({"a.xml": LOG}, mode=0o120777),
    "overlapping": overlapping,
    "sharing": sharing,
    "too many": lambda: zip_of({f"{n}.xml": b"" for n in range(2000)}),
    "nested": lambda: zip_of({"a.zip": zip_of({"b.xml": LOG})}),
    "hidden nest": lambda: zip_of({"a.xml": zip_of({"b.xml": LOG})}),
    "prepended": lambda: zip_of({"a.xml": LOG}).replace(b"PK\x03\x04", b"PK\x03\x04....", 1),
    "cut": lambda: zip_of({"a.xml": LOG})[:-30],
    "zip64": lambda: (
        zip_of({"a.xml": LOG})[:-22]
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    ),
    "empty": lambda: zip_of({}),
    "no log": lambda: zip_of({"a.png": b"x"}),
    "package": lambda: zip_of({"solution.xml": b"<a/>", "customizations.xml": b"<a/>"}),
    "workbook": lambda: zip_of({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"}),
    "hostile log": lambda: zip_of({"a.xml": XML["billion laughs"].encode()}),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_zips_that_are_no_download_are_refused(kind: str) -> None:
    content = ZIPS[kind]()
    began = time.perf_counter()

    sentence = refusal(content)

    assert sentence
    assert not sentence.startswith("crash")
    assert time.perf_counter() - began < BOUND


BINARY = {
    "nothing": b"",
    "blanks": b" \n\t\r\n ",
    "zeros": b"\0" * 5000,
    "Office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500,
    "PDF": b"%PDF-1.7\n",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff\xe0",
    "gzip": b"\x1f\x8b\x08\x00",
    "program": b"\x7fELF\x02\x01",
    "noise": bytes(range(256)) * 40,
    "too large": b"a" * (limits.UPLOAD + 1),
}


@pytest.mark.parametrize("kind", BINARY)
def test_what_is_no_text_is_refused_with_a_sentence(kind: str) -> None:
    sentence = refusal(BINARY[kind])

    assert sentence.endswith((".", "instead."))
    assert not sentence.startswith("crash")


PIECES = (
    *(
        '{"',
        "[",
        '{"a":',
        '{"error":',
        "\\",
        '"',
        "<!--",
        "<!--<!a>",
        "<script",
        "<div ",
        "&#9",
        "&#",
    ),
    *("\x1b]", "\x1b[", "##[", "::error ", "80097376\n", "1) error fails in many ways 80097376\n"),
    *(
        "<ss:Row>",
        "<result ",
        "<Row><Cell><Data>",
        "41263d72-\n",
        "\t",
        "：",
        "---\n",
        "2026-05-01T10:11:12Z ",
    ),
    *("\n{", "\n[1,", '"code": "0x8004', "href='", "\ud800", "\0", "\u202e", "{'a': ", '\n{"a": "'),
)


@pytest.mark.parametrize("piece", PIECES)
def test_a_mebibyte_of_an_evil_piece_is_taken_apart_quickly(piece: str) -> None:
    text = (piece * (limits.TEXT // len(piece) + 1))[: limits.TEXT]
    began = time.perf_counter()

    sentence = refusal(text)

    assert not sentence.startswith("crash")
    assert time.perf_counter() - began < BOUND


def test_a_number_too_long_to_count_is_no_crash() -> None:
    assert not refusal('{"error": {"code": ' + "1" * 10_000 + ', "message": "It failed."}}')
    assert not refusal("<p>&#" + "9" * 10_000 + "; error</p>")

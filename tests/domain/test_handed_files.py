"""Kinds of files are told by content, and only what three witnesses agree on is taken (IN-10, IN-11)."""

from email.message import Message

import pytest
from django.utils.http import content_disposition_header
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain import handed_files
from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.handed_files import (
    BOXES,
    EXTENSIONS,
    HEAD,
    LIMITS,
    TYPES,
    Box,
    FileKind,
    agreed_kind,
    kind_by_content,
    read_boxes,
    safe_name,
    sent_name,
)
from tests.handed_files import GOOD, HTML, SVG, TEXT_LOG, XML_LOG

NAMES = {
    "line end": 'a\r\nSet-Cookie: x=1\r\n".png',
    "quotes": "a\"b'c.png",
    "bidi": "gpj.\u202egnp.png",
    "isolates": "a\u2066b\u2069.png",
    "second name": "a.png;filename=b.html",
    "300 letters": "x" * 300 + ".png",
    "reserved": "CON.png",
    "reserved with more": "lpt1.tar.png",
    "reserved alone": "nul",
    "slashes": "../../etc/passwd.png",
    "backslashes": "C:\\Users\\ana\\a.png",
    "drive": "C:a.png",
    "stream": "a.png::$DATA",
    "dots": "...",
    "blank": " . ",
    "nothing": "",
    "null": "a\x00.png",
    "per cent": "a%2f%00b.png",
    "html": "<img src=x onerror=alert(1)>.png",
    "umlauts": "Bildschirm für Müller.png",
    "letters of others": "截图.png",
    "zero width": "a\u200bb\ufeff.png",
    "line of unicode": "a\u2028b\u0085c.png",
    "tag": "a\U000e0041.png",
}


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_is_known_by_its_content(kind: str) -> None:
    name, content = GOOD[kind]

    assert agreed_kind(name=name, head=content[:HEAD]) == kind
    assert kind_by_content(content[:HEAD]) == kind


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("kind", GOOD)
def test_content_and_extension_must_agree(kind: str, extension: str) -> None:
    _, content = GOOD[kind]

    if EXTENSIONS[extension] == kind:
        assert agreed_kind(name=f"x.{extension.upper()}", head=content[:HEAD]) == kind
    else:
        with pytest.raises(Unreadable, match="under its own kind"):
            agreed_kind(name=f"x.{extension}", head=content[:HEAD])


def test_the_form_must_have_asked_for_the_kind() -> None:
    name, content = GOOD["zip"]

    with pytest.raises(Unreadable) as refused:
        agreed_kind(name=name, head=content[:HEAD], asked=frozenset({FileKind.PNG}))
    assert refused.value.sentence == handed_files.NOT_ASKED


@pytest.mark.parametrize(
    "name", ["x", "x.", "x.svg", "x.html", "x.docx", "x.pdf", "x.exe", "x.png.js"]
)
def test_other_extensions_are_refused(name: str) -> None:
    with pytest.raises(Unreadable):
        agreed_kind(name=name, head=TEXT_LOG)


@pytest.mark.parametrize(
    "content", [SVG, HTML, SVG.decode().encode("utf-16"), b"\xef\xbb\xbf \n" + SVG]
)
@pytest.mark.parametrize("name", ["x.xml", "x.txt"])
def test_what_a_browser_would_run_is_refused_as_text_too(name: str, content: bytes) -> None:
    with pytest.raises(Unreadable, match="scripts"):
        agreed_kind(name=name, head=content[:HEAD])


def test_words_about_markup_are_a_text_and_logs_in_utf_16_are_xml() -> None:
    assert kind_by_content(b"The page said <svg> and <html>.") is FileKind.TEXT
    assert kind_by_content(XML_LOG.decode().encode("utf-16")) is FileKind.XML
    assert kind_by_content("Für".encode() * 1000 + b"\xc3") is FileKind.TEXT  # cut in a letter
    assert kind_by_content("Grün und Gruß".encode("cp1252")) is FileKind.TEXT
    assert kind_by_content(b"<- see above") is FileKind.TEXT


@pytest.mark.parametrize("name", ["svg", "s:svg", "HTML", "h:html"])
def test_a_document_is_refused_by_its_first_element(name: str) -> None:
    with pytest.raises(Unreadable):
        handed_files.check_root(name)


@pytest.mark.parametrize("case", NAMES)
def test_a_name_becomes_harmless(case: str) -> None:
    safe = safe_name(NAMES[case])

    assert 0 < len(safe) <= handed_files.NAME_LENGTH
    assert safe.isprintable()
    assert not set(safe) & set('<>:"|?*;%&\\/\r\n')
    assert not safe.startswith(".")
    assert safe.split(".")[0].strip().lower() not in {"con", "lpt1", "nul"}


@pytest.mark.parametrize("case", NAMES)
def test_the_header_says_one_safe_name_with_our_extension(case: str) -> None:
    name = sent_name(safe_name(NAMES[case]), FileKind.PNG)
    said = content_disposition_header(True, name)
    assert said is not None
    header = Message()
    header["Content-Disposition"] = said

    assert "\r" not in said
    assert "\n" not in said
    assert header.get_content_disposition() == "attachment"
    assert header.get_filename() == name
    assert name.endswith(".png")


@given(name=st.text(max_size=200))
def test_any_name_becomes_harmless_and_stays_as_it_is_then(name: str) -> None:
    safe = safe_name(name)

    assert safe_name(safe) == safe
    assert safe.isprintable()
    assert sent_name(safe, FileKind.TEXT).endswith(".txt")


def test_no_type_that_is_sent_can_run() -> None:
    assert {kind for kind, _ in TYPES.values()} == {
        "image/png",
        "image/jpeg",
        "text/plain; charset=utf-8",
    }
    assert set(LIMITS) == set(FileKind)


def test_boxes_are_read_or_refused_whole() -> None:
    assert read_boxes("") == ()
    assert read_boxes("[[1, 2, 30, 40], [-5, 0, 9, 9]]") == (Box(1, 2, 31, 42), Box(-5, 0, 4, 9))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1]",
        "[[1,2,3]]",
        "[[1,2,3,4,5]]",
        '[["1",2,3,4]]',
        "[[1,2,0,4]]",
        "[[1,2,3,-4]]",
        "[[1,2,3,true]]",
        "[[1.5,2,3,4]]",
        "[[1,2,3,99999999]]",
        "[" * 2000,
        "[[1,2,3,4]," + " " * 5000 + "[1,2,3,4]]",
        str([[1, 2, 3, 4]] * (BOXES + 1)),
        "NaN",
    ],
)
def test_no_other_boxes_are_taken(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them is answered with one sentence
        read_boxes(text)

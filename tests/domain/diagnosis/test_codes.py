"""One code has many spellings and one normal form (`error-codes.md` section 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.diagnosis.codes import codes_in, normal_code

VECTORS = {
    "0x80071151": "80071151",
    "80071151": "80071151",
    "-2147020463": "80071151",
    "2147946833": "80071151",
    "0X80071151": "80071151",
    "-2146864266": "80097376",
    "-2147016655": "80072031",
    "-2147204784": "80044150",
    "-2147188706": "8004801E",
    " 8004801e ": "8004801E",
}


@pytest.mark.parametrize(("spelling", "normal"), VECTORS.items())
def test_every_spelling_of_a_code_becomes_its_normal_form(spelling: str, normal: str) -> None:
    assert normal_code(spelling) == normal


@pytest.mark.parametrize("other", ["502", "1205", "0", "0x0", "", "-2", "x", "70071151", "-1"])
def test_a_status_a_sql_number_and_nothing_are_no_codes(other: str) -> None:
    assert normal_code(other) is None


def test_eight_digits_are_hex_and_never_decimal() -> None:
    assert normal_code("80040216") == "80040216"
    assert normal_code("-80040216") is None


@given(st.integers(min_value=0x80000000, max_value=0x8FFFFFFF))
def test_signed_unsigned_and_hex_of_one_number_agree(number: int) -> None:
    expected = f"{number:08X}"

    spellings = (f"0x{number:x}", f"{number:08X}", str(number), str(number - 2**32))

    assert {normal_code(spelling) for spelling in spellings} == {expected}


def test_codes_of_a_text_come_in_their_order_and_each_once() -> None:
    text = "Error 0x80048033: inner -2147188707 (see 80048033), HResult 2147946833."

    assert codes_in(text) == ("80048033", "8004801D", "80071151")


@pytest.mark.parametrize(
    "text",
    [
        "https://go.microsoft.com/fwlink/?LinkID=398563&Error=80071151&de=online",
        "annotation%3a80071151%3b",
        "errorcode='0x80071151'",
        "code:-2147020463,",
        "`80071151`",
        "error-code-80071151-when-importing",
    ],
)
def test_a_code_is_found_where_messages_put_it(text: str) -> None:
    assert codes_in(text) == ("80071151",)


@pytest.mark.parametrize(
    "text",
    [
        "workflow {80071151-b85b-ed11-9561-0022480819d7}",
        "8007115100",
        "a80071151f",
        "at 2026-11-22 15:00 with 1234567890 rows",
        "HTTP 502, SQL 1205",
    ],
)
def test_guids_and_longer_numbers_hold_no_codes(text: str) -> None:
    assert codes_in(text) == ()

"""The code table holds every row of the fact file as it was read, and its rows agree with themselves.

The checksum is that of the fact file: hex, name, decimal, area and transient of all of its rows.
"""

from collections import Counter
from hashlib import sha256

import pytest

from runbook.domain.pack import ErrorCode
from runbook.library import packs

FACTS = "a1f6281bd9a7cce3d986e3055be44d88a3b35cd874509e5ddca93af4859150ef"
FACT_ROWS = 299
ADDED = {"80044184", "80044327", "8004F01C", "8004F114", "80060439", "80072352"}
"""Codes that were met in the field only; those whose official name was not read have a dash."""

CODES = packs()["dataverse"].codes


def test_the_rows_of_the_fact_file_are_all_there_and_unchanged() -> None:
    facts = [code for code in CODES if code.hex not in ADDED]
    lines = (
        f"{code.hex}\t{code.symbolic_name}\t{code.decimal}\t{code.area}\t{code.transient}"
        for code in facts
    )

    assert len(facts) == FACT_ROWS
    assert sha256("\n".join(sorted(lines)).encode()).hexdigest() == FACTS


def test_rows_are_sorted_and_each_code_stands_once() -> None:
    numbers = [code.hex for code in CODES]

    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.hex)
def test_the_decimal_is_the_signed_form_of_the_hex(code: ErrorCode) -> None:
    assert code.decimal == int(code.hex, 16) - 2**32
    assert code.transient in {"yes", "no", "maybe"}
    assert all((code.area, code.gist, code.source_date))


def test_a_row_without_an_official_name_says_that_it_was_not_read() -> None:
    unnamed = [code for code in CODES if code.symbolic_name == "-"]

    assert {code.hex for code in unnamed} < ADDED
    assert all("not read" in code.gist for code in unnamed)


def test_every_code_of_a_family_stands_in_the_table() -> None:
    known = {code.hex for code in CODES}
    families = packs()["dataverse"].families

    assert {code for family in families for code in family.codes} <= known


def test_an_official_name_belongs_to_one_code() -> None:
    names = Counter(code.symbolic_name for code in CODES if code.symbolic_name != "-")

    assert [name for name, count in names.items() if count > 1] == []

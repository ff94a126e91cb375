"""Versions are compared part by part as whole numbers, never as text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.versions import is_higher, is_same, parse_version

PARTS = st.lists(st.integers(min_value=0, max_value=9_999_999_999), min_size=2, max_size=4)


def spelled(parts: list[int]) -> str:
    return ".".join(map(str, parts))


def test_a_later_release_is_higher_although_its_text_sorts_first() -> None:
    ladder = ["4.9", "4.29", "4.29.1", "4.50.6", "4.50.10"]

    for lower, higher in pairwise(ladder):
        assert is_higher(higher, lower)
        assert not is_higher(lower, higher)
    assert sorted(ladder) != ladder  # as text the order would be wrong


def test_missing_parts_count_as_zero() -> None:
    assert is_same("4.50", "4.50.0.0")
    assert not is_higher("4.50.0", "4.50")


def test_leading_zeros_and_blanks_change_nothing() -> None:
    assert is_same(" 4.09 ", "4.9")


@pytest.mark.parametrize(
    "text",
    ["", "4", "4.", ".4", "4..5", "1.2.3.4.5", "4.x", "-4.5", "4,5", "٤.٥", "4.5 beta", "4.1²"],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="two to four numbers"):
        parse_version(text)


def test_an_absurdly_long_part_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_version("4.12345678901")


@given(first=PARTS, second=PARTS)
def test_of_two_versions_one_is_higher_or_they_are_the_same(
    first: list[int], second: list[int]
) -> None:
    one, other = spelled(first), spelled(second)

    assert [is_higher(one, other), is_higher(other, one), is_same(one, other)].count(True) == 1
    assert is_higher(one, other) == ([*first, 0, 0] > [*second, 0, 0]) or is_same(one, other)

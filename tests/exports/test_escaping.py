"""What is hidden or unsound in a text is shown, and most texts are told at once to have nothing of it."""

import sys

import pytest

from runbook.exports import escaping
from runbook.exports.cells import BORDERS, GUARD, TRIGGERS
from runbook.exports.escaping import remembering, shown, sound, visible


def test_whatever_can_be_printed_hides_nothing() -> None:
    """So a text that Python would print as it is needs no closer look."""
    printable = "".join(each for each in map(chr, range(sys.maxunicode + 1)) if each.isprintable())

    assert len(printable) > 100_000
    assert escaping._HIDDEN.search(printable) is None
    assert escaping._UNSHOWN.search(printable) is None


@pytest.mark.parametrize("sign", ["\x00", "\x7f", "\u202e", "\u200b", "\u2028", "\ufeff"])
def test_a_mark_that_hides_is_named(sign: str) -> None:
    for write in (visible, shown):
        assert write(f"a{sign}b") == f"a‹U+{ord(sign):04X}›b"


def test_joined_letters_stay_joined_where_they_are_shown() -> None:
    assert shown("👩\u200d🚒") == "👩\u200d🚒"
    assert visible("👩\u200d🚒") == "👩‹U+200D›🚒"


def test_half_a_character_becomes_a_mark() -> None:
    assert sound("a\ud83db") == "a\ufffdb"
    assert sound("\ud83d\ude00") == "😀"
    assert sound("Größe 😀") == "Größe 😀"


def test_a_letter_or_a_digit_never_makes_a_formula() -> None:
    """So a cell that begins with one, and that nobody can split, needs no closer look."""
    assert not any(each.isalnum() or each == GUARD for each in (*TRIGGERS, *BORDERS))


def test_what_comes_again_is_written_once() -> None:
    seen: list[str] = []

    def write(text: str) -> str:
        seen.append(text)
        return text.upper()

    brief = remembering(write)

    assert [brief(each) for each in ("a", "b", "a")] == ["A", "B", "A"]
    assert seen == ["a", "b"]

"""One error code in all its spellings -> one normal form: 8 upper-case hex digits.

Spellings, rules and test vectors: `error-codes.md` section 3.
"""

from runbook.domain.patterns import Match, Pattern

LIMIT = 2000
"""Most spellings looked at in one text; a log with more repeats itself."""

_HEX_DIGITS = frozenset("0123456789ABCDEF")

_SPELLING = Pattern(
    r"(?:\b|%3a)(0x8[0-9a-f]{7}|80[0-9a-f]{6})\b|(-214[0-9]{7})\b|\b(21[4-6][0-9]{7})\b"
)
_REST_OF_GUID = Pattern(r"^-[0-9a-f]{4}-")


def normal_code(spelling: str) -> str | None:
    """The normal form of one spelling, or None if it is no Dataverse code.

    Eight digits without a sign are hex, since a decimal value of these codes never has eight. HTTP
    statuses, SQL numbers, `0` and everything whose top nibble is not 8 are refused.
    """
    text = spelling.strip().upper()
    number = text.removeprefix("-")
    if number.isascii() and number.isdigit() and (number != text or len(number) == 10):
        return _from_number(int(number) * (1 if number == text else -1))
    digits = text.removeprefix("0X")
    if len(digits) == 8 and digits[0] == "8" and _HEX_DIGITS.issuperset(digits):
        return digits
    return None


def codes_in(text: str) -> tuple[str, ...]:
    """The codes of a text in their order, outer before inner, each once."""
    found: dict[str, str] = {}
    for match in _SPELLING.find(text, limit=LIMIT):
        spelling = match.group() or ""
        if spelling in found:
            continue
        code = normal_code(match.group(1) or match.group(2) or match.group(3) or "")
        if code is not None and not _begins_a_guid(match, text):
            found[spelling] = code
    return tuple(dict.fromkeys(found.values()))


def _from_number(number: int) -> str | None:
    unsigned = number + 2**32 if number < 0 else number
    return f"{unsigned:08X}" if 0x80000000 <= unsigned <= 0x8FFFFFFF else None


def _begins_a_guid(match: Match, text: str) -> bool:
    after = text[match.end() : match.end() + 6]
    return after.startswith("-") and _REST_OF_GUID.search(after) is not None

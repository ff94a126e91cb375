"""Cells of a table file that no spreadsheet takes for a formula, with the way back.

The rule: a cell begins at its first character, and again after each character that some program may
take for the border of a cell (`,` `;` `|` `"`, tab, CR, LF), since not everybody opens the file with
the right separator. Where a cell begins with a trigger, or with blanks before one, or with an
apostrophe, one apostrophe is put before it. The way back: drop the first apostrophe wherever a cell
begins with one. `original(cell(text)) == text` for every text.
"""

from runbook.domain.patterns import Pattern

#: What makes a formula of a cell: ASCII, full-width and small forms, the sign for minus, and what
#: some programs trim away before they look.
TRIGGERS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212")
BORDERS = frozenset(',;|"\t\r\n')
GUARD = "'"
# Most texts hold nothing of the kind, and one pass of RE2 says so.
_WORTH_A_LOOK = Pattern(
    r"""(?:\A|[,;|"\t\r\n])[\s\pZ\pC]*['=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}"""
    r"\x{fe66}\x{fe62}\x{fe63}\x{fe6b}\x{2212}]"
)


def cell(text: str) -> str:
    """The text as a cell that stays text."""
    if text[:1].isalnum() and BORDERS.isdisjoint(
        text
    ):  # one cell for everybody, and a harmless one
        return text
    if _WORTH_A_LOOK.search(text) is None:
        return text
    acting = _acting(text)
    return "".join(
        f"{GUARD}{each}" if _begins(text, place) and acting[place] else each
        for place, each in enumerate(text)
    )


def original(guarded: str) -> str:
    """The text that `cell` guarded."""
    kept: list[str] = []
    skipped = False
    for each in guarded:
        begins = not kept or kept[-1] in BORDERS
        if begins and each == GUARD and not skipped:
            skipped = True
            continue
        kept.append(each)
        skipped = False
    return "".join(kept)


def _begins(text: str, place: int) -> bool:
    return place == 0 or text[place - 1] in BORDERS


def _acting(text: str) -> list[bool]:
    """For each place whether a cell that began there would act, once blanks before it are trimmed,
    or would be taken for a guarded one.
    """
    acting = [False] * len(text)
    after_blanks = False
    for place in range(len(text) - 1, -1, -1):
        each = text[place]
        if not _blank(each):
            after_blanks = each in TRIGGERS
        acting[place] = after_blanks or each == GUARD
    return acting


def _blank(character: str) -> bool:
    """Blanks and what has no width; a tab and the ends of a line are triggers by themselves."""
    if character in TRIGGERS:
        return False
    return character.isspace() or not character.isprintable()

"""Text from people made inert: for Markdown, wherever the file is pasted later, and for pages.

Outside a fence nothing they typed may become markup, a mention, a reference or a remote picture.
Ticket systems look for `@name`, `#123`, `GH-123`, and GitLab for `!1`, `&1`, `$1`, `%1`, `~label`, after
rendering, where a backslash is gone; a word joiner, which takes no room, keeps these apart. Secrets are masked once more on the way out.
"""

from collections.abc import Callable
from functools import lru_cache

from runbook.domain.patterns import Match, Pattern
from runbook.domain.redaction import mask

JOINER = "\u2060"
_BACKSLASH = "\\"
_LIMIT = 10_000_000
_SPECIAL = Pattern(r"[!%&$][0-9\"]|[\\`*_\[\]<>|~&$#@]|://|www\.|\bgh-", ignore_case=True)
_HIDDEN = Pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\p{Cf}\x{2028}\x{2029}]")
_UNSHOWN = Pattern(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\p{Cf}\x{2028}\x{2029}\x{fdd0}-\x{fdef}\x{fffe}\x{ffff}]"
)
_JOINERS = "\u200c\u200d"
_BACKTICKS = Pattern(r"`+")
_AT_START = Pattern(r"^([0-9]{0,9})([.)=+-])")


def visible(text: str) -> str:
    """The text with control and direction marks named, so that it reads in the order it has."""
    if text.isprintable():  # no control, no mark of format, no separator but the blank
        return text
    return _HIDDEN.replace(text, lambda match: f"‹U+{ord(match.group() or ' '):04X}›", limit=_LIMIT)


def shown(text: str) -> str:
    """The text for a page or a picture, several lines as they are: no secret, no mark that hides or
    turns its neighbours, nothing that XML forbids. Letters and emoji stay joined as people wrote them.
    """
    plain = mask(sound(text)).text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isprintable():
        return plain
    return _UNSHOWN.replace(plain, _mark, limit=_LIMIT)


def shown_line(text: str) -> str:
    """The same on one line."""
    return shown(" ".join(text.split()))


def remembering(write: Callable[[str], str]) -> Callable[[str], str]:
    """The same with a short memory, for one file: the same names and headlines come again and again."""
    return lru_cache(maxsize=256)(write)


def sound(text: str) -> str:
    """The text without halves of characters, which no encoding can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _mark(match: Match) -> str:
    found = match.group() or " "
    return found if found in _JOINERS else f"‹U+{ord(found):04X}›"


def line(text: str) -> str:
    """Any text as one inert line of Markdown, fit for a paragraph or a cell of a table."""
    plain = visible(" ".join(mask(text).text.split()))
    inert = _SPECIAL.replace(plain, _inert, limit=_LIMIT)
    return _AT_START.replace(inert, lambda m: f"{m.group(1)}\\{m.group(2)}", limit=1)


def _inert(match: Match) -> str:
    found = match.group() or ""
    if found == "@":
        return f"@{JOINER}"
    if found in {"#", "~"}:
        return f"\\{found}{JOINER}"
    if found[0] in "!%&$" and len(found) == 2:
        return f"{'' if found[0] in '!%' else _BACKSLASH}{found[0]}{JOINER}{found[1]}"
    if found == "://":
        return ":\\//"
    if found.lower() == "www.":
        return f"{found[:-1]}\\."
    if found.lower() == "gh-":
        return f"{found}{JOINER}"
    return f"\\{found}"


def code(text: str, *, in_table: bool = False) -> str:
    """An id, a code or a file name, exact and inert, as a code span; a cell needs its own escape."""
    plain = visible(" ".join(mask(text).text.split()))
    if not plain:
        return ""
    fence = "`" * (_longest(plain) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    span = f"{fence}{space}{plain}{space}{fence}"
    return span.replace("|", "\\|") if in_table else span


def block(text: str) -> str:
    """A whole text in one fenced block, with a fence longer than any run of backticks in it."""
    plain = visible(mask(text).text.replace("\r\n", "\n").replace("\r", "\n"))
    fence = "`" * max(3, _longest(plain) + 1)
    return f"{fence}text\n{plain.rstrip(chr(10))}\n{fence}"


def _longest(text: str) -> int:
    runs = _BACKTICKS.find(text, limit=_LIMIT)
    return max((len(match.group() or "") for match in runs), default=0)

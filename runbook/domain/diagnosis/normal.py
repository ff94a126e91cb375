"""Brings a pasted text into one form to match against, and finds the original lines back.

Pastes come as terminal output, JSON inside JSON, web pages, spreadsheet XML, quoted mail and wrapped
columns. The form has plain quotes, no markup, no escapes, unbroken GUIDs and single blanks. Every
pass is linear and does a bounded number of replacements, so a hostile text buys no time.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from runbook.domain.patterns import Match, Pattern

LONGEST = 1024 * 1024
"""Longest text looked at whole; of a longer one the head and the tail are."""

PASS_LIMIT = 5000
"""Most replacements of one kind."""

QUOTE_LIMIT = 400

_NEWLINE_KEPT = "\x02"  # stands for a line end that was inside a GUID, so that lines still count
_CHUNK = 4096
_LINE_ENDS = ("\r\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c")

_CHARACTERS = (
    *((char, "'") for char in '"`\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02'),
    *((char, "'") for char in "\u2018\u2019\u201a\u201b\u00b4\u2032\uff07\u2039\u203a"),
    *((char, "-") for char in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"),
    *((char, "") for char in "\ufeff\u200b\u200c\u200d\u2060\u00ad\u200e\u200f"),
    *((char, "") for char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    *((chr(code), " ") for code in (*range(9), *range(14, 32), 127)),
    ("\u2026", "..."),
)

# Written out, so that a signature says "is not" once; "can not" and "cannot" become one as well.
_CONTRACTIONS = (
    ("can't", "cannot"),
    ("Can't", "Cannot"),
    ("can not", "cannot"),
    ("Can not", "Cannot"),
    ("won't", "will not"),
    ("n't", " not"),
)

_ENTITIES = (
    ("&amp;", "&"),
    ("&quot;", "'"),
    ("&apos;", "'"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", " "),
    ("&#34;", "'"),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#x22;", "'"),
    ("&#xD;", " "),
    ("&#xA;", " "),
    ("&#13;", " "),
    ("&#10;", " "),
    ("&#123;", "{"),
    ("&#125;", "}"),
    ("&ldquo;", "'"),
    ("&rdquo;", "'"),
    ("&lsquo;", "'"),
    ("&rsquo;", "'"),
)
_URL = (
    ("%3a", ":"),
    ("%7b", "{"),
    ("%7d", "}"),
    ("%22", "'"),
    ("%27", "'"),
    ("%20", " "),
    ("%28", "("),
    ("%29", ")"),
    ("%5b", "["),
    ("%5d", "]"),
    ("%2c", ","),
    ("%3d", "="),
)
_UNICODE = (
    ("u0022", "'"),
    ("u0027", "'"),
    ("u003c", "<"),
    ("u003e", ">"),
    ("u0026", "&"),
    ("u00a0", " "),
    ("u2019", "'"),
    ("u2018", "'"),
    ("u201c", "'"),
    ("u201d", "'"),
)

_TAG = Pattern(
    r"</?(?:a|b|br|p|div|span|i|em|strong|code|pre|li|ul|ol|tr|td|th|table|tbody|h[1-6]|font|hr"
    r"|html|body|head|meta|title|center|(?:ss:)?(?:cell|data|row))(?:\s[^<>]{0,300})?/?>"
)
_ESCAPED_QUOTE = Pattern(r"\\+(['/<>_*\[\]{}])")
_ESCAPED_BLANK = Pattern(r"\\+[nrt]")
_SURE_ESCAPED_BLANK = Pattern(r"\\+[nrt](\\|[^a-z0-9]|$)", ignore_case=False)
_GUID_IN_PIECES = Pattern(
    r"\b(?:[0-9a-f][\n]?){8}\s{0,4}-\s{0,4}(?:(?:[0-9a-f][\n]?){4}\s{0,4}-\s{0,4}){3}"
    r"[0-9a-f](?:[\n]?[0-9a-f]){11}\b"
)
_QUOTED_MAIL = Pattern(r"\n[ \t]*(?:>[ \t]?){1,8}")


@dataclass(frozen=True)
class Normal:
    """A text in its form for matching, with a way back to the lines it came from.

    `text` is the form with single blanks, `kept` the form before they were collapsed. `shortened`
    says that the middle of a very long text was left out.
    """

    text: str
    original: str
    kept: str
    shortened: bool

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The original lines."""
        return tuple(self.original.split("\n"))

    @cached_property
    def _chunks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where chunks of the kept form begin, and how many words stand before each."""
        starts = [0]
        while (end := _blank_after(self.kept, starts[-1] + _CHUNK)) < len(self.kept):
            starts.append(end)
        ends = [*starts[1:], len(self.kept)]
        words = (len(self.kept[start:end].split()) for start, end in zip(starts, ends, strict=True))
        return tuple(starts), (0, *accumulate(words))

    def quote(self, start: int, end: int) -> str:
        """The original lines that a stretch of `text` came from, shortened around it if long."""
        first = self._line_of(start)
        last = max(first, self._line_of(max(start, end - 1)))
        lines = "\n".join(line.strip() for line in self.lines[first : last + 1] if line.strip())
        return _around(lines, self.text[start:end])

    def _line_of(self, offset: int) -> int:
        word = self.text.count(" ", 0, offset)
        starts, before = self._chunks
        chunk = max(0, bisect_right(before[:-1], word) - 1)
        end = starts[chunk + 1] if chunk + 1 < len(starts) else len(self.kept)
        place = _place_of_word(self.kept[starts[chunk] : end], word - before[chunk])
        position = starts[chunk] + place
        count = self.kept.count("\n", 0, position) + self.kept.count(_NEWLINE_KEPT, 0, position)
        return min(count, len(self.lines) - 1)


def normalise(text: str) -> Normal:
    """The form of a text to match against; never raises, whatever the text holds."""
    for line_end in _LINE_ENDS:
        text = text.replace(line_end, "\n")
    original, shortened = _cut(text.encode("utf-8", "replace").decode("utf-8"))
    kept = _plain(original)
    for step in (_without_entities, _without_escapes, _without_markup, _with_whole_guids):
        kept = step(kept)
    kept = _written_out(kept)
    collapsed = " ".join(kept.replace(_NEWLINE_KEPT, "").split())
    return Normal(
        text=collapsed,
        original=original,
        kept=kept,
        shortened=shortened,
    )


def fit_fragment(fragment: str) -> str:
    """A fragment of a signature in the same form as the text it is compared with."""
    return " ".join(_written_out(_plain(fragment)).split())


def fit_pattern(pattern: str) -> str:
    """A pattern of a signature, spelt with the characters that the form for matching has."""
    return _written_out(_plain(pattern))


def _plain(text: str) -> str:
    """The text with one kind of quotation mark and dash, and nothing invisible."""
    for char, plain in _CHARACTERS:
        text = text.replace(char, plain)
    return text


def _written_out(text: str) -> str:
    for contraction, words in _CONTRACTIONS:
        text = text.replace(contraction, words)
    return text


def _cut(text: str) -> tuple[str, bool]:
    if len(text) <= LONGEST:
        return text, False
    half = LONGEST // 2
    return f"{text[:half]}\n{text[-half:]}", True


def _without_entities(text: str) -> str:
    if "&" in text:
        for _ in range(2):
            for entity, plain in _ENTITIES:
                text = text.replace(entity, plain)
    if "%" in text:
        for escape, plain in _URL:
            text = text.replace(escape, plain).replace(escape.upper(), plain)
    return text


def _without_escapes(text: str) -> str:
    text = text.replace("**", "")
    if "\\" not in text:
        return text
    for escape, plain in _UNICODE:
        text = text.replace(f"\\{escape}", plain).replace(f"\\{escape.upper()}", plain)
    blanks = _ESCAPED_BLANK if "\\'" in text or "{'" in text else _SURE_ESCAPED_BLANK
    text = blanks.replace(text, _blank, limit=PASS_LIMIT)
    return _ESCAPED_QUOTE.replace(text, _last_character, limit=PASS_LIMIT)


def _without_markup(text: str) -> str:
    if "<" in text:
        text = _TAG.replace(text, _blank_lines, limit=PASS_LIMIT)
    if "\n" in text and ">" in text:
        text = _QUOTED_MAIL.replace(text, "\n", limit=PASS_LIMIT)
    return text


def _with_whole_guids(text: str) -> str:
    return _GUID_IN_PIECES.replace(text, _joined, limit=PASS_LIMIT)


def _blank(match: Match) -> str:
    groups = match.groups()
    return " " + ((groups[0] or "") if groups else "")


def _last_character(match: Match) -> str:
    return match.group(1) or ""


def _blank_lines(match: Match) -> str:
    return " " + "\n" * (match.group() or "").count("\n")


def _joined(match: Match) -> str:
    piece = match.group() or ""
    return "".join(piece.split()) + _NEWLINE_KEPT * piece.count("\n")


def _blank_after(text: str, position: int) -> int:
    """The next line end or blank at or after a position; the text's end if there is none."""
    found = [place for place in (text.find("\n", position), text.find(" ", position)) if place >= 0]
    return min(found, default=len(text))


def _place_of_word(text: str, number: int) -> int:
    """Where the word with this number, counted from 0, begins."""
    rest = text.split(None, number)
    return len(text) - len(rest[number]) if len(rest) > number else 0


def _around(lines: str, matched: str) -> str:
    if len(lines) <= QUOTE_LIMIT:
        return lines
    words = matched.split()
    found = max(lines.find(words[0]) if words else 0, 0)
    start = max(0, found - QUOTE_LIMIT // 4)
    return lines[start : start + QUOTE_LIMIT].strip()

"""The passes that take quotation marks, escapes, markup and breaks out of a pasted text.

None of them adds or removes a line end, so lines of the result are lines of the original.
"""

from runbook.domain.patterns import Match, Pattern

PASS_LIMIT = 5000
"""Most replacements of one kind."""

NEWLINE_KEPT = "\x02"
"""Stands for a line end that was inside a GUID, so that lines still count."""

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
    ("CAN'T", "CANNOT"),
    ("can not", "cannot"),
    ("Can not", "Cannot"),
    ("CAN NOT", "CANNOT"),
    ("won't", "will not"),
    ("n't", " not"),
    ("N'T", " NOT"),
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


def cleaned(text: str) -> str:
    """The text in plain words and characters, with its lines in place."""
    kept = _plain(text)
    for step in (_without_entities, _without_escapes, _without_markup, _with_whole_guids):
        kept = step(kept)
    return _written_out(kept)


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


def whole_guids(text: str) -> str:
    """The text with GUIDs that were broken over lines in one piece."""
    return _with_whole_guids(text).replace(NEWLINE_KEPT, "")


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
    return "".join(piece.split()) + NEWLINE_KEPT * piece.count("\n")

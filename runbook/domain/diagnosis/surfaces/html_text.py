"""Copied web pages: the words without the markup, with codes that stand only in links."""

import html
from dataclasses import replace

from runbook.domain.diagnosis.codes import codes_in
from runbook.domain.diagnosis.surfaces import history_pane
from runbook.domain.diagnosis.surfaces.handed import Handed, Surface
from runbook.domain.diagnosis.surfaces.limits import TEXT
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.plain_text import as_text
from runbook.domain.patterns import Match, Pattern

_PAGE = Pattern(r"<(?:html|body|div|span|p>|p |br|table|li>|h1|td|button|label|!--startfragment)")
_UNSEEN = ("script", "style", "svg", "noscript", "template")
_MARKUP = Pattern(r"<![a-z][^<>]*>")
_BLOCK = Pattern(
    r"</?(?:p|div|br|hr|tr|table|tbody|thead|ul|ol|li|dl|dt|dd|h[1-6]|section|article|header|footer"
    r"|main|pre|blockquote|body|html|head|title|form|button|label|center)\b[^<>]*>"
)
_INLINE = Pattern(
    r"</?(?:a|abbr|b|bdi|code|em|font|i|img|input|link|mark|meta|q|s|small|span|strong|sub|sup|td|th"
    r"|time|u|wbr|textarea|iframe|path|o:p)\b[^<>]*>"
)
_ENTITY = Pattern(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});")
_LINK = Pattern(r"href\s{0,3}=\s{0,3}[\"']([^\"'<>]+)[\"']")
_LIMIT = 200_000
_LINKS = 200
_HEADER = ("Version:", "StartHTML:", "EndHTML:", "StartFragment:", "EndFragment:", "SourceURL:")


def looks_like(paste: Paste) -> bool:
    """Whether tags of a page stand in it."""
    if b"<" not in paste.data or len(paste.data) > 4 * TEXT:
        return False
    return _PAGE.span(paste.data)[1] > 0


def read(paste: Paste) -> Handed:
    """The words of the page in their order, one block a line."""
    source = _fragment(paste.text)
    text = words_of_page(source)
    links = " ".join(str(match.group(1)) for match in _LINK.find(source, limit=_LINKS))
    missing = [code for code in codes_in(links) if code not in codes_in(text)]
    lines = [text, *(f"Error code: {code}" for code in missing)]
    inner = Paste("\n".join((*lines, ".")))
    if history_pane.looks_like(inner):
        return replace(history_pane.read(inner), kind=Surface.HTML)
    return as_text("\n".join(lines), kind=Surface.HTML)


def words_of_page(source: str) -> str:
    """The text of a page; unknown tags stay, since errors name things in angle brackets."""
    text = plain_characters(_without_tags(seen(source)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _without_tags(text: str) -> str:
    """Known tags become a line end or a blank; how a tag begins says which, and is asked for once."""
    first, *rest = text.split("<")
    pieces, kinds = [first], dict[str, str]()
    for piece in rest:
        tag, closed, after = piece.partition(">")
        begin = tag.split(None, 1)[0] if closed and tag and not tag[0].isspace() else ""
        new = kinds.get(begin)
        if new is None:
            new = kinds[begin] = _instead_of(begin)
        pieces += (new, after) if new else ("<", piece)
    return "".join(pieces)


def _instead_of(begin: str) -> str:
    """What a tag that begins so is replaced with; empty if it is not known."""
    tag = f"<{begin}>"
    if _BLOCK.search(tag):
        return "\n"
    return " " if _INLINE.search(tag) or _MARKUP.search(tag) else ""


def seen(source: str) -> str:
    """A page without what a browser does not show: comments, scripts and the like."""
    text = _without(source, "<!--", end="-->") if "<!--" in source else source
    lower = text.lower()
    for tag in _UNSEEN:
        if f"<{tag}" in lower:
            text = _without(text, f"<{tag}", end=f"</{tag}")
    return text


def plain_characters(text: str) -> str:
    """The text with entities written as the characters they stand for."""
    return _ENTITY.replace(text, _character, limit=_LIMIT)


def _character(match: Match) -> str:
    return html.unescape(match.group() or "")


def _fragment(text: str) -> str:
    """What a clipboard marks as copied, without the clipboard's own header."""
    start, end = text.find("<!--StartFragment-->"), text.rfind("<!--EndFragment-->")
    if 0 <= start < end:
        return text[start + len("<!--StartFragment-->") : end]
    if text.startswith(_HEADER):
        return text[max(text.find("<"), 0) :]
    return text


def _without(text: str, start: str, *, end: str) -> str:
    """The text without one kind of element and what stands in it; linear."""
    lower = text.lower()
    if len(lower) != len(text):
        return text
    pieces, place = [], 0
    while (begin := lower.find(start, place)) >= 0 and (stop := lower.find(end, begin)) >= 0:
        pieces.append(text[place:begin])
        place = lower.find(">", stop) + 1 or len(text)
    return " ".join((*pieces, text[place:])) if pieces else text

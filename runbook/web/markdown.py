"""Markdown of packs as HTML: raw HTML is off, and run values come in only after parsing.

Every piece of the page is put together by `format_html`, which escapes whatever is not a constant
of this file. A value that a person typed reaches text and code alone, so it can neither become
markup nor the target of a link.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbook.domain.presenting import fill

__all__ = ["fill", "render", "render_line"]

SCHEMES = frozenset({"http", "https", "mailto"})
#: Headings of a guide stand right below the heading of the card that shows it, never above.
_HIGHEST_HEADING = 3
_PLAIN = {
    "paragraph": "p",
    "bullet_list": "ul",
    "list_item": "li",
    "blockquote": "blockquote",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "td": "td",
    "em": "em",
    "strong": "strong",
}

Values = Mapping[str, str]


class _Parser(MarkdownIt):
    """Links only to the web, to mail and to places on this site."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name for it
        before, colon, _ = url.strip().lower().partition(":")
        if colon and not any(mark in before for mark in "/?#"):
            return before in SCHEMES
        return not url.strip().startswith("//")


_PARSER = _Parser("commonmark", {"html": False}).enable("table").disable("image")


@lru_cache(maxsize=2048)
def _blocks(text: str) -> tuple[Token, ...]:
    return tuple(_PARSER.parse(text))


@lru_cache(maxsize=2048)
def _inline(text: str) -> tuple[Token, ...]:
    return tuple(_PARSER.parseInline(text))


def render(text: str, values: Values | None = None) -> str:
    """A guide or help text as HTML that needs no more escaping; missing values show as marks."""
    return _joined(_written(_blocks(text), values or {}))


def render_line(text: str, values: Values | None = None) -> str:
    """A text of one line as HTML without a paragraph around it, for list items and headings."""
    return _joined(_written(_inline(text), values or {}))


def _joined(parts: Iterator[str]) -> str:
    return format_html_join("", "{}", ((part,) for part in parts))


def _written(tokens: Sequence[Token], values: Values) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _written(token.children or (), values)
        elif token.type in _LEAVES:
            yield _LEAVES[token.type](token, values)
        elif not token.hidden:
            yield _edge(token)


def _edge(token: Token) -> str:
    """The opening or closing tag of whatever contains something else; unknown kinds stay away."""
    name, _, edge = token.type.rpartition("_")
    if edge == "close":
        return _closing(name, token)
    if name == "heading":
        return format_html("<h{}>", _level(token))
    if name == "ordered_list":
        return format_html('<ol start="{}">', token.attrGet("start") or 1)
    if name == "link":
        address = token.attrGet("href") or ""
        return format_html('<a href="{}" rel="noreferrer noopener">', address)
    if name == "table":
        return format_html('<div class="{}"><table>', "table-wrap")
    if name == "th":
        return format_html('<th scope="{}">', "col")
    return format_html("<{}>", _PLAIN[name]) if name in _PLAIN else ""


def _closing(name: str, token: Token) -> str:
    if name == "heading":
        return format_html("</h{}>", _level(token))
    if name == "table":
        return format_html("</{}></{}>", "table", "div")
    tags = {**_PLAIN, "ordered_list": "ol", "link": "a", "th": "th"}
    return format_html("</{}>", tags[name]) if name in tags else ""


def _level(token: Token) -> int:
    return max(_HIGHEST_HEADING, int(token.tag[1:]))


def _text(token: Token, values: Values) -> str:
    return format_html("{}", fill(token.content, values))


def _code(token: Token, values: Values) -> str:
    return format_html("<code>{}</code>", fill(token.content, values))


def _code_block(token: Token, values: Values) -> str:
    return format_html("<pre><code>{}</code></pre>", fill(token.content, values))


def _break(token: Token, values: Values) -> str:
    return format_html("<{}>", "br")


def _space(token: Token, values: Values) -> str:
    return format_html("{}", "\n")


def _rule(token: Token, values: Values) -> str:
    return format_html("<{}>", "hr")


_LEAVES: Mapping[str, Callable[[Token, Values], str]] = {
    "text": _text,
    "code_inline": _code,
    "code_block": _code_block,
    "fence": _code_block,
    "hardbreak": _break,
    "softbreak": _space,
    "hr": _rule,
}

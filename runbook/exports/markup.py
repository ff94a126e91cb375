"""HTML and SVG put together from Python: every text is escaped unless it was made here."""

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape


class Markup(str):
    """Markup that may stand in a page as it is. Only this module makes it out of texts."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Markup:
    """One element. Children that are no Markup are escaped, attributes always; None is left out.

    `class_` and `http_equiv` stand for names that Python does not allow; true is a bare attribute.
    """
    head = "".join([_attribute(key, value) for key, value in attributes.items()])
    body = "".join([text(each) for each in children if each is not None])
    return Markup(f"<{name}{head}>{body}</{name}>")


def streamed(
    name: str, /, *children: str | Iterable[str] | None, **attributes: str | int | bool | None
) -> Iterator[Markup]:
    """The pieces of one element. A child that is no text gives its own pieces, when they are due."""
    yield empty(name, **attributes)
    for child in children:
        if isinstance(child, str):
            yield joined(child)
        elif child is not None:
            yield from map(joined, child)
    yield Markup(f"</{name}>")


def empty(name: str, /, **attributes: str | int | bool | None) -> Markup:
    """An element of HTML that never has an end tag, or the beginning of any other."""
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{head}>")


def closed(name: str, /, **attributes: str | int | bool | None) -> Markup:
    """An element of XML that closes itself."""
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{head}/>")


def joined(*children: str | None) -> Markup:
    """Children one after the other."""
    return Markup("".join([text(each) for each in children if each is not None]))


def text(child: str) -> str:
    """What stands in the page for a child."""
    return child if isinstance(child, Markup) else escape(child)


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = _name(key)
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


@cache
def _name(key: str) -> str:
    return key.strip("_").replace("_", "-")

"""HTML and SVG put together from Python: every text is escaped unless it was made here."""

from html import escape


class Markup(str):
    """Markup that may stand in a page as it is. Only this module makes it out of texts."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Markup:
    """One element. Children that are no Markup are escaped, attributes always; None is left out.

    `class_` and `http_equiv` stand for names that Python does not allow; true is a bare attribute.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    body = joined(*children)
    return Markup(f"<{name}{head}>{body}</{name}>")


def empty(name: str, /, **attributes: str | int | bool | None) -> Markup:
    """An element of HTML that never has an end tag."""
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{head}>")


def closed(name: str, /, **attributes: str | int | bool | None) -> Markup:
    """An element of XML that closes itself."""
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{head}/>")


def joined(*children: str | None) -> Markup:
    """Children one after the other."""
    return Markup("".join(text(each) for each in children if each is not None))


def text(child: str) -> str:
    """What stands in the page for a child."""
    return child if isinstance(child, Markup) else escape(child)


def _attribute(key: str, value: str | int | bool | None) -> str:
    name = key.strip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'

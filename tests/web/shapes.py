"""The shape of a page: which elements and attributes it has, whatever the texts say.

Two runs that differ only in what people typed must give pages of one shape.
"""

import re
from collections import Counter

from tests.web.pages import Node, parse

Shape = Counter[tuple[str, ...]]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "poster"}
_SCHEMES = ("javascript:", "vbscript:", "data:")


def shape(html: str) -> Shape:
    """Every element with its attributes; those that htmx reads with their values."""
    return Counter(_one(node) for node in parse(html).walk())


def _one(node: Node) -> tuple[str, ...]:
    read = [f"{k}={v}" if "hx-" in k else k for k, v in node.attributes.items()]
    return (node.tag, *(_ID.sub("ID", _token(part)) for part in sorted(read)))


def _token(part: str) -> str:
    return "hx-headers" if part.startswith("hx-headers=") else part


def dangers(html: str) -> list[str]:
    """What may run or fetch by itself, wherever it came from."""
    found = []
    for node in parse(html).walk():
        for name, value in node.attributes.items():
            bare = "".join(value.split()).lower()
            if name.startswith("on") or name in {"style", "srcdoc"} or "hx-on" in name:
                found.append(f"{node.tag} {name}")
            if name in _ADDRESSES and bare.startswith(_SCHEMES):
                found.append(f"{node.tag} {name}={value}")
    return found


def differences(one: str, other: str) -> list[str]:
    """What the second page has more or less of than the first."""
    before, after = shape(one), shape(other)
    more = [f"more: {' '.join(key)} x{n}" for key, n in (after - before).items()]
    return more + [f"less: {' '.join(key)} x{n}" for key, n in (before - after).items()]

"""Pages as trees: what a browser would find in the HTML, and forms filled the way a person fills them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"})
CHOSEN = frozenset({"radio", "checkbox"})
#: Where a browser reads text only, so that nothing in it can become an element.
TEXT_ONLY = frozenset({"textarea", "title", "option"})


@dataclass(eq=False)
class Node:
    """An element with its attributes; `words` are the texts directly in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: "Node | None" = None
    children: "list[Node]" = field(default_factory=list)
    pieces: "list[Node | str]" = field(default_factory=list)

    @property
    def words(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def text(self) -> str:
        """All text in it, as a person reads it."""
        return "".join(p if isinstance(p, str) else p.text for p in self.pieces)

    def walk(self) -> "Iterator[Node]":
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, tag: str, **attributes: str) -> "list[Node]":
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            node
            for node in self.walk()
            if node.tag == tag and wanted.items() <= node.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> "Node":
        found = self.all(tag, **attributes)
        assert found, f"no <{tag}> with {attributes}"
        return found[0]

    def by_id(self, name: str) -> "Node":
        found = [node for node in self.walk() if node.attributes.get("id") == name]
        assert len(found) == 1, f"{len(found)} elements with the id {name}"
        return found[0]

    def ancestors(self) -> "Iterator[Node]":
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("root")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(node)
        self.here.pieces.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for node in self.here.ancestors():
            if node.tag == tag and node.parent is not None:
                self.here = node.parent
                return

    def handle_data(self, data: str) -> None:
        self.here.pieces.append(data)


def parse(html: str) -> Node:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def page(response: Any) -> Node:
    """The answer's HTML as a tree."""
    return parse(response.content.decode())


def said(response: Any) -> str:
    """All words of the answer's page with single blanks, for looking up sentences."""
    return " ".join(page(response).text.split())


def fields(form: Node) -> dict[str, str]:
    """What a browser would send for the form as it stands, without pressing a named button."""
    sent: dict[str, str] = {}
    for node in form.walk():
        name = node.attributes.get("name", "")
        if not name or "disabled" in node.attributes:
            continue
        if node.tag == "textarea":
            sent[name] = node.text.removeprefix("\n")
        elif node.tag == "select":
            chosen = [o for o in node.all("option") if "selected" in o.attributes]
            first = (chosen or node.all("option"))[0]
            sent[name] = first.attributes.get("value", first.text)
        elif node.tag == "input" and _sends(node):
            ticked = node.attributes.get("type") in CHOSEN
            sent[name] = node.attributes.get("value", "on" if ticked else "")
    return sent


def _sends(node: Node) -> bool:
    if node.attributes.get("type") in CHOSEN:
        return "checked" in node.attributes
    return node.attributes.get("type") not in {"submit", "button"}


def form_to(tree: Node, address: str) -> Node:
    """The form that posts to the address; it may also be reached by a button's formaction."""
    for form in tree.all("form"):
        targets = {b.attributes.get("formaction") for b in form.all("button")}
        if address in {form.attributes.get("action"), *targets}:
            return form
    raise AssertionError(f"no form posts to {address}")


def filled(tree: Node, address: str, typed: Mapping[str, str]) -> dict[str, str]:
    """The form on the page with what a person types into it."""
    return {**fields(form_to(tree, address)), **typed}


def fragment_ids(response: Any) -> dict[str, str | None]:
    """The ids at the top of a fragment, each with its out-of-band mark."""
    return {
        node.attributes.get("id", node.tag): node.attributes.get("hx-swap-oob")
        for node in page(response).children
    }

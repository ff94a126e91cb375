"""XML of another kind: looked through for attacks, then read as text, since answers can be XML."""

from runbook.domain.diagnosis.surfaces.handed import Handed
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.xml_feed import check_element, feed

_HTML = (b"<html", b"<!doctype html", b"<body", b"<div", b"<p>", b"<span", b"<table")


def looks_like(paste: Paste) -> bool:
    """Whether it begins as XML and not as a web page."""
    head = paste.head[:2048].lower()
    if any(mark in head for mark in _HTML):
        return False
    return head.startswith((b"<?xml", b"<!")) or (head.startswith(b"<") and head[1:2].isalpha())


def read(paste: Paste) -> Handed | None:
    """Always nothing, so that the next kind reads the text; raises Unreadable on an attack."""
    depth = 0

    def start(_: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        check_element(depth, attributes)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    feed(paste.data, start=start, end=end, is_utf8=paste.is_text)
    return None

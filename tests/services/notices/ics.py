"""A strict reader of calendar files (RFC 5545), written against the standard, not the library."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

_NEEDED = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY"},
    "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
}
_ESCAPES = {"n": "\n", "N": "\n", ",": ",", ";": ";", "\\": "\\"}


@dataclass(slots=True)
class Component:
    """A BEGIN with its lines up to its END."""

    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    children: "list[Component]" = field(default_factory=list)

    def one(self, name: str) -> str:
        """The text of the only line with that name, unescaped."""
        found = [value for key, value in self.lines if key.partition(";")[0] == name]
        if len(found) != 1:
            raise KeyError(f"{len(found)} lines {name} in {self.name}")
        return _unescaped(found[0])

    def moment(self, name: str) -> datetime:
        """A time, which must be written in UTC and without a zone of its own."""
        return datetime.strptime(self.one(name), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def all(self, name: str) -> "list[Component]":
        return [child for child in self.children if child.name == name]


def parse(body: bytes) -> Component:
    """The calendar, or ValueError for anything that a strict reader refuses."""
    root = Component("root")
    open_ones = [root]
    for line in _unfolded(body):
        key, colon, value = line.partition(":")
        if not colon or not key:
            raise ValueError(f"no name: {line[:40]}")
        if key == "BEGIN":
            made = Component(value)
            open_ones[-1].children.append(made)
            open_ones.append(made)
        elif key == "END":
            _close(open_ones, value)
        elif len(open_ones) == 1:
            raise ValueError("a line outside of the calendar")
        else:
            open_ones[-1].lines.append((key, value))
    if len(open_ones) != 1 or [each.name for each in root.children] != ["VCALENDAR"]:
        raise ValueError("not exactly one calendar")
    return root.children[0]


def _close(open_ones: list[Component], name: str) -> None:
    done = open_ones.pop()
    if done.name != name or name not in _NEEDED:
        raise ValueError(f"{name} ends {done.name}")
    missing = _NEEDED[name] - {key.partition(";")[0] for key, _ in done.lines}
    if missing:
        raise ValueError(f"{name} lacks {missing}")
    if name == "VCALENDAR" and not done.children:
        raise ValueError("a calendar without a component")
    if name == "VEVENT" and not done.moment("DTSTART") < done.moment("DTEND"):
        raise ValueError("it ends before it begins")


def _unfolded(body: bytes) -> list[str]:
    if not body.endswith(b"\r\n"):
        raise ValueError("the last line has no end")
    raw = body.removesuffix(b"\r\n").split(b"\r\n")
    if any(len(line) > 75 or b"\n" in line or b"\r" in line for line in raw):
        raise ValueError("a line is too long, or ends otherwise than in CRLF")
    joined: list[bytes] = []
    for line in raw:
        if line[:1] in {b" ", b"\t"}:
            joined[-1] += line[1:]
        else:
            joined.append(line)
    return [line.decode() for line in joined]


def _unescaped(text: str) -> str:
    signs = iter(text)
    return "".join(_ESCAPES[next(signs)] if sign == "\\" else sign for sign in signs)

"""A packet as Markdown and as plain text: the words of the pack as they are, those of people inert."""

from collections.abc import Callable, Iterator

from runbook.domain.packet import Packet, Section
from runbook.domain.packet_case import Fact, Table, Value
from runbook.domain.presenting import fill
from runbook.exports.escaping import block, code, line, shown, shown_line
from runbook.exports.widths import columns, wrapped

WIDTH = 80
_LABEL = 26


def markdown(packet: Packet) -> str:
    """The packet as Markdown; nothing that people typed becomes markup, a mention or a link."""
    parts = [f"# {line(packet.title)}"]
    for section in packet.sections:
        if section.title:
            parts.append(f"## {section.title}")
        parts += _paragraphs(packet, section, _inline)
        parts += _facts(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(packet: Packet) -> str:
    """The packet as plain text, 80 columns wide; what is exact stays whole."""
    lines = [*wrapped(shown_line(packet.title), width=WIDTH), "=" * WIDTH]
    for section in packet.sections:
        if section.title:
            lines += ["", section.title.upper(), "-" * columns(section.title)]
        for paragraph in _paragraphs(packet, section, shown_line):
            lines += [*_gap(lines), *_wrapped(paragraph)]
        if section.facts and section.lines:
            lines.append("")
        for fact in section.facts:
            lines += _plain_fact(fact)
    return "\n".join(each.rstrip() for each in lines) + "\n"


def _inline(text: str) -> str:
    """One inert stretch in the middle of a line, where a leading number makes no list."""
    return line(f"x {text}").removeprefix("x ")


def _gap(lines: list[str]) -> list[str]:
    """A blank line, but none right under a heading."""
    return [] if set(lines[-1]) <= {"-"} else [""]


def _paragraphs(packet: Packet, section: Section, escape: Callable[[str], str]) -> list[str]:
    """The words of a section, lists kept together as the lines they are."""
    values = {slug: escape(text) for slug, text in packet.values.items()}
    parts: list[list[str]] = []
    before = ""
    for template in section.lines:
        # A value at the very start must not begin a list or a heading.
        at_start = escape is _inline and template.startswith("{{")
        told = fill(
            template, {s: line(v) for s, v in packet.values.items()} if at_start else values
        )
        marker = _marker(told)
        if parts and marker and _marker(before):
            parts[-1].append(told)
        else:
            parts.append([told])
        before = told
    return ["\n".join(part) for part in parts]


def _marker(text: str) -> str:
    """What makes a line an item of a list: a hyphen, or a number with a dot."""
    first = text.split(" ", 1)[0]
    return first if first == "-" or (first[:-1].isdigit() and first.endswith(".")) else ""


def _wrapped(paragraph: str) -> list[str]:
    lines: list[str] = []
    for each in paragraph.split("\n"):
        indent = " " * (len(_marker(each)) + 1) if _marker(each) else ""
        parts = _at_blanks(each, width=WIDTH - len(indent))
        lines += [part if number == 0 else f"{indent}{part}" for number, part in enumerate(parts)]
    return lines


def _at_blanks(text: str, *, width: int) -> Iterator[str]:
    """Lines broken at blanks only, so that an address stays one."""
    taken = ""
    for word in text.split(" "):
        joined = f"{taken} {word}" if taken else word
        if taken and columns(joined) > width:
            yield taken
            joined = word
        taken = joined
    yield taken


def _facts(section: Section) -> list[str]:
    """Short facts as one list, then those that need room of their own."""
    short = [fact for fact in section.facts if len(fact.values) == 1]
    parts = ["\n".join(f"- {fact.label}: {_value(fact, fact.values[0])}" for fact in short)]
    for fact in section.facts:
        if fact.text:
            parts += [f"{line(fact.label)}:", block(fact.text)]
        elif fact.table:
            parts.append(_table(fact.table))
        elif len(fact.values) > 1:
            parts += [
                f"{line(fact.label)}:",
                "\n".join(f"- {_value(fact, v)}" for v in fact.values),
            ]
    return parts


def _value(fact: Fact, value: Value) -> str:
    told = code(value.text) if fact.exact else _inline(value.text)
    return f"{told} ({_inline(value.note)})" if value.note else told


def _table(table: Table) -> str:
    rows = [tuple(_inline(cell) for cell in row) for row in table.rows]
    whole = [table.heads, tuple("---" for _ in table.heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in whole)


def _plain_fact(fact: Fact) -> Iterator[str]:
    if fact.text:
        yield from ("", f"{fact.label}:", "", *shown(fact.text).rstrip("\n").split("\n"))
    elif fact.table:
        for row in fact.table.rows:
            yield from _plain_row(fact.table.heads, row)
    elif len(fact.values) == 1:
        yield from _labelled(fact.label, _told(fact.values[0]), exact=fact.exact)
    else:
        yield f"{fact.label}:"
        for value in fact.values:
            yield from _wrapped(f"- {_told(value)}")


def _told(value: Value) -> str:
    return shown_line(f"{value.text} ({value.note})" if value.note else value.text)


def _plain_row(heads: tuple[str, ...], row: tuple[str, ...]) -> Iterator[str]:
    """Ten columns do not fit into 80 characters, so each row is a block of its own."""
    yield ""
    for head, cell in zip(heads, row, strict=True):
        if cell:
            yield from _labelled(head, shown_line(cell), exact=False)


def _labelled(label: str, value: str, *, exact: bool) -> Iterator[str]:
    """Label and value side by side; an exact value is never broken."""
    head, room = f"{label}: ", WIDTH - _LABEL
    if columns(head) > _LABEL or (exact and columns(value) > room):
        yield head
        head = ""
    if exact and columns(value) > room:
        yield f"    {value}"
        return
    for number, part in enumerate(wrapped(value, width=room)):
        before = head if number == 0 else ""
        yield f"{before}{' ' * (_LABEL - columns(before))}{part}"

"""What redaction did to a packet, for the person who looks at it before it leaves; pure.

A packet for others holds marks such as `‹tenant-1›`. The pseudonyms tell what each stands for, so
the preview shows the very text that goes out, with what was cut beside each mark.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from runbook.domain.packet import Packet
from runbook.domain.packet_case import Fact
from runbook.domain.patterns import Pattern
from runbook.domain.presenting import fill
from runbook.domain.redaction import Kind, Pseudonyms
from runbook.domain.redaction.labels import is_guid, key_of_guid
from runbook.domain.redaction.reports import Asked

_LIMIT = 100_000
_KINDS = "|".join(kind.value for kind in Kind)
_MARKS = Pattern(rf"‹(?:secret:[^‹›]{{1,40}}|query|(?:{_KINDS})-[0-9]{{1,9}})›", ignore_case=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a text; with a `kind` it stands for something that was cut.

    `original` is empty for what is gone for good.
    """

    text: str
    kind: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many things of a kind were cut, and at how many places."""

    kind: str
    things: int
    places: int


def pieces(text: str, originals: Mapping[str, str]) -> tuple[Piece, ...]:
    """The text in order, each mark by itself; together they are the text again."""
    found: list[Piece] = []
    end = 0
    for match in _MARKS.find(text, limit=_LIMIT):
        mark = match.group() or ""
        found.append(Piece(text=text[end : match.start()]))
        found.append(Piece(text=mark, kind=_kind(mark), original=originals.get(mark, "")))
        end = match.end()
    found.append(Piece(text=text[end:]))
    return tuple(piece for piece in found if piece.text)


def originals_of(pseudonyms: Pseudonyms) -> dict[str, str]:
    """What each mark stands for, in one spelling of it."""
    return {
        pseudonyms.name(kind, original): _spelt(original)
        for kind, original in pseudonyms.originals()
    }


def _spelt(original: str) -> str:
    if not is_guid(original):
        return original
    digits = key_of_guid(original)
    ends = (0, 8, 12, 16, 20, 32)
    return "-".join(digits[start:end] for start, end in pairwise(ends))


def counts(packet: Packet) -> tuple[Count, ...]:
    """What was cut from the packet, by kind."""
    marks = Counter(
        match.group() or "" for text in texts(packet) for match in _MARKS.find(text, limit=_LIMIT)
    )
    kinds = dict.fromkeys(_kind(mark) for mark in marks)
    return tuple(
        Count(
            kind=kind,
            things=sum(1 for mark in marks if _kind(mark) == kind),
            places=sum(number for mark, number in marks.items() if _kind(mark) == kind),
        )
        for kind in kinds
    )


def asked_in(
    packet: Packet, asked: Iterable[Asked], *, pseudonyms: Pseudonyms
) -> tuple[Asked, ...]:
    """Those of the uncertain things that this packet names or hides."""
    whole = "\n".join(texts(packet))
    return tuple(
        each for each in asked if each.words in whole or _mark_of(each, pseudonyms) in whole
    )


def _mark_of(asked: Asked, pseudonyms: Pseudonyms) -> str:
    words = asked.words.strip()
    key = key_of_guid(words) if is_guid(words) else words.lower()
    try:
        return pseudonyms.name(asked.kind, key)
    except KeyError:
        return asked.words


def texts(packet: Packet) -> Iterator[str]:
    """Every text of the packet as a reader sees it."""
    yield packet.title
    for section in packet.sections:
        yield section.title
        yield from (fill(line, packet.values) for line in section.lines)
        for fact in section.facts:
            yield from _of_fact(fact)


def _of_fact(fact: Fact) -> Iterator[str]:
    yield fact.label
    for value in fact.values:
        yield f"{value.text} {value.note}".rstrip()
    if fact.text:
        yield fact.text
    if fact.table:
        yield from (cell for row in fact.table.rows for cell in row)


def _kind(mark: str) -> str:
    word = mark.strip("‹›").partition(":")[0]
    return word.rpartition("-")[0] or word

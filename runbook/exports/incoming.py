"""A record that another installation handed out, as one value: what its file tells and proves.

`reading.py` makes it from a ZIP or a JSON export. What cannot be shown truthfully is refused with one
sentence; nothing is repaired and nothing left out in silence.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.chain import Link
from runbook.domain.errors import DomainError
from runbook.domain.state import RunState, evolve
from runbook.exports.verifier import verify

#: Columns of the timeline that hold a word of a header.
_LENGTHS = {"type": 48, "actor": 32}
_KINDS = frozenset({"user", "link", "system", "import"})
_TITLE = 200
_PAYLOAD = {"schema", "happened_at", "data"}
#: Clocks of people and servers; what lies outside no time zone can show.
_YEARS = range(2000, 2101)


class RecordRefused(DomainError):
    """The file cannot be opened as a record; the sentence says why and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text that somebody handed in. Without its salt it cannot be checked."""

    digest: str
    salt: bytes | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What checking the file showed, in a sentence; `verified` if a key known here signed it."""

    sentence: str
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A whole record from a file, its chain unbroken, each of its events understood.

    `head` is the signed canonical text, empty if the file had none. `erased` tells for an emptied
    event which one emptied it. `people` are the file's own names by actor id. `files` are contents
    by the hash that they have. `definition` is that behind `plan_digest`, if the file has it.
    """

    kind: str
    run: UUID
    instance: str
    created: datetime
    plan_digest: str
    genesis: str
    links: tuple[Link, ...]
    recorded: tuple[ev.Recorded, ...]
    state: RunState
    erased: Mapping[int, int]
    finding: Finding
    head: str = ""
    signature: str = ""
    keys: tuple[Mapping[str, Any], ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[Words, ...] = ()
    files: Mapping[str, memoryview] = field(default_factory=dict)
    definition: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as a file gives it: header, content and salt, the last two gone after an erasure."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    salt: str | None


@dataclass(slots=True)
class Events:
    """The events of a file, read one by one in order; each must be one that this version knows."""

    links: list[Link] = field(default_factory=list)
    recorded: list[ev.Recorded] = field(default_factory=list)
    erased: dict[int, int] = field(default_factory=dict)
    state: RunState = field(default_factory=RunState)

    def read(self, told: Iterable[Told]) -> None:
        """Takes them all in; RecordRefused for the first that cannot be shown."""
        for each in told:
            self._add(each)
        state = self.state
        begun = self.recorded and isinstance(self.recorded[0].event, ev.RunStarted)
        if (
            not begun
            or self.recorded[0].seq != 1
            or len(state.title) > _TITLE
            or not _is_zone(state.time_zone)
        ):
            raise RecordRefused(
                "This record does not begin as a run begins, so it cannot be shown."
            )

    def _add(self, told: Told) -> None:
        seq = len(self.links) + 1
        header = told.header
        at = moment(header["at"], what=f"Event {seq}")
        text = chain.canonical(header)
        body = None if told.payload is None else chain.canonical(told.payload)
        salt = None if told.salt is None else bytes.fromhex(told.salt)
        self.links.append(
            Link(
                seq=seq,
                header=text,
                digest=chain.event_hash(text),
                salt=salt,
                body=body,
                erased=body is None,
            )
        )
        _check_header(header, seq)
        if told.payload is None:
            return
        event = _event(header["type"], told.payload, seq)
        if isinstance(event, ev.PayloadErased):
            self._erase(event.seq, by=seq)
        entry = ev.Recorded(
            seq=seq,
            event=event,
            recorded_at=at,
            happened_at=moment(told.payload["happened_at"], what=f"Event {seq}"),
            actor=header["actor"],
        )
        self.recorded.append(entry)
        self._evolve(entry)

    def _erase(self, seq: int, *, by: int) -> None:
        if 0 < seq < by and self.links[seq - 1].erased:
            self.erased.setdefault(seq, by)

    def _evolve(self, entry: ev.Recorded) -> None:
        """One event more. What no installation of this product records may fit nothing at all."""
        try:
            self.state = evolve(self.state, entry)
        except (LookupError, ValueError, TypeError, AttributeError, AssertionError):
            raise RecordRefused(
                f"Event {entry.seq} does not follow from those before it, so this record cannot be "
                "shown."
            ) from None


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ValueError, LookupError, OSError):
        return False


def _check_header(header: Mapping[str, Any], seq: int) -> None:
    for name, length in _LENGTHS.items():
        word = header[name]
        if not isinstance(word, str) or not 0 < len(word) <= length or not word.isprintable():
            raise RecordRefused(f"Event {seq} is not written as events are.")
    if header["actor_kind"] not in _KINDS:
        raise RecordRefused(f"Event {seq} is not written as events are.")
    if header["type"] not in ev.EVENT_CLASSES:
        raise RecordRefused(
            f"Event {seq} is of the kind {header['type']}, which this version does not know. Open "
            "the record with a newer version of the product."
        )


def _event(kind: str, payload: Mapping[str, Any], seq: int) -> ev.Event:
    schema = payload.get("schema")
    if type(schema) is int and schema != ev.PAYLOAD_SCHEMA:
        raise RecordRefused(
            f"Event {seq} is written in schema {schema}, and this version reads schema "
            f"{ev.PAYLOAD_SCHEMA}. Open the record with the version that wrote it or a newer one."
        )
    data = payload.get("data")
    if set(payload) != _PAYLOAD or schema is not ev.PAYLOAD_SCHEMA or not isinstance(data, dict):
        raise RecordRefused(f"Event {seq} is not written as events are.")
    check_words(data, what=f"Event {seq}")
    if not all(verify.HASH.fullmatch(digest) for digest in verify.references(kind, data)):
        # What was handed in is looked up by these, and a forger could write a path there.
        raise RecordRefused(f"Event {seq} names a text or a file by something that is no digest.")
    try:
        event = ev.from_payload(kind, data)
    except ValueError:
        raise RecordRefused(
            f"Event {seq} ({kind}) does not hold what events of its kind hold."
        ) from None
    _check_times(asdict(event), seq)
    unknown = set(data) - set(ev.to_payload(event))
    if unknown:
        raise RecordRefused(
            f"Event {seq} holds more than this version knows ({', '.join(sorted(unknown))[:80]}). "
            "Open the record with a newer version of the product."
        )
    return event


def moment(text: object, *, what: str) -> datetime:
    """A time in the one form that a record has; RecordRefused for one that no page could show."""
    try:
        if not isinstance(text, str) or not verify.TIME.fullmatch(text):
            raise ValueError(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RecordRefused(f"{what} has a time that is none.") from None
    if found.year not in _YEARS:
        raise RecordRefused(f"{what} has a time that cannot be: {text}.")
    return found


def _check_times(data: Mapping[str, Any], seq: int) -> None:
    """RecordRefused for times within an event that could be compared or shown nowhere."""
    for value in _leaves(data):
        if isinstance(value, datetime) and (value.tzinfo is None or value.year not in _YEARS):
            raise RecordRefused(f"Event {seq} has a time that cannot be: {value.isoformat()}.")


def check_words(value: object, *, what: str) -> None:
    """RecordRefused for the one character that a database cannot hold."""
    if any(isinstance(each, str) and "\x00" in each for each in _leaves(value)):
        raise RecordRefused(f"{what} holds a character that cannot be kept.")


def _leaves(value: object) -> Iterator[object]:
    """Every key and every value inside, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend((*each.keys(), *each.values()))
        elif isinstance(each, list | tuple):
            waiting.extend(each)
        else:
            yield each

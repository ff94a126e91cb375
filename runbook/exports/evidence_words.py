"""What files for people say of evidence, as plain words, and which of its pictures fit into a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from runbook.domain.presenting import clock
from runbook.domain.report import Exhibit, RunReport

HEADS = ("No.", "What", "Content", "Handed in")
INSIDE = "The picture stayed with the team: no rule can redact what a picture shows."
STAYED = (
    "Pictures and files stayed with the team: no rule can redact what they show. What was said of "
    "them is listed, redacted as the rest."
)
COPIED = (
    "Pictures of a copy are not shown: that they were painted anew is but the word of the "
    "installation that it came from."
)
NOT_SHOWN = "Not shown."
GONE = "Not shown: its bytes are missing or are no longer those that were stored."
WHERE = "It stands on the run's page of evidence, and in the ZIP as files/ with its SHA-256."
_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What all pictures of one file may weigh: bytes for its size, pixels for whoever draws it."""

    bytes: int
    pixels: int

    @property
    def told(self) -> str:
        """Why a picture beyond it is not shown, and where it is."""
        mib, millions = self.bytes // 1024**2, self.pixels // 1_000_000
        return f"Not shown: one file holds pictures of {mib} MiB and {millions} million pixels. {WHERE}"

    def holds(self, exhibits: Iterable[Exhibit]) -> frozenset[int]:
        """The numbers of the pictures that fit; a small one may fit behind one that did not."""
        found, weight, pixels = set(), 0, 0
        for each in exhibits:
            size = each.width * each.height
            fits = weight + each.size <= self.bytes and pixels + size <= self.pixels
            if each.is_picture and fits:
                found.add(each.number)
                weight, pixels = weight + each.size, pixels + size
        return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The pictures of one file: where they come from, those that fit, and why others are not shown.

    `read` is None where no picture may be shown at all.
    """

    read: Callable[[str], bytes | None] | None = None
    numbers: frozenset[int] = frozenset()
    instead: Mapping[int, str] = field(default_factory=dict)


def kind_of_picture(content: bytes | None) -> str | None:
    """`png` or `jpg` by the first bytes, which is how every reader will tell it, too."""
    found = (kind for magic, kind in _MAGIC.items() if (content or b"").startswith(magic))
    return next(found, None)


def summary(report: RunReport, pictures: Pictures) -> str:
    """How much evidence there is and what is not shown of it; empty if there is none."""
    pieces, of_these = len(report.exhibits), sum(each.is_picture for each in report.exhibits)
    if not pieces:
        return ""
    if pictures.read is None and any(each.is_file for each in report.exhibits):
        return COPIED if report.imported else STAYED
    told = f"{counted(pieces, 'piece')} of evidence"
    if not of_these:
        return f"{told}; none of them is a picture."
    missing = of_these - len(pictures.numbers)
    told = f"{told}, {counted(of_these, 'picture')} among them. Pictures keep all their pixels."
    verb = "is" if missing == 1 else "are"
    return f"{told} {missing:,} of them {verb} listed, not shown." if missing else told


def counted(number: int, word: str) -> str:
    """A number with its word."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def place(each: Exhibit) -> str:
    """The step and the slot it was handed in for."""
    return " · ".join(part for part in (each.step, each.slot) if part)


def measures(each: Exhibit) -> str:
    """How large a picture is."""
    return f"{each.width:,} by {each.height:,} pixels, {counted(each.size, 'byte')}"


def handed_in(each: Exhibit, zone: ZoneInfo) -> Iterator[str]:
    """When, by whom, and the entry that says so."""
    happened, recorded = clock(each.happened_at, zone), clock(each.recorded_at, zone)
    yield happened
    if recorded != happened:
        yield f"recorded {recorded}"
    yield f"by {each.actor}"
    yield f"entry {each.seq}"


def content_told(each: Exhibit, report: RunReport, *, pictures: Pictures) -> Iterator[str]:
    """What is known of the content of a piece that is listed, and why it is not shown."""
    if each.erased:
        yield f"Erased: {each.erased}"
        zone = ZoneInfo(report.state.time_zone)
        at = clock(each.erased_at, zone) if each.erased_at else ""
        yield f"{at} by {each.erased_by}, {counted(each.size, 'byte')} before".lstrip()
        return
    yield f"{each.kind[:1].upper()}{each.kind[1:]}, {counted(each.size, 'byte')}"
    if each.digest:
        yield f"{'SHA-256' if each.is_file else 'Digest'} {each.digest}"
    if each.is_picture:
        yield pictures.instead.get(each.number, NOT_SHOWN if report.imported else INSIDE)

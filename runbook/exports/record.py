"""The stored events word for word, and what proves them: for the formats that a stranger checks.

One event is one line of canonical JSON. For a recipient from outside the contents are left out and
redacted words stand in a field of their own, marked as not covered: nobody can take them for what
was recorded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook.domain import chain
from runbook.domain.chain import Link
from runbook.domain.redaction import Profile
from runbook.domain.report import ReportLine, RunReport

NOT_COVERED = "not covered by commitment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A text or file that an event names. `content` gives its bytes anew each time."""

    name: str
    content: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything about a run at one head that the report does not say.

    `head` is the canonical text that was signed at `at`, `signature` None if nobody could sign it.
    `state` is the text behind the head's state digest, empty if it must not be handed out, and
    `definition` that behind the digest of the pack which the run is bound to. `lines`
    gives the events anew each time, in pieces of any size.
    """

    size: int
    created: datetime
    head: str
    at: datetime
    signature: str | None
    keys: tuple[Mapping[str, Any], ...]
    state: str
    lines: Callable[[], Iterable[bytes]]
    attachments: tuple[Attachment, ...] = ()
    definition: bytes = b""
    profile: Profile = Profile.INTERNAL

    @property
    def derived(self) -> bool:
        """Whether words were redacted, so that the contents are no longer those recorded."""
        return self.profile is not Profile.INTERNAL


def event_line(link: Link) -> bytes:
    """One event as it is stored; content and salt are null after an erasure."""
    kept = link.body is not None and link.salt is not None
    payload = link.body if kept else "null"
    salt = f'"{link.salt.hex()}"' if kept and link.salt is not None else "null"
    return f'{{"header":{link.header},"payload":{payload},"salt":{salt}}}\n'.encode()


def derived_lines(links: Iterable[Link], report: RunReport) -> Iterator[bytes]:
    """The events with redacted words in place of their contents."""
    for link, line in beside(links, report.lines):
        if line is None:
            raise ValueError(f"Nothing tells what event {link.seq} says to this recipient.")
        words = chain.canonical(
            {"headline": line.headline, "detail": line.detail, "note": NOT_COVERED}
        )
        yield (
            f'{{"header":{link.header},"payload":null,"redacted":{words},"salt":null}}\n'.encode()
        )


def beside(
    links: Iterable[Link], lines: Iterable[ReportLine]
) -> Iterator[tuple[Link, ReportLine | None]]:
    """Each event with the line that tells it, both in the order of their seqs; None without one."""
    told = iter(lines)
    line = next(told, None)
    for link in links:
        while line is not None and line.seq < link.seq:
            line = next(told, None)
        yield link, line if line is not None and line.seq == link.seq else None

"""What an export format is: a slug, how the file is called and typed, and a pure function."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runbook.domain.chain import Link
from runbook.domain.report import RunReport
from runbook.exports.record import Record

#: For what a browser would run or draw by itself: it saves such a file, whoever hands it out.
SAVED_ONLY = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """What is handed out: the report for people, and the stored events up to the same head.

    `record` is there for a format that asks for it, `links` for one that writes events word for word.
    Those of a very long run lie on disk, as the report's lines do. `pictures` gives the bytes of a
    stored picture by its digest, or None if they are gone; it is there only where the recipient may
    see what no rule can redact.
    """

    report: RunReport
    links: Sequence[Link]
    record: Record | None = None
    pictures: Callable[[str], bytes | None] | None = None


def record_of(handout: Handout) -> Record:
    """What proves the events; ValueError if the handout was made for a format without proof."""
    if handout.record is None:
        raise ValueError("This format needs the record with its signed head.")
    return handout.record


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a handout as bytes; equal handouts give equal bytes.

    `hint` says in one line what the file is good for. A `verbatim` format writes stored events word
    for word: a redacted report does not change those, so it leaves the team under no profile. One
    that `needs_record` gets the proof, and takes care of the profile itself; with `parts` it is
    written piece by piece, so that its memory does not grow with the run. One without `needs_lines`
    has no use for the report's lines, except where they carry the redacted words. One that
    `shows_evidence` gets the report's exhibits, and their pictures inside the team.
    """

    slug: str
    label: str
    content_type: str
    extension: str
    render: Callable[[Handout], bytes]
    hint: str = ""
    verbatim: bool = False
    needs_record: bool = False
    needs_lines: bool = True
    shows_evidence: bool = False
    parts: Callable[[Handout], Iterable[bytes]] | None = None

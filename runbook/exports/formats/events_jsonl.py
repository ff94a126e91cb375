"""The events alone, one canonical JSON object on each line; written in parts, however long the run."""

from collections.abc import Iterable

from runbook.exports.format import Format, Handout, record_of


def parts(handout: Handout) -> Iterable[bytes]:
    """The lines as they are stored, or with redacted words for a recipient from outside."""
    return record_of(handout).lines()


def render(handout: Handout) -> bytes:
    """All of them at once."""
    return b"".join(parts(handout))


FORMAT = Format(
    slug="events-jsonl",
    label="Events as JSON lines",
    content_type="application/x-ndjson",
    extension="jsonl",
    render=render,
    parts=parts,
    needs_record=True,
    needs_lines=False,
    hint="Each event word for word on a line of its own, for programs and very long runs.",
)

"""Events of evidence as sentences; `presenting.py` puts them beside all others."""

from typing import Protocol, assert_never

from runbook.domain import evidence_events as ev

#: Headline, detail, kind.
Told = tuple[str, str, str]

KINDS = {
    "png": "picture",
    "jpeg": "picture",
    "xml": "XML log",
    "text": "text log",
    "zip": "package, not kept",
}


class Words(Protocol):
    """Titles as the reader knows them."""

    def slot(self, step: str, slot: str) -> str: ...


def evidence_line(event: ev.EvidenceEvent, words: Words) -> Told:
    """The event as headline, detail and kind; total over all of them."""
    match event:
        case ev.EvidenceAdded():
            headline = f"Evidence added: {words.slot(event.step, event.slot)}"
            told = (event.caption, event.name, size(event.size, event.secrets_removed))
            return headline, sentences(*told, KINDS.get(event.kind, "")), ""
        case ev.EvidenceErased(attempt=number) if number:
            return f"Error text of attempt {number} erased", event.reason, "warn"
        case ev.EvidenceErased():
            headline = f"Evidence erased: {words.slot(event.step, event.slot)}"
            return headline, event.reason, "warn"
        case ev.PayloadErased(seq=seq):
            return f"Content of entry {seq} erased", event.reason, "system"
        case _:
            assert_never(event)


def sentences(*parts: str) -> str:
    """The parts that are not empty, one after the other."""
    return ". ".join(part.rstrip(". ") for part in parts if part.strip())


def size(number: int, secrets_removed: int) -> str:
    """So many bytes, and how many secrets were cut out of them."""
    removed = f", {counted(secrets_removed, 'secret')} removed" if secrets_removed else ""
    return f"{counted(number, 'byte')}{removed}"


def counted(number: int, word: str) -> str:
    """A number with its word."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"

"""Events of evidence: handed in, erased, and what an erasure took out of the timeline itself.

They are part of `events.Event`; import them from there.
"""

from dataclasses import dataclass
from typing import ClassVar

from runbook.domain.diagnosis.family import Reading
from runbook.domain.vocabulary import Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAdded:
    """A text or a file was handed in for a slot.

    A text is stored under its salted `digest`; for a file that is empty and `file` is its handle.
    `sha256_stored` is empty for a file whose content is not kept, such as a package.
    """

    type: ClassVar[str] = "evidence.added"
    step: str
    slot: str
    digest: str
    size: int
    caption: str = ""
    secrets_removed: int = 0
    file: str = ""
    kind: str = ""
    name: str = ""
    sha256_received: str = ""
    sha256_stored: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceErased:
    """The content of what event `added` handed in is gone; `left` pieces stay in its slot.

    For the error text of an attempt, the rest says what stays known of it, so that the run goes on
    as before although the words, and the quotes in its diagnosis, are gone.
    """

    type: ClassVar[str] = "evidence.erased"
    added: int
    reason: str
    step: str = ""
    slot: str = ""
    left: int = 0
    kind: str = ""
    digest: str = ""
    file: str = ""
    attempt: int = 0
    reading: Reading | None = None
    family: str = ""
    fingerprint: str = ""
    disposition: Disposition = Disposition.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadErased:
    """What the event with this seq said was taken out; its header and its place in the chain stay."""

    type: ClassVar[str] = "payload.erased"
    seq: int
    reason: str


EvidenceEvent = EvidenceAdded | EvidenceErased | PayloadErased

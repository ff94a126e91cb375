"""Texts that people hand in: cleaned, freed of secrets, stored by digest."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from runbook.domain import chain
from runbook.domain.decisions.attempts import Captured
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.surfaces.handed import LogRow
from runbook.domain.pack import Pack
from runbook.domain.redaction import mask
from runbook.models import Evidence, Run
from runbook.services.timeline import Act

#: The largest text that is kept, in characters; forms refuse more before it comes here.
MAXIMUM = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored text and what had to be removed from it."""

    digest: str
    salt: bytes
    text: str
    secrets_removed: int

    @property
    def size(self) -> int:
        """Bytes of the stored text."""
        return len(self.text.encode())


def clean(text: str) -> str:
    """The text with plain line ends and without characters that no database or hash can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8")


def prepare(text: str) -> Kept:
    """Removes secrets before anything is stored or hashed, and computes the salted digest."""
    masked = mask(clean(text))
    salt = secrets.token_bytes(chain.SALT_BYTES)
    digest = chain.tagged_hash("uwlog.evidence.v1", salt + masked.text.encode())
    return Kept(digest=digest, salt=salt, text=masked.text, secrets_removed=masked.removed)


def prepare_rows(rows: Sequence[LogRow]) -> Kept | None:
    """The failing rows of a log as a text of their own, each word freed of secrets; None without."""
    if not rows:
        return None
    masked = [
        {name: mask(clean(value)).text for name, value in asdict(row).items()} for row in rows
    ]
    text = json.dumps(masked, ensure_ascii=False)
    salt = secrets.token_bytes(chain.SALT_BYTES)
    digest = chain.tagged_hash("uwlog.evidence.v1", salt + text.encode())
    return Kept(digest=digest, salt=salt, text=text, secrets_removed=0)


def captured(
    kept: Kept | None, pack: Pack, *, rows: Kept | None = None, source: str = ""
) -> Captured | None:
    """What the event of a failure says about its text, the engine's reading included."""
    if kept is None:
        return None
    return Captured(
        digest=kept.digest,
        size=kept.size,
        reading=diagnose(kept.text, pack),
        secrets_removed=kept.secrets_removed,
        rows_digest=rows.digest if rows else "",
        source=source,
    )


def store(run: Run, kept: Kept, *, act: Act) -> None:
    """Keeps the text beside the timeline; the event holds only its digest."""
    Evidence.objects.create(
        run=run, digest=kept.digest, salt=kept.salt, text=kept.text, created=act.now
    )

"""What must not leave: secrets before anything is stored, identifiers by who receives a text (4d).

`mask` is the first layer, at ingest and irreversible. `redact` is the second, on the way out: it
cuts what a recipient's profile does not allow and puts one pseudonym in place of one thing. For a
whole record see `runbook.domain.redaction.reports`.
"""

from runbook.domain.redaction.identifiers import RULES_VERSION
from runbook.domain.redaction.profiles import Kind, Profile, Tier
from runbook.domain.redaction.pseudonyms import Pseudonyms
from runbook.domain.redaction.redacting import Cut, Decision, Redacted, mask, redact
from runbook.domain.redaction.secrets import Masked

__all__ = [
    "RULES_VERSION",
    "Cut",
    "Decision",
    "Kind",
    "Masked",
    "Profile",
    "Pseudonyms",
    "Redacted",
    "Tier",
    "mask",
    "redact",
]

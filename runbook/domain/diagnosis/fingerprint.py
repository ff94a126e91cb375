"""When two failures count as the same: same family, same words, same component.

Ids, versions and other numbers change from try to try and are left out; the component's name stays,
because "same flow or another flow?" is what tells an outage from a defect (`error-codes.md` 6.4).
"""

import hashlib

from runbook.domain.diagnosis.family import Reading
from runbook.domain.diagnosis.normal import normalise
from runbook.domain.patterns import Pattern

_GUID = Pattern(r"\{?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b\}?")
_NUMBER = Pattern(r"\b[0-9a-f]*[0-9][0-9a-f.:-]*\b")
_REPLACEMENTS = 1000


def fingerprint(reading: Reading) -> str:
    """32 hex digits; empty where nothing was recognised, since unknown failures are not the same."""
    if not reading.is_import_error or not reading.diagnoses or not reading.diagnoses[0].quote:
        return ""
    first = reading.diagnoses[0]
    words = normalise(first.quote).text.casefold()
    words = _GUID.replace(words, lambda match: "#", limit=_REPLACEMENTS)
    words = _NUMBER.replace(words, lambda match: "#", limit=_REPLACEMENTS)
    component = f"{reading.component.type or ''}/{reading.component.name or ''}".casefold()
    content = "\n".join((first.family, words, component))
    return hashlib.sha256(content.encode()).hexdigest()[:32]

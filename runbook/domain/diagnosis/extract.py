"""Reads facts out of a failure text: status word, identifiers, versions and the part of the import.

Formats of the platform's messages: `coe-upgrade.md` section 8. All functions take the form for
matching of `normal.py`, where every quotation mark is a plain `'`.
"""

from http import HTTPStatus

from runbook.domain.diagnosis.family import Ids
from runbook.domain.patterns import FirstOf, Pattern
from runbook.domain.vocabulary import ImportPhase

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

VERSION_LIMIT = 20

_ERRORS = tuple(status for status in HTTPStatus if status >= 400)
_NUMBERS = {str(int(status)): status.phrase for status in _ERRORS}
_WORD = "|".join(status.phrase.replace("-", "[ -]?").replace(" ", " ?") for status in _ERRORS)
_SQUEEZED = {
    "".join(filter(str.isalpha, status.phrase)).lower(): status.phrase for status in _ERRORS
}
_UNMISTAKABLE = (
    "bad ?gateway|gateway ?time-?out|service ?unavailable|too ?many ?requests"
    "|internal ?server ?error|bad ?request"
)

_STATUS = (
    rf"status ?code\W{{0,6}}(?P<word>{_WORD})\b",
    r"status ?code\W{0,6}(?P<number>[45][0-9]{2})\b",
    r"\bhttp(?:/[0-9.]+)?(?: error| status| response)?(?: code)?\W{0,3}(?P<number>[45][0-9]{2})\b",
    r"\bstatus\W{1,4}(?P<number>[45][0-9]{2})\b",
    rf"\bstatus\W{{1,4}}(?P<word>{_WORD})\b",
    rf"\bcode\W{{1,4}}(?P<word>{_WORD})\b",
    rf"\b(?P<number>[45][0-9]{{2}})\W{{1,3}}(?:{_WORD})\b",
    r"(?:^|[^0-9.:-])(?P<number>4(?:0[0-9]|1[0-3]|29)|50[0-4]) (?-i:[A-Z][a-z]+[A-Z])",
    rf"\b(?P<word>{_UNMISTAKABLE})\b",
)

_PHASES = (
    (ImportPhase.AFTER_IMPORT, r"imported successfully with warnings"),
    (ImportPhase.APPLY_UPGRADE, r"failed after import as holding"),
    (ImportPhase.APPLY_UPGRADE, r"solution upgrade action failed"),
    (ImportPhase.APPLY_UPGRADE, r"deleteandpromote|failed deleting solution"),
    (ImportPhase.APPLY_UPGRADE, r"appl(?:y|ying) (?:solution |the )?upgrade"),
    (ImportPhase.HOLDING_IMPORT, r"importasholding"),
    (ImportPhase.APPLY_UPGRADE, r"failed to upgrade solution|upgrading solution failed"),
    (ImportPhase.HOLDING_IMPORT, r"failed to import:|error while importing"),
    (ImportPhase.HOLDING_IMPORT, r"\bimport: failure"),
    (
        ImportPhase.AFTER_IMPORT,
        r"used to activate this flow|could not be activated|turn(?:ing)? on",
    ),
    (ImportPhase.UPLOAD, r"while loading the connections|before the upload"),
)

_LABELS = {
    "activity": r"activity",
    "correlation": r"correlation(?:[ _-]?request)?",
    "client_request": r"client[ _-]?request",
    "tracking": r"tracking",
    "async_operation": r"async(?:hronous)?[ _-]?(?:operation|job)",
}
_BETWEEN = r"(?:[ _-]?id)?(?:\W|\bis\b|\bof\b){1,12}"

_VERSION = Pattern(r"\b(version=)?v?([0-9]{1,5}(?:\.[0-9]{1,9}){2,3})\b")

_STATUS_CUES = FirstOf(_STATUS)
_PHASE_CUES = FirstOf(tuple(cue for _, cue in _PHASES))
_ID_CUES = FirstOf(
    tuple(rf"\b{label}{_BETWEEN}(?P<id>{GUID})" for label in _LABELS.values())
    + tuple(rf"_{label}id\W{{1,8}}(?P<id>{GUID})" for label in _LABELS.values())
)


def status_in(text: str) -> str | None:
    """The HTTP status that a service answered with, as one word (`BadGateway`)."""
    found = _STATUS_CUES.first(text)
    if found is None:
        return None
    groups = found[1].groupdict()
    word = "".join(filter(str.isalpha, groups.get("word") or "")).lower()
    phrase = _SQUEEZED.get(word) or _NUMBERS.get(groups.get("number") or "")
    return "".join(filter(str.isalpha, phrase)) if phrase else None


def phase_in(text: str) -> ImportPhase | None:
    """The part of the import that the message names (`coe-upgrade.md` section 2)."""
    found = _PHASE_CUES.first(text)
    return _PHASES[found[0]][0] if found else None


def ids_in(text: str) -> Ids:
    """The identifiers that support asks for, in lower case; the first of each kind."""
    found: dict[str, str] = {}
    kinds = tuple(_LABELS)
    for index, match in _ID_CUES.all(text):
        found.setdefault(kinds[index % len(kinds)], str(match.group("id")).lower())
    return Ids(**found)


def versions_in(text: str) -> tuple[str, ...]:
    """Version numbers of three or four parts in order, each once; assembly names are left out."""
    found: dict[str, None] = {}
    for match in _VERSION.find(text, limit=10 * VERSION_LIMIT):
        if match.group(1) is None:
            found.setdefault(str(match.group(2)))
    return tuple(found)[:VERSION_LIMIT]

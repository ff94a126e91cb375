"""What a GUID or a number with dots is, by the words around it.

A GUID by itself says nothing: a tenant is to be hidden, an activity id is what support asks for.
The label nearest in front of it decides; a label that keeps must stand right at it, one that hides
may stand a little further off. Without a label somebody has to be asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from runbook.domain.patterns import Pattern
from runbook.domain.redaction.profiles import Kind
from runbook.domain.redaction.shadow import ALL

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_GUIDS = Pattern(rf"\b({GUID}|[0-9a-f]{{32}})\b")
_BEFORE = 100
_FURTHEST = 60
#: Alternatives that keep come first where one word is part of another.
_LABELS = Pattern(
    r"(?P<keep>environment[ _-]?variable(?:[ _-]?(?:definition|value))?|activity|correlation|\breq_?id|\blog"
    r"|client[ _-]?request|request|tracking|trace|operation|session|work[ _-]?flow|flow|solution"
    r"|import[ _-]?job|job|connection[ _-]?reference|canvas[ _-]?app|component|application|app"
    r"|plug-?in(?:[ _-]?type)?|assembly|entity(?:[ _-]?metadata)?|attribute(?:[ _-]?metadata)?|widget"
    r"|publisher|process(?:[ _-]?trigger)?|step|run|event|transaction|message|connector|object[ _-]?name"
    r"|model|site[ _-]?map|view|saved[ _-]?query|option[ _-]?set|(?:system[ _-]?)?form|role|chart"
    r"|dashboard|table|column|web[ _-]?resource|relationship|control(?: class)?|label|dependent|required"
    r"|error|exception|instance[ _-]?of|stage|package|batch|thread|span"
    r"|aktivi(?:t)\p{L}*|korrelation\p{L}*|anforderung\p{L}*|sitzung\p{L}*|l\x{F6}sung\p{L}*|vorgang\p{L}*"
    r"|activi(?:t\x{E9}|t\x{E0}|teit\p{L}*)|actividad|atividade|corr\x{E9}lation|correlaci\x{F3}n|correlazione"
    r"|correla\x{E7}\x{E3}o|correlatie)"
    r"|(?P<tenant>tenants?|\btid\b|directory|mandanten?|verzeichnis|locataire|inquilino|r\x{E9}pertoire)"
    r"|(?P<org>organi[sz]ations?|\borgs?(?:id)?\b|organizaci\x{F3}n|organizzazione)"
    r"|(?P<environment>environments?|\benv\b|umgebung(?:s)?|environn(?:ement)|entorno|ambiente|omgeving)"
    r"|(?P<subscription>subscriptions?|abonnements?|suscripci\x{F3}n)"
    r"|(?P<user>\b(?:system)?users?|principal|\boid\b|owner|(?:created|modified|owned)[ _]?by"
    r"|_by_value|aad[ _-]?object|benutzer|utilisateur|usuario)"
)
#: What may stand between a label and its GUID where nothing else may.
_CLOSE = Pattern(
    r"^(?:s|es)?[\"'\])}]*[ _-]?(?:ids?|guids?|identifiers?|number|name|key)?[\"'\])}]*"
    r"(?:\s*[\"'][^\"'\r\n]{1,80}[\"'])?(?:\s+(?:of|for|from|in)\s[^:=\r\n]{1,40}[:=])?"
    r"(?:\s|[\"'({\[<>/=:,|#*`]|\b(?:is|was|with|ids?|value|guid|object|name|null|type\s*=?\s*[\"']?[a-z0-9]+)\b)*$"
)
#: In a list of required components the id comes after type and name.
_LISTED = Pattern(r"objectname\b[^\r\n]*\bid\b[\"']?\s*[:=]\s*[\"'{(]?$")
_EMPTY = " \t\r\"'({[<>=:|*-`#"
_LENGTH = 32
_DIGITS = frozenset("0123456789abcdef")
#: The same in every tenant: nothing, the default solution, Microsoft's sample client, its shells.
_OPEN_IDS = frozenset(
    {
        "0" * 32,
        "f" * 32,
        "fd140aaf4df411ddbd170019b9312238",
        "51f8148912ee4a9eaaaea2591f45987d",
        "1950a258227b4e31a9cf717495945fc2",
        "04b077958ddb461abbee02f9e1bf7b46",
    }
)
_WELL_KNOWN_END = "00000000c000000000000000"  # first-party applications, the same in every tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A GUID with what its label says; `kind` is None without one. `kept`: support needs it."""

    start: int
    end: int
    key: str
    kind: Kind | None
    kept: bool


def key_of_guid(text: str) -> str:
    """One form of all spellings of a GUID."""
    return text.replace("-", "").strip("{}()").lower()


def is_guid(words: str) -> bool:
    """Whether the words are a GUID, in whatever spelling."""
    digits = key_of_guid(words) if len(words) >= _LENGTH else ""
    return len(digits) == _LENGTH and _DIGITS.issuperset(digits)


def guids(text: str, asked: Callable[[int, int], bool]) -> Iterator[Labelled]:
    """The GUIDs in order, of those whose place is asked for.

    Thirty-two digits without a hyphen count only where a label hides them.
    """
    free = 0
    for match in _GUIDS.find(text, limit=ALL):
        found = match.group(1) or ""
        key = key_of_guid(found)
        start, bound = match.start(1), free
        free = match.end(1)
        if not asked(start, free) or key in _OPEN_IDS or key.endswith(_WELL_KNOWN_END):
            continue
        kind, kept = _label(_context(text, bound, end=start))
        if "-" in found or (kind and not kept):
            yield Labelled(start=start, end=free, key=key, kind=kind, kept=kept)


def _context(text: str, bound: int, *, end: int) -> str:
    """The words in front: of the line, or of the line above if the GUID stands alone in its own."""
    bound = max(bound, end - _BEFORE)
    words = text[bound:end]
    words = words[words.rfind("›") + 1 :]
    above, _, line = words.rpartition("\n")
    return f"{above.rstrip().rpartition(chr(10))[2]} {line}" if not line.strip(_EMPTY) else line


@lru_cache(maxsize=8192)
def _label(context: str) -> tuple[Kind | None, bool]:
    """What the words say, and whether they say to keep it; a log says the same many times."""
    nearest: Kind | None = None
    kept = False
    for match in _LABELS.find(context, limit=_BEFORE):
        kind, gap = _kind((match.group() or "").lower()), context[match.end() :]
        kept = kind is None and _CLOSE.search(gap) is not None
        furthest = 0 if kind is Kind.USER else _FURTHEST
        if kind and (len(gap) <= furthest or _CLOSE.search(gap)):
            nearest = kind
    if kept or _LISTED.search(context):
        return None, True
    return nearest, False


@lru_cache(maxsize=1024)
def _kind(word: str) -> Kind | None:
    """What a label hides; None if it keeps."""
    match = _LABELS.search(word)
    named = match.groupdict() if match else {}
    name = next((name for name, found in named.items() if found is not None), "keep")
    return None if name == "keep" else Kind(name)


#: Words that stand beside versions, "from" and "to" among them: upgrades go from one to another.
_VERSION = Pattern(
    r"\b(?:v|ver|from|to|imports?|upgrad[a-z]*|update[ds]?|updating|release[ds]?|build|install(?:ed)?|package|kit|core"
    r"|managed|unmanaged|assembly|sdk|cli|pac|plug-?in|product|patch|parent|holding)\b"
    r"|version|solution|component|publickeytoken|_upgrade|required|dependenc|missing"
    r"|\.(?:dll|exe|zip|msapp|nupkg)\b"
)
#: The unique name of a solution or an assembly right in front, as in a list of what is installed.
_UNIQUE_NAME = Pattern(
    r"(?:[a-z][A-Z]|[A-Za-z][_.][A-Za-z])[A-Za-z0-9_]*[:,=]?\s*\(?$", ignore_case=False
)
_HOST_NAME = Pattern(r"(?:host|ip|addr|address|server|peer|gateway)\s*[:,=]?\s*\(?$")
_AROUND = 48


def looks_like_address(text: str, start: int, *, end: int) -> bool:
    """Whether four numbers with dots may be an address: nothing around them speaks of versions."""
    number = text[start:end]
    before = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
    after = text[end : end + _AROUND].partition("\n")[0]
    if number.endswith(".0") or number.startswith("0."):
        return False
    if _UNIQUE_NAME.search(before) and not _HOST_NAME.search(before):
        return False
    return _VERSION.search(f"{before} | {after}") is None

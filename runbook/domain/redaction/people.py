"""Rules that find people: mail addresses, accounts, folders, and names beside a label."""

from runbook.domain.patterns import Match
from runbook.domain.redaction.profiles import Kind, Tier
from runbook.domain.redaction.rule import Rule, lower

_NAME = (
    r"(?-i:\p{Lu}[\p{L}\x{2019}'-]+, \p{Lu}[\p{Ll}\x{2019}'-]+"
    r"|\p{Lu}[\p{Ll}\x{2019}'-]+(?:[ -](?:(?:van|von|de|der|den|la|le|da|dos|bin|al|zu)[ -])*"
    r"\p{Lu}(?:[\p{L}\x{2019}'-]+|\.)){1,3})"
)
_BY = (
    r"(?:(?:owned|created|modified|changed|requested|reported|approved|installed|run|started)[ _]?by"
    r"|assigned to|contact(?: person)?|(?:erstellt|ge\x{E4}ndert) von|(?:cr\x{E9}\x{E9}|modifi\x{E9}) par"
    r"|(?:creado|modificado) por)"
)
_NO_NAMES = frozenset(
    """
    admin administrator app application apps audit automate azure backlog basic
    basicuser canvas center centre coe component components connection connector core count
    creator customizer data dataverse default delegated dynamics entra environment excellence
    export flow global governance helper import innovation key kit lead licence license maker
    managed microsoft none nurture office operator platform portal power powerapps privileges
    production role security service setup shared sharepoint solution solutions starter
    support sync system team teams test the unmanaged update upgrade user users vault
    """.split()  # noqa: SIM905 - a list of words reads better
)


def _guest(match: Match, _: str) -> str:
    name = (match.group(1) or "").lower().partition("#ext#")[0]
    local, _, domain = name.rpartition("_")
    return f"{local}@{domain}"


def _folder(match: Match, text: str) -> str:
    name = lower(match, text)
    everybody = {"public", "default", "all users", "default user", "%username%", "$user", "<user>"}
    return "" if name in everybody else name


def _person(match: Match, text: str) -> str:
    name = lower(match, text)
    return "" if _NO_NAMES.intersection(name.replace("-", " ").split()) else name


PEOPLE_RULES: tuple[Rule, ...] = (
    Rule(
        slug="guest",
        kind=Kind.USER,
        source=r"([\p{L}\p{N}._%+'-]+_[a-z0-9.-]+#EXT#(?:@[a-z0-9.-]+)?)",
        wraps=True,
        key=_guest,
    ),
    Rule(
        slug="e-mail",
        kind=Kind.USER,
        source=r"([\p{L}\p{N}_%+](?:[\p{L}\p{N}._%+'\x{2019}-]*[\p{L}\p{N}_%+-])?"
        r"@[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,})",
        wraps=True,
    ),
    Rule(
        slug="e-mail-spelt",
        kind=Kind.USER,
        source=r"\b([a-z0-9._%+-]+ ?[(\[]at[)\]] ?[a-z0-9-]+(?:(?:\.| ?[(\[]dot[)\]] ?)[a-z0-9-]+)+)",
    ),
    Rule(
        slug="windows-path",
        kind=Kind.USER,
        source=r"(?:[a-z]:|/mnt/[a-z]|\\[a-z0-9_.-]+\\[a-z]\$)[\\/]+(?:users|documents and settings)[\\/]+"
        r"(?:([^\\/:*?\"<>|\r\n‹›]{1,64})[\\/]|([^\\/:*?\"<>|\s‹›,;)]+))",
        key=_folder,
    ),
    Rule(
        slug="home-path",
        kind=Kind.USER,
        source=r"(?:^|[\s\"'`(=:,;\[]|file://)(?-i:/(?:home|Users))/([^/\s\"'<>:,;‹›)]+)",
        key=_folder,
    ),
    Rule(
        slug="domain-login",
        kind=Kind.USER,
        source=r"(?:user|login|account|identity|as|owner|by)[\"']?\s*(?:name)?\s*[:=]?\s*[\"'(]?"
        r"([a-z0-9][a-z0-9-]{1,14}\\[a-z0-9][a-z0-9._-]+)",
    ),
    Rule(
        slug="person",
        kind=Kind.PERSON,
        source=rf"\b(?:{_BY}|owner|full name|user|operator|author|approver|manager|customer|reporter|attn"
        r"|from|to|cc|maker|dear|hi|hello|hallo|besitzer|benutzer|propri\x{E9}taire|propietario)"
        rf"[\"']?(?:\s*[:=]\s*|\t+)[\"']?({_NAME})",
        tier=Tier.ASK,
        key=_person,
    ),
    Rule(
        slug="person-in-sentence",
        kind=Kind.PERSON,
        source=rf"\b(?:{_BY}|dear|hi|hello|hallo|regards,?|thanks,?|cheers,?|user (?:name )?[\"'])"
        rf"\s*[\"']?({_NAME})",
        tier=Tier.ASK,
        key=_person,
    ),
    Rule(
        slug="person-object",
        kind=Kind.PERSON,
        source=r"\b(?:owner|(?:created|modified|changed|owned|requested|approved)_?by|user|principal)[\"']?"
        r"\s*[:=]\s*\{[^{}]*\"displayName\"\s*:\s*\"([^\"‹›]+)\"",
        tier=Tier.ASK,
        key=_person,
    ),
)

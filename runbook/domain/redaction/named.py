"""JSON, XML, settings and plain lines by the name of the key, whatever the value looks like."""

from collections.abc import Mapping

from runbook.domain.patterns import Match, Pattern
from runbook.domain.redaction.profiles import Kind, Tier
from runbook.domain.redaction.rule import Rule, lower

_VALUE = r"\"((?:[^\"\\]|\\.)+)\""
_HIDDEN_KEYS = (
    r"(?:[a-z0-9_.-]*(?:passw(?:ord|ort)|passwd|passphrase|secret|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|primary[_-]?key|secondary[_-]?key|connection[_-]?string|credentials?"
    r"|sas[_-]?url|sas[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token"
    r"|bearer[_-]?token|session[_-]?token|csrf[_-]?token|request[_-]?verification[_-]?token)"
    r"(?:[_-]?(?:value|text))?|pwd|auth|authorization|token|cookie|set-cookie"
    r"|x-functions-key|ocp-apim-subscription-key)"
)
_NAMED_KEYS: Mapping[Kind, str] = {
    Kind.USER: (
        r"(?:[a-z]*user_?principal_?name|upn|(?:[a-z]+_)?e-?mail(?:_?address)?|internalemailaddress"
        r"|mail|user_?name|login(?:_?name)?|sam_?account_?name|windowslive_?id)"
    ),
    Kind.ADDRESS: r"(?:client_?ip(?:_?address)?|ip_?address|remote_?addr(?:ess)?|x-forwarded-for|caller_?ip)",
    Kind.ORGANIZATION: r"(?:organi[sz]ation_?(?:unique_?|friendly_?|display_?)?name|org_?(?:unique_?)?name|domain_?name)",
    Kind.ENVIRONMENT: r"(?:environment_?(?:display_?)?name|environment_?friendly_?name|linked_?environment)",
    Kind.TENANT: r"(?:tenant_?(?:display_?)?name|company_?name|default_?domain(?:_?name)?|tenant_?domain)",
}
_PERSON_KEYS = (
    r"(?:full_?name|given_?name|sur_?name|first_?name|last_?name|owner_?name|user_?display_?name"
    r"|(?:created|modified|changed|owned|installed|requested|approved)_?by(?:_?name)?)"
)
#: The same for people, in a line of its own.
_LABELS: Mapping[Kind, str] = {
    Kind.ENVIRONMENT: r"(?:environment (?:display )?name|name of the environment)",
    Kind.ORGANIZATION: r"(?:organi[sz]ation (?:display |unique )?name|name of the organi[sz]ation)",
    Kind.TENANT: r"(?:tenant (?:display )?name|company name|name of the (?:tenant|company)|primary domain)",
}


def _keyed(slug: str, keys: str) -> dict[str, str]:
    """JSON, XML and settings lists by the name of the key, whatever the value looks like."""
    return {
        f"{slug}-json": rf"\"{keys}\"\s*:\s*(?:\{{\s*\"(?:value|defaultValue)\"\s*:\s*)?{_VALUE}",
        f"{slug}-number": rf"\"{keys}\"\s*:\s*([0-9]{{4,}})\b",
        f"{slug}-element": rf"<(?:[a-z0-9]+:)?{keys}(?:\s[^<>]*)?>\s*([^<>]+?)\s*<",
        f"{slug}-attribute": rf"[\s<](?:[a-z0-9]+:)?{keys}\s*=\s*(?:\"([^\"<>]+)\"|'([^'<>]+)')",
        f"{slug}-setting": (
            rf"\b(?:schemaname|logicalname|name|key)[\"']?\s*[:=]\s*[\"'][a-z0-9_.-]*{keys}[\"']"
            r"\s*[,;/]?\s*[\"']?(?:default_?)?value[\"']?\s*[:=]\s*[\"']([^\"'<>]+)[\"']"
        ),
    }


def _named_value(match: Match, text: str) -> str:
    value = lower(match, text).strip()
    empty = {"null", "none", "true", "false", "n/a", "unknown", "system", "-"}
    return "" if value in empty or value.startswith(("@", "{{", "${")) else value


def kind_of_name(name: str) -> Kind | None:
    """What a field or a question of this name holds, if that is something to hide."""
    return next((kind for kind, names in _NAMES.items() if names.search(name)), None)


_NAMES = {
    kind: Pattern(rf"^(?:{keys})$")
    for kind, keys in (*_NAMED_KEYS.items(), (Kind.PERSON, _PERSON_KEYS))
}
NAMED_RULES: tuple[Rule, ...] = (
    *(
        Rule(slug=slug, kind=Kind.SECRET, source=shape, label="value", raw=True)
        for slug, shape in _keyed("secret", _HIDDEN_KEYS).items()
    ),
    *(
        Rule(slug=slug, kind=kind, source=shape, raw=True, key=_named_value)
        for kind, keys in _NAMED_KEYS.items()
        for slug, shape in _keyed(kind.value, keys).items()
    ),
    *(
        Rule(slug=slug, kind=Kind.PERSON, source=shape, raw=True, tier=Tier.ASK, key=_named_value)
        for slug, shape in _keyed("person", _PERSON_KEYS).items()
    ),
    *(
        Rule(
            slug=f"{kind.value}-label",
            kind=kind,
            source=(
                rf"\b{label}[\"']?\s*[:=]\s*[\"']?"
                r"([^\s\"'<>‹›;,|][^\r\n\"'<>‹›;,|]{0,60}[^\s\"'<>‹›;,|.])"
            ),
            key=_named_value,
        )
        for kind, label in _LABELS.items()
    ),
)

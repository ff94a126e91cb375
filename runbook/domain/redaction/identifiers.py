"""Rules that find tenants, organizations, environments and addresses; and all rules together.

A changed rule anywhere needs a new RULES_VERSION, which records name.
"""

from runbook.domain.patterns import Match
from runbook.domain.redaction.labels import GUID, key_of_guid, looks_like_address
from runbook.domain.redaction.named import NAMED_RULES
from runbook.domain.redaction.people import PEOPLE_RULES
from runbook.domain.redaction.profiles import Kind, Tier
from runbook.domain.redaction.rule import END, Rule, lower
from runbook.domain.redaction.secret_rules import SECRET_RULES

RULES_VERSION = 1

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_NUMBER = rf"{_OCTET}(?:\.{_OCTET}){{3}}"


def _tenant(match: Match, _: str) -> str:
    found = (match.group(1) or "").lower()
    return key_of_guid(found) if "." not in found else found.partition(".onmicrosoft.")[0]


def _organization(match: Match, _: str) -> str:
    name = (match.group(1) or "").lower()
    open_to_all = {"www", "home", "disco", "globaldisco", "admin", "make", "org", "api", "web"}
    return "" if name in open_to_all else f"{name}.{(match.group(2) or '').lower()}"


def _host_guid(match: Match, _: str) -> str:
    return lower(match, "").replace(".", "")


def _tenant_name(match: Match, _: str) -> str:
    return (match.group(1) or "").lower().removesuffix("-my").removesuffix("-admin")


def _address(match: Match, text: str) -> str:
    start, end = match.start(1), match.end(1)
    return text[start:end] if looks_like_address(text, start, end=end) else ""


HOST_RULES: tuple[Rule, ...] = (
    Rule(
        slug="tenant-site",
        kind=Kind.TENANT,
        source=r"\b([a-z0-9][a-z0-9-]*)\.(?:b2clogin\.com|ciamlogin\.com|powerappsportals\.(?:com|us)"
        r"|microsoftcrmportals\.com|access\.mcas\.ms)\b",
        wraps=True,
    ),
    Rule(
        slug="one-drive", kind=Kind.TENANT, source=r"onedrive - ([^\\/\r\n\"'<>|:*?‹›]{2,60})[\\/]"
    ),
    Rule(
        slug="login-address",
        kind=Kind.TENANT,
        source=r"(?:login\.(?:microsoftonline(?:-p)?\.[a-z]{2,3}|windows\.net|microsoft\.com"
        r"|partner\.microsoftonline\.cn|chinacloudapi\.cn)|sts\.windows\.net)/"
        rf"({GUID}|[a-z0-9-]+(?:\.[a-z0-9-]+)+)",
        wraps=True,
        key=_tenant,
    ),
    Rule(
        slug="default-environment",
        kind=Kind.TENANT,
        source=rf"\bdefault[-_ ]?({GUID})",
        wraps=True,
        key=_tenant,
    ),
    Rule(
        slug="org-address",
        kind=Kind.ORGANIZATION,
        source=r"\b([a-z0-9][a-z0-9_-]*)(?:\.(?:api|web|admin))*\.(crm[0-9]*)\."
        r"(?:dynamics\.(?:com|cn)|microsoftdynamics\.(?:us|de)|appsplatform\.us)\b",
        wraps=True,
        key=_organization,
    ),
    Rule(
        slug="operations-address",
        kind=Kind.ORGANIZATION,
        source=r"\b([a-z0-9][a-z0-9_-]*)(?:\.(?:sandbox|cloudax|axcloud))*\.(operations)(?:\.[a-z]{2,3})?"
        r"\.dynamics\.(?:com|cn)\b",
        wraps=True,
        key=_organization,
    ),
    Rule(
        slug="org-connected",
        kind=Kind.ORGANIZATION,
        source=r"\bconnected to(?:\.\.\.|:)[ \t]*([\p{L}\p{N}][^\r\n‹›().\x60\"'<>]{0,60}[\p{L}\p{N}])",
    ),
    Rule(
        slug="org-name", kind=Kind.ORGANIZATION, source=r"\b(unq[0-9a-f]{20,32}|org[0-9a-f]{8})\b"
    ),
    Rule(
        slug="environment-host",
        kind=Kind.ENVIRONMENT,
        source=r"\b([0-9a-f]{28,32}\.[0-9a-f]{1,4})\.environment\.api\."
        r"(?:[a-z]+\.)*(?:powerplatform|microsoft|gov)",
        wraps=True,
        key=_host_guid,
    ),
    Rule(
        slug="tenant-host",
        kind=Kind.TENANT,
        source=r"\b(?:default([0-9a-f]{28,32}\.[0-9a-f]{1,4})\.environment"
        r"|([0-9a-f]{28,32}\.[0-9a-f]{1,4})\.tenant)\.api\.",
        wraps=True,
        key=_host_guid,
    ),
    Rule(
        slug="sharepoint-address",
        kind=Kind.TENANT,
        source=r"\b([a-z0-9][a-z0-9-]*)\.sharepoint\.(?:com|cn|us|de)\b",
        wraps=True,
        key=_tenant_name,
    ),
    Rule(
        slug="sharepoint-path",
        kind=Kind.SITE,
        source=rf"\.sharepoint\.(?:com|cn|us|de)(?::443)?/([^{END}]+)",
        wraps=True,
        grows=True,
    ),
    Rule(slug="personal-site", kind=Kind.USER, source=r"/personal/([a-z0-9_]+)", wraps=True),
    Rule(
        slug="onmicrosoft-name",
        kind=Kind.TENANT,
        source=r"\b([a-z0-9][a-z0-9-]*)(?:\.mail)?\.onmicrosoft\.(?:com|us|de)\b",
        wraps=True,
        key=_tenant_name,
    ),
    Rule(
        slug="resource-host",
        kind=Kind.RESOURCE,
        source=r"\b([a-z0-9][a-z0-9-]*)(?:\.scm)?\.(?:vault\.azure\.net|azurewebsites\.net|azure-api\.net"
        r"|(?:blob|table|queue|file|dfs|web)\.core\.windows\.net|database\.windows\.net"
        r"|servicebus\.windows\.net)\b",
        wraps=True,
    ),
    Rule(
        slug="resource-group",
        kind=Kind.RESOURCE,
        source=r"/resourceGroups/([\p{L}\p{N}_.()-]+)",
        wraps=True,
    ),
)
ADDRESS_RULES: tuple[Rule, ...] = (
    Rule(
        slug="labelled-ip",
        kind=Kind.ADDRESS,
        source=r"\b(?:ip(?:v4)?(?:[ _-]?address(?:es)?)?|client[ _-]?ip|remote[ _-]?addr(?:ess)?|x-forwarded-for)"
        rf"[\"']?\s*(?:is|was|[:=])?\s*[\"'(\[]?({_NUMBER})\b",
    ),
    Rule(
        slug="ipv4",
        kind=Kind.ADDRESS,
        source=rf"(?:^|[^0-9a-z_.+-])({_NUMBER})(?:$|[^0-9a-z_.+-]|\.(?:$|[^0-9a-z]))",
        tier=Tier.ASK,
        key=_address,
    ),
    Rule(
        slug="ipv6",
        kind=Kind.ADDRESS,
        source=r"\b((?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){1,5}(?::[0-9a-f]{1,4}){2,5}"
        r"|(?:[0-9a-f]{1,4}:){2,6}:[0-9a-f]{1,4})\b",
        tier=Tier.ASK,
    ),
)
#: The query of an address. It goes as a whole where anything in the address goes: its parts explain
#: each other.
QUERY_RULE = Rule(
    slug="query",
    kind=Kind.QUERY,
    source=r"https?://(?:‹[^›]*›|[^\s\"'<>?‹›])*\?((?:‹[^›]*›|[^\s\"'<>‹›])+)",
    wraps=True,
    key=lambda match, _: "cut" if "‹" in (match.group() or "") else "whole",
)
RULES: tuple[Rule, ...] = (
    *SECRET_RULES,
    *HOST_RULES,
    *PEOPLE_RULES,
    *ADDRESS_RULES,
    *NAMED_RULES,
    QUERY_RULE,
)

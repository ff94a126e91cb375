"""Who receives a text, and which kinds of things each of them must not see.

`internal` hides secrets alone. Microsoft Support finds a failure by tenant, organization and
environment, and needs nobody's account for it. A partner works inside one environment and already
knows its address; the rest of the tenant is none of their business. `public` hides everything.
"""

from collections.abc import Mapping
from enum import StrEnum


class Profile(StrEnum):
    """A kind of recipient. Slugs are an interface: links and exports name them."""

    INTERNAL = "internal"
    MICROSOFT_SUPPORT = "microsoft-support"
    PARTNER = "partner"
    PUBLIC = "public"


class Kind(StrEnum):
    """What a found thing is; its word stands in the pseudonym: `‹tenant-1›`."""

    SECRET = "secret"  # noqa: S105 - a word, not a secret
    TENANT = "tenant"
    ORGANIZATION = "org"
    ENVIRONMENT = "environment"
    SUBSCRIPTION = "subscription"
    RESOURCE = "resource"
    SITE = "site"
    USER = "user"
    PERSON = "person"
    ADDRESS = "address"
    ID = "id"
    QUERY = "query"


class Tier(StrEnum):
    """`auto`: a shape or a label says what it is. `ask`: a person should look before it leaves."""

    AUTO = "auto"
    ASK = "ask"


_SUPPORT = frozenset(
    {Kind.SECRET, Kind.SUBSCRIPTION, Kind.RESOURCE, Kind.USER, Kind.ADDRESS, Kind.QUERY}
)
CUTS: Mapping[Profile, frozenset[Kind]] = {
    Profile.INTERNAL: frozenset({Kind.SECRET}),
    Profile.MICROSOFT_SUPPORT: _SUPPORT,
    Profile.PARTNER: _SUPPORT | {Kind.TENANT, Kind.SITE},
    Profile.PUBLIC: frozenset(Kind),
}
#: Profiles under which a thing of tier `ask` is cut unless somebody decided otherwise.
CAUTIOUS = frozenset({Profile.PUBLIC})

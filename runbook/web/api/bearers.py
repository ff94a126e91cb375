"""Who calls: the bearer token of a request, and nothing else; a session's cookie counts for nothing.

Without cookies there is nothing that another site could make a browser send along. A token is asked
for before the body is read, so a stranger cannot make the product read much.
"""

import ipaddress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.security.http import HttpAuthBase

from runbook.models import ApiToken
from runbook.services import tokens
from runbook.services.tokens import Caller, NoSuchToken, Scope
from runbook.web.api.problems import LARGE, Refused, TooManyWrongTokens

WRONG_IN_A_MINUTE = 20


class _Token(HttpAuthBase):
    """A token of the run in the address, with the scope that the operation takes."""

    openapi_scheme = "bearer"
    scope: ApiToken.Scope
    wrong_scope: str

    def __call__(self, request: HttpRequest) -> Caller:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NoSuchToken
        caller = _caller(request, secret.strip(), now=timezone.now())
        if caller.token.scope != self.scope:
            raise Refused(403, self.wrong_scope)
        return caller


class ReadToken(_Token):
    """Reads as often as it is asked, for 30 days at most."""

    scope = Scope.READ
    wrong_scope = "This token appends one entry and reads nothing. Make one that reads."
    openapi_description = "A token that reads; members make it on the run's page of tokens."


class AppendToken(_Token):
    """Makes one entry, within 24 hours."""

    scope = Scope.APPEND
    wrong_scope = "This token reads and appends nothing. Make one that appends an entry."
    openapi_description = "A token for one entry; members make it on the run's page of tokens."

    def __call__(self, request: HttpRequest) -> Caller:
        caller = super().__call__(request)
        if request.content_type != "application/json":
            raise Refused(415, "Send the body as application/json.")
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not declared.isdecimal() or int(declared) > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            raise Refused(413, LARGE)
        return caller


def _caller(request: HttpRequest, secret: str, *, now: datetime) -> Caller:
    address = request.META.get("REMOTE_ADDR", "")
    if cache.get(_key(address, now), 0) >= WRONG_IN_A_MINUTE:
        raise TooManyWrongTokens
    match = request.resolver_match
    try:
        if match is None:
            raise NoSuchToken
        return tokens.caller_of(secret=secret, run_id=UUID(match.kwargs["run"]), now=now)
    except NoSuchToken:
        _count_wrong(_key(address, now))
        raise


def _count_wrong(key: str) -> None:
    if not cache.add(key, 1, timeout=120):
        # Two at once may count as one. A token has 256 random bits: the limit spares the database,
        # it is not what keeps guessers out.
        cache.set(key, cache.get(key, 0) + 1, timeout=120)


def _key(address: str, now: datetime) -> str:
    """One count for an address and a minute; for IPv6 of the network, since a guesser owns it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        place = "none"
    else:
        bits = 64 if parsed.version == 6 else 32
        place = str(ipaddress.ip_network((parsed, bits), strict=False))
    return f"api:wrong:{place}:{int(now.timestamp()) // 60}"

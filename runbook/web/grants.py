"""What a reader by link carries: signed cookies, apart from any session and from any account.

One says which links were opened in this browser and when each was last used; without use it ends.
It names links and holds no token, and every request asks the link itself as well. The other says
what a status page had to tell at the last visit.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_SALT, _VISITS_SALT = "runbook.share", "runbook.visits"
_RENEW_AFTER = 60
_KEPT = 8
_VISIT_SECONDS = 300
_VISITS_AGE = 30 * 24 * 3600


def living(request: HttpRequest, *, now: datetime) -> dict[uuid.UUID, int]:
    """The links that this browser has open, with the moment of their last use."""
    found = _read(request, settings.SHARE_COOKIE_NAME, salt=_SALT)
    start = now.timestamp() - settings.SHARE_IDLE_AGE
    return {uuid.UUID(name): at for name, at in found.items() if at > start}


def give(
    request: HttpRequest, response: HttpResponseBase, *, handle: uuid.UUID, now: datetime
) -> None:
    """Adds the link to what this browser has open; the oldest of too many is dropped."""
    grants = {**living(request, now=now), handle: int(now.timestamp())}
    newest = sorted(grants.items(), key=lambda item: item[1])[-_KEPT:]
    _write(
        response,
        settings.SHARE_COOKIE_NAME,
        {name.hex: at for name, at in newest},
        salt=_SALT,
        max_age=None,
    )


def renew(
    request: HttpRequest, response: HttpResponseBase, *, handle: uuid.UUID, now: datetime
) -> None:
    """Notes that the link is in use, at most once a minute."""
    at = living(request, now=now).get(handle)
    if at is not None and now.timestamp() - at >= _RENEW_AFTER:
        give(request, response, handle=handle, now=now)


def last_visit(
    request: HttpRequest, *, handle: uuid.UUID, seq: int, now: datetime
) -> tuple[int, int, int, int]:
    """Mark, end of the visit before, newest event and now; the mark moves when a visit begins."""
    at = int(now.timestamp())
    known = _read(request, settings.VISITS_COOKIE_NAME, salt=_VISITS_SALT).get(handle.hex)
    if not isinstance(known, list) or len(known) != 4:
        return seq, 0, seq, at
    mark, left, latest, before = known
    if at - before > _VISIT_SECONDS:
        mark, left = latest, before
    return mark, left, seq, at


def keep_visit(
    request: HttpRequest,
    response: HttpResponseBase,
    *,
    handle: uuid.UUID,
    visit: tuple[int, int, int, int],
) -> None:
    """Keeps it for the next visit."""
    visits = _read(request, settings.VISITS_COOKIE_NAME, salt=_VISITS_SALT)
    visits = {**visits, handle.hex: list(visit)}
    newest = sorted(visits.items(), key=lambda item: item[1][3])[-_KEPT:]
    _write(
        response,
        settings.VISITS_COOKIE_NAME,
        dict(newest),
        salt=_VISITS_SALT,
        max_age=_VISITS_AGE,
    )


def _read(request: HttpRequest, name: str, *, salt: str) -> dict[str, Any]:
    try:
        found = signing.loads(request.COOKIES.get(name, ""), salt=salt)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _write(
    response: HttpResponseBase,
    name: str,
    value: Mapping[str, Any],
    *,
    salt: str,
    max_age: int | None,
) -> None:
    response.set_cookie(
        name,
        signing.dumps(value, salt=salt),
        max_age=max_age,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )

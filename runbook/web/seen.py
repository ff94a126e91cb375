"""What a person had seen of a run when they left: kept in a cookie, because reading writes nothing.

The mark stays for a visit, so that a reload does not wipe "since you left" away; a visit ends when
nothing was looked at for five minutes.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

VISIT_SECONDS = 300
_LIFETIME = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest event at the end of the last visit, and when that was; zero for a first visit."""

    mark: int = 0
    left: int = 0
    latest: int = 0
    at: int = 0

    @property
    def new(self) -> int:
        """How many events were added since the last visit ended."""
        return self.latest - self.mark


def before_this_visit(request: HttpRequest, *, version: int, now: datetime) -> Seen:
    """What was seen before, with the mark moved if this is a new visit."""
    parts = request.COOKIES.get("seen", "").split("-")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return Seen(mark=version, latest=version, at=int(now.timestamp()))
    mark, left, latest, at = (int(part[:15]) for part in parts)
    if now.timestamp() - at > VISIT_SECONDS:
        mark, left = latest, at
    return Seen(mark=mark, left=left, latest=version, at=int(now.timestamp()))


def remember(response: HttpResponse, run_id: uuid.UUID, *, seen: Seen) -> None:
    """Keeps it for the pages of this run only."""
    response.set_cookie(
        "seen",
        f"{seen.mark}-{seen.left}-{seen.latest}-{seen.at}",
        max_age=_LIFETIME,
        path=f"/runs/{run_id}/",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )

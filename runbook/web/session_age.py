"""How long a sign-in lasts: for some hours at most, and not without a person at it.

Neither end needs a write while pages are read. The absolute end is fixed in the session once, at
sign-in. The last sign of the person stands in a signed cookie beside the session, renewed at most
once a minute; it is bound to the session, so the cookie of another sign-in is worth nothing. What a
page asks for by itself, such as its live updates, is no sign of a person.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

from runbook.web.middleware import GetResponse

# Sessions that began at the sign-in page carry this mark; without the cookie they are over.
_MARK = "idle_end"
_SALT = "runbook.seen"
_RENEW_AFTER = 60


def session_age(get_response: GetResponse) -> GetResponse:
    """End a session that stood idle, and give one that has just begun its ends."""

    def watch(request: HttpRequest) -> HttpResponseBase:
        idle_for = _idle_for(request)
        if idle_for is None or idle_for > settings.SESSION_IDLE_AGE:
            logout(request)
        before = request.user.pk
        response = get_response(request)
        if request.user.pk is None:
            if settings.SEEN_COOKIE_NAME in request.COOKIES:
                response.delete_cookie(settings.SEEN_COOKIE_NAME)
        elif request.user.pk != before:
            end = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
            request.session.set_expiry(end)
            if request.session.session_key is None:  # so after one person followed another
                request.session.cycle_key()
            request.session[_MARK] = True
            _see(request, response)
        elif _MARK in request.session and _is_sign_of_life(request, idle_for or 0):
            _see(request, response)
        return response

    return watch


def _idle_for(request: HttpRequest) -> float | None:
    """Seconds since the last sign of the person; None if there is none although there must be."""
    if not request.user.is_authenticated or _MARK not in request.session:
        return 0
    value = request.COOKIES.get(settings.SEEN_COOKIE_NAME, "")
    try:
        seen = signing.loads(value, salt=_SALT)
    except signing.BadSignature:
        return None
    if not isinstance(seen, dict) or seen.get("session") != _name(request):
        return None
    return max(0.0, timezone.now().timestamp() - seen["at"])


def _is_sign_of_life(request: HttpRequest, idle_for: float) -> bool:
    by_hand = request.method == "POST" or request.headers.get("Sec-Fetch-Mode", "navigate") in {
        "navigate",
        "nested-navigate",
    }
    # The key changes at a change of password; then the old cookie fits no longer.
    renewed = request.session.session_key != request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return renewed or (by_hand and idle_for >= _RENEW_AFTER)


def _see(request: HttpRequest, response: HttpResponseBase) -> None:
    value = {"session": _name(request), "at": timezone.now().timestamp()}
    response.set_cookie(
        settings.SEEN_COOKIE_NAME,
        signing.dumps(value, salt=_SALT),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _name(request: HttpRequest) -> str:
    key = request.session.session_key or ""
    return salted_hmac(_SALT, key, algorithm="sha256").hexdigest()[:32]

"""The invitation that this browser has shown: kept in its session until it is used or too old."""

from django.http import HttpRequest
from django.utils import timezone

from runbook.models import Invitation
from runbook.services import invitations

_KEY = "invitation"


def remember(request: HttpRequest, invitation: Invitation) -> None:
    request.session.cycle_key()
    request.session[_KEY] = invitation.pk


def invitation(request: HttpRequest) -> Invitation | None:
    known = request.session.get(_KEY)
    return invitations.still_open(known, now=timezone.now()) if known else None


def has_shown_one(request: HttpRequest) -> bool:
    return _KEY in request.session


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)

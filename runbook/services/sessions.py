"""Where a person is signed in, and ending it: one place, all others, or all.

The sessions themselves are the truth; allauth's table beside them knows browser and address.
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from runbook.models import User


@dataclass(frozen=True)
class SignIn:
    pk: int
    since: datetime
    until: datetime
    address: str
    browser: str
    is_here: bool


def sign_ins(user: User, *, here: str, now: datetime) -> list[SignIn]:
    """The living sessions of a person, this one first; a pure read."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    living = Session.objects.filter(session_key__in=rows, expire_date__gt=now)
    found = [
        SignIn(
            pk=row.pk,
            since=row.created_at,
            until=session.expire_date,
            address=row.ip,
            browser=row.user_agent,
            is_here=session.session_key == here,
        )
        for session in living
        if _belongs(session, user)
        for row in [rows[session.session_key]]
    ]
    return sorted(found, key=lambda each: (not each.is_here, -each.since.timestamp()))


def end(user: User, sign_in: int) -> bool:
    """End one session of this person; False if it is not theirs or over already."""
    row = UserSession.objects.filter(user=user, pk=sign_in).first()
    if row is None:
        return False
    return _end(user, [row.session_key]) > 0


def end_all(user: User, *, but: str = "") -> int:
    """End every session of a person, also those the list does not know; how many there were."""
    keys = [
        session.session_key
        for session in Session.objects.exclude(session_key=but).iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    return _end(user, keys)


def _end(user: User, keys: list[str]) -> int:
    with transaction.atomic():
        UserSession.objects.filter(user=user, session_key__in=keys).delete()
        return Session.objects.filter(session_key__in=keys).delete()[0]


def _belongs(session: Session, user: User) -> bool:
    """Whether the session still counts: a change of password ends it without removing the row."""
    data = session.get_decoded()
    return (
        data.get(SESSION_KEY) == str(user.pk)
        and data.get(HASH_SESSION_KEY) == user.get_session_auth_hash()
    )


def forget_ended(*, now: datetime) -> None:
    """Sign-ins that are over lead nowhere: their rows go, and with them addresses and browsers."""
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()

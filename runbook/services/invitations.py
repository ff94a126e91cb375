"""Invitations: an account, or a seat in a team, for whoever holds the token; one each, for 14 days.

The token is shown once and stored as a digest only. Nothing here looks up whether an address has
an account, so inviting tells nobody who is here already.
"""

import base64
import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from runbook.domain.vocabulary import Role
from runbook.models import Invitation, Membership, Team, User
from runbook.services import teams

logger = logging.getLogger(__name__)

PREFIX = "uwi_"  # so that scanners for leaked secrets know it
VALID_FOR = timedelta(days=14)


class InvitationRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


class MayNotInvite(InvitationRefused):
    pass


class NotOpen(InvitationRefused):
    def __init__(self) -> None:
        super().__init__(
            "This invitation is no longer open: it was used, withdrawn, or is too old. "
            "Ask the person who sent it for a new one."
        )


class NameTaken(InvitationRefused):
    pass


def teams_to_invite_to(actor: User) -> QuerySet[Team]:
    return Team.objects.filter(memberships__user=actor, memberships__is_owner=True).order_by("name")


def may_invite(actor: User) -> bool:
    return actor.is_staff or teams_to_invite_to(actor).exists()


def invite(
    *, actor: User, now: datetime, team: Team | None = None, role: str = "", email: str = ""
) -> tuple[Invitation, str]:
    """A new invitation and its token, which nobody can ask for again.

    An owner of the installation invites to it, an owner of a team to that team.
    """
    if team is None and not actor.is_staff:
        raise MayNotInvite("Only an owner of this installation can invite without a team.")
    if team is not None and not teams_to_invite_to(actor).filter(pk=team.pk).exists():
        raise MayNotInvite("Only an owner of the team can invite to it.")
    token = PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    invitation = Invitation.objects.create(
        digest=_digest(token),
        team=team,
        role=(role or Role.OPERATOR.value) if team else "",
        email=User.objects.normalize_email(email),
        invited_by=actor,
        created=now,
        expires=now + VALID_FOR,
    )
    return invitation, token


def send(invitation: Invitation, *, link: str) -> bool:
    """Mail the link; False if the mail server did not take it."""
    text = render_to_string(
        "emails/invited.txt",
        {"invitation": invitation, "link": link, "site_url": settings.SITE_URL},
    )
    subject = "An invitation to Upgrade Runbook"
    try:
        return send_mail(subject, text, None, [invitation.email]) == 1
    except OSError:  # SMTPException is one
        logger.exception("The mail of invitation %s could not be sent.", invitation.pk)
        return False


def withdraw(invitation: int, *, actor: User, now: datetime) -> None:
    """Close an invitation for good, if the actor could have sent it and it is still open."""
    with transaction.atomic():
        _one_at_a_time(invitation)
        if not open_invitations(actor, now=now).filter(pk=invitation).exists():
            raise NotOpen
        Invitation.objects.filter(pk=invitation).update(withdrawn_at=now)


def open_invitations(actor: User, *, now: datetime) -> QuerySet[Invitation]:
    """What the actor may withdraw: invitations to their teams, and to the installation they own."""
    own = Q(team__in=teams_to_invite_to(actor))
    if actor.is_staff:
        own |= Q(team=None)
    rows = _open(now).filter(own).select_related("team", "invited_by")
    return rows.order_by("-created", "-pk")


def find(token: str, *, now: datetime) -> Invitation | None:
    return _open(now).filter(digest=_digest(token.strip())).first()


def still_open(invitation: int, *, now: datetime) -> Invitation | None:
    return _open(now).filter(pk=invitation).select_related("team", "invited_by").first()


def accept(invitation: Invitation, *, user: User, now: datetime) -> None:
    """Use the invitation up and give the seat, or raise NotOpen; of two at once one gets it."""
    with transaction.atomic():
        _one_at_a_time(invitation.pk)
        if not _open(now).filter(pk=invitation.pk).exists():
            raise NotOpen
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user, accepted_at=now)
        if invitation.team is not None:
            _seat(invitation, user, now=now)


def make_account(
    invitation: Invitation,
    *,
    username: str,
    email: str,
    password: str,
    now: datetime,
    display_name: str = "",
) -> User:
    """The account and its seat, or neither."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username=username, email=email, password=password, display_name=display_name
            )
            accept(invitation, user=user, now=now)
    except IntegrityError as fault:
        raise NameTaken("Somebody has this username already. Choose another one.") from fault
    return user


def _seat(invitation: Invitation, user: User, *, now: datetime) -> None:
    assert invitation.team is not None  # noqa: S101 - asked by the caller
    by = teams.By(actor=invitation.invited_by, now=now)
    teams.seat(invitation.team, user=user, role=Role(invitation.role), by=by)


def _one_at_a_time(invitation: int) -> None:
    """Hold the invitation's row until the transaction ends; SQLite holds the whole database."""
    list(Invitation.objects.select_for_update().filter(pk=invitation).values_list("pk"))


def _open(now: datetime) -> QuerySet[Invitation]:
    # Whoever lost the right to invite, or the account, took the open invitations along.
    owner = Membership.objects.filter(
        team=OuterRef("team"), user=OuterRef("invited_by"), is_owner=True
    )
    return Invitation.objects.filter(
        Q(team=None, invited_by__is_staff=True) | Exists(owner),
        invited_by__is_active=True,
        accepted_at=None,
        withdrawn_at=None,
        expires__gt=now,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

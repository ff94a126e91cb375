"""Use cases of a person's wishes and of channels, whether a person's or a team's.

An address of a channel is a secret: it is stored encrypted, and never shown whole again.
"""

import hashlib
import secrets
from datetime import datetime, time
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from runbook.models import Channel, Membership, Team, User, Wishes
from runbook.services import outbox, outgoing
from runbook.services.outgoing import vault, webhook
from runbook.services.outgoing.message import End, Message, Sent, refused

MOST_CHANNELS = 10
_TESTS, _TESTS_WITHIN = 10, 10 * 60
_FEED_BYTES = 32


class ChannelRefused(Exception):
    """Nothing was changed; the text says why."""


def wishes_of(user: User) -> Wishes:
    """What the person wished, or what holds for everybody who never said anything; not stored."""
    return Wishes.objects.filter(user=user).first() or Wishes(user=user)


def keep_wishes(
    user: User,
    *,
    by_mail: bool,
    quiet_from: time | None,
    quiet_until: time | None,
    digest_minutes: int,
    now: datetime,
) -> None:
    """Keeps how the person wants to be told; what waits already follows the new wishes."""
    with transaction.atomic():
        Wishes.objects.update_or_create(
            user=user,
            defaults={
                "by_mail": by_mail,
                "quiet_from": quiet_from,
                "quiet_until": quiet_until,
                "digest_minutes": digest_minutes,
            },
        )
        fresh = User.objects.select_related("wishes").get(pk=user.pk)
        outbox.reschedule(fresh, now=now)


def channels_of(owner: User | Team) -> list[Channel]:
    """The channels in use, oldest first."""
    return list(_owned(owner).order_by("pk"))


def _owned(owner: User | Team) -> "QuerySet[Channel]":
    open_ones = Channel.objects.filter(disabled_at=None)
    return open_ones.filter(team=owner) if isinstance(owner, Team) else open_ones.filter(user=owner)


def add_channel(
    owner: User | Team, *, kind: str, label: str, address: str, now: datetime
) -> tuple[Channel, str]:
    """Keeps an address; also gives a webhook's secret, which nobody sees again."""
    fault = outgoing.check_address(kind, address)
    if fault:
        raise ChannelRefused(fault)
    secret = webhook.new_secret() if kind == Channel.Kind.WEBHOOK else ""
    with transaction.atomic():
        mine = _owned(owner)
        if mine.count() >= MOST_CHANNELS:
            raise ChannelRefused(f"{MOST_CHANNELS} channels are enough. Remove one first.")
        if mine.filter(label=label).exists():
            raise ChannelRefused("There is a channel with this name already.")
        channel = Channel.objects.create(
            kind=kind,
            user=owner if isinstance(owner, User) else None,
            team=owner if isinstance(owner, Team) else None,
            label=label,
            address=vault.encrypt(address),
            secret=vault.encrypt(secret) if secret else "",
            created=now,
        )
    return channel, secret


def remove_channel(channel: Channel, *, now: datetime) -> None:
    """Switches a channel off and forgets its address; what waits for it is dropped when its turn comes."""
    Channel.objects.filter(pk=channel.pk).update(disabled_at=now, address="", secret="")


def channel_for(user: User, pk: int) -> Channel | None:
    """The channel, if it is the person's own or belongs to a team that the person owns."""
    channel = Channel.objects.filter(pk=pk, disabled_at=None).select_related("team").first()
    if channel is None or channel.team is None:
        return channel if channel and channel.user_id == user.pk else None
    seat = seat_in(user, channel.team)
    return channel if seat and seat.is_owner else None


def seat_in(user: User, team: Team) -> Membership | None:
    """The person's place in a team."""
    return Membership.objects.filter(user=user, team=team).first()


def masked(channel: Channel) -> str:
    """As much of an address as tells one from another, and no key."""
    try:
        address = vault.decrypt(channel.address)
    except vault.Unreadable as trouble:
        return str(trouble)
    parts = urlsplit(address)
    if parts.scheme == "https":
        return f"https://{parts.hostname}/…{address[-2:]}"
    return f"{parts.scheme}://…{address[-2:]}"


def send_test(channel: Channel, *, by: User, now: datetime) -> Sent:
    """Sends a harmless message at once; no transaction is open meanwhile."""
    if not _may_test(by):
        return refused("That were many tests in a short time. Wait ten minutes.")
    message = Message(
        key=f"test/{channel.pk}/{now:%Y%m%d%H%M%S}",
        title="Upgrade Runbook: a test message",
        body=f"{by} tried whether messages arrive here. They do.",
        url=f"{settings.SITE_URL}{reverse('notices')}",
        kind="test",
    )
    return outgoing.send(channel, message, now=now)


def _may_test(user: User) -> bool:
    """A test makes this server call an address, so nobody gets to make it call many."""
    key = f"channel-tests:{user.pk}"
    cache.add(key, 0, timeout=_TESTS_WITHIN)
    return cache.incr(key) <= _TESTS


def outcome_in_words(end: Sent) -> str:
    """How a test ended, as a sentence."""
    if end.end is End.SENT:
        return "The receiver took the test message. Look whether it is there."
    return f"The test message did not arrive. {end.reason}"


def new_feed_token(user: User) -> str:
    """A new secret part of the calendar's address; the one before stops working."""
    token = secrets.token_urlsafe(_FEED_BYTES)
    Wishes.objects.update_or_create(user=user, defaults={"feed_digest": _digest(token)})
    return token


def end_feed(user: User) -> None:
    """The calendar's address stops working."""
    Wishes.objects.filter(user=user).update(feed_digest="")


def reader_of_feed(token: str) -> User | None:
    """The person whose calendar this is, by the digest alone; None for anything unknown."""
    found = Wishes.objects.filter(feed_digest=_digest(token), user__is_active=True)
    wishes = found.select_related("user").first()
    return wishes.user if wishes else None


def _digest(token: str) -> str:
    return hashlib.sha256(f"runbook.calendar-feed/{token}".encode()).hexdigest()

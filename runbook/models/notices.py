"""Who is told what, where and when: channels, wishes of each person, and the outbox.

A row of the outbox is written in the transaction of the event that it tells about, and claimed by a
conditional update before it is sent: nothing is told that did not happen, nothing is lost by a
crash, and a receiver tells repeats by the row's key (`integrity-and-security.md` 4b.3).
"""

from django.conf import settings
from django.db import models

from runbook.models.runs import Run
from runbook.models.teams import Team


class Channel(models.Model):
    """A chat room or an own address, of a person or of a team. Exactly one of the two is set.

    The address often holds a secret, so it is stored encrypted with a key outside the database.
    """

    class Kind(models.TextChoices):
        """How the channel is reached."""

        CHAT = "chat"
        WEBHOOK = "webhook"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="channels"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="channels")
    label = models.CharField(max_length=100)
    address = models.TextField()
    secret = models.TextField(blank=True)
    created = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(team__isnull=True),
                name="channel_has_one_owner",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Wishes(models.Model):
    """How one person wants to be told. Quiet hours are in the person's own time zone.

    `digest_minutes` 0 means each notice on its own; else notices wait that long and go together.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="wishes"
    )
    by_mail = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    digest_minutes = models.PositiveIntegerField(default=0)
    feed_digest = models.CharField(max_length=64, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"wishes of {self.user_id}"


class Delivery(models.Model):
    """One notice on its way to one receiver: a person's mail, or a channel."""

    class State(models.TextChoices):
        """Where the notice is; `failed` means given up, and shown to the owner."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    key = models.CharField(max_length=120, unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="deliveries")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=32)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_due")]

    def __str__(self) -> str:
        return self.key

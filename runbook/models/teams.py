"""Who shares runs: teams, their members, invitations, and links for readers without an account.

Tokens stand here only as digests: who reads the database can use none of them.
"""

import uuid

from django.conf import settings
from django.db import models

from runbook.models.accounts import new_actor_id


class Team(models.Model):
    """People who share runs. Its handle is its name in addresses and says nothing about it."""

    handle = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    created = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a team. `role` is the role that the team's runs give this person.

    The rights themselves stand on each run's timeline; this row says what to write there.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=16)
    is_owner = models.BooleanField(default=False)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="once_in_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id} as {self.role}"


class Invitation(models.Model):
    """One seat in a team, or one account where no team is named, for whoever holds the token."""

    digest = models.CharField(max_length=64, unique=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="invitations")
    role = models.CharField(max_length=16, blank=True)
    email = models.EmailField(blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations_sent"
    )
    created = models.DateTimeField()
    expires = models.DateTimeField()
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"invitation of {self.created:%Y-%m-%d}"


class ShareLink(models.Model):
    """Reading rights on one run for whoever holds the token (`integrity-and-security.md` 4e).

    `handle` is the run's name in the reader's addresses, `actor_id` the reader's name in events.
    """

    handle = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    actor_id = models.CharField(max_length=32, unique=True, default=new_actor_id, editable=False)
    run = models.ForeignKey("runbook.Run", on_delete=models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=16)
    profile = models.CharField(max_length=24)
    label = models.CharField(max_length=100)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="links_made"
    )
    created = models.DateTimeField()
    expires = models.DateTimeField()
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.label

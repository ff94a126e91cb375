"""Tokens of scripts: one run, one purpose, stored as a digest only."""

from django.conf import settings
from django.db import models

from runbook.models.runs import Run


class ApiToken(models.Model):
    """What a script may do on one run in somebody's name; an appending token works once."""

    class Scope(models.TextChoices):
        """Reading as often as wanted, or one entry."""

        READ = "read"
        APPEND = "append"

    digest = models.CharField(max_length=64, unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="tokens")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens"
    )
    scope = models.CharField(max_length=8, choices=Scope.choices)
    label = models.CharField(max_length=100)
    created = models.DateTimeField()
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.label

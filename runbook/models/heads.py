"""Signed heads, the keys behind them, the installation's own journal, and copies held outside.

Source: `integrity-and-security.md` 4a.6. Heads and journal entries are append-only in the database.
"""

from django.db import models

from runbook.models.runs import Run
from runbook.models.timeline import AppendOnlyQuerySet


class SigningKey(models.Model):
    """A public key, known by the first 16 hex digits of its SHA-256; the private one is a file.

    The key counts for journal entries from `valid_from` up to `valid_to`, None for the present one.
    """

    key_id = models.CharField(max_length=16, primary_key=True)
    public = models.CharField(max_length=64)
    created = models.DateTimeField()
    valid_from = models.PositiveBigIntegerField()
    valid_to = models.PositiveBigIntegerField(null=True)

    def __str__(self) -> str:
        return self.key_id


class Head(models.Model):
    """A signature over the newest event of a run at one moment; `body` is the canonical text."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="heads")
    size = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)
    body = models.TextField()
    signature = models.CharField(max_length=128)
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT)
    at = models.DateTimeField()
    reason = models.CharField(max_length=16)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["run", "size"], name="head_by_run")]

    def __str__(self) -> str:
        return f"head {self.size} {self.head[:12]}"


class JournalEntry(models.Model):
    """The installation's own chain: runs created, closed, deleted; keys rotated; daily roots."""

    seq = models.PositiveBigIntegerField(unique=True)
    header = models.TextField()
    digest = models.CharField(max_length=64)
    type = models.CharField(max_length=48)
    body = models.TextField()
    at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class Anchor(models.Model):
    """A copy of a head that somebody else holds: who got it, how, and when."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="anchors")
    size = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)
    how = models.CharField(max_length=16)
    receiver = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["run", "size"], name="anchor_by_run")]

    def __str__(self) -> str:
        return f"anchor {self.size} {self.head[:12]}"

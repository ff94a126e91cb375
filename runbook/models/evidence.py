"""Evidence: texts and files that people hand in, outside the chain so that they can be erased."""

import uuid

from django.db import models

from runbook.models.runs import Run


class Evidence(models.Model):
    """A text after secret removal. `digest` covers a random salt and the text.

    The salt keeps a short text from being guessed back from the digest after an erasure. The key is
    run and digest, so that one team's erasure never empties another team's page.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="evidence")
    digest = models.CharField(max_length=64)
    salt = models.BinaryField(null=True)
    text = models.TextField(null=True)  # noqa: DJ001 - null means erased, empty would be a content
    created = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "digest"], name="evidence_once_in_a_run")
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class StoredFile(models.Model):
    """A file that somebody handed in; the content lies in the object store under `sha256_stored`.

    `name` is for people only. `facts` is JSON of what an inspection told, for a file whose content
    is not kept. The pipeline is `integrity-and-security.md` 4c.
    """

    class State(models.TextChoices):
        """How far the file has come; only an accepted one is evidence."""

        RECEIVED = "received"
        INSPECTING = "inspecting"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        ERASED = "erased"

    handle = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="files")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=255)
    step = models.CharField(max_length=64)
    slot = models.CharField(max_length=64, blank=True)
    caption = models.CharField(max_length=500, blank=True)
    size_received = models.PositiveBigIntegerField()
    size_stored = models.PositiveBigIntegerField(default=0)
    sha256_received = models.CharField(max_length=64)
    sha256_stored = models.CharField(max_length=64, blank=True, db_index=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    facts = models.TextField(blank=True)
    refusal = models.CharField(max_length=300, blank=True)
    actor_id = models.CharField(max_length=32)
    created = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.handle}"


class PseudonymMap(models.Model):
    """Which pseudonym stands for which identifier in what is handed out of a run; erasable."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="pseudonyms")
    body = models.TextField()
    rules_version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"pseudonyms {self.pk}"

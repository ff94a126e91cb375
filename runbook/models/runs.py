"""Runs and what is computed from their events: rows for lists, filters and quick pages.

Everything here but the run's identity can be rebuilt by `manage.py rebuild_projection`.
"""

import uuid

from django.db import models


class Installation(models.Model):
    """This installation's own name in the chain; one row, made with the first run."""

    instance = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.instance)


class PackRevision(models.Model):
    """The definition that a run started with, kept word for word; a run never sees another one."""

    digest = models.CharField(max_length=64, primary_key=True)
    slug = models.CharField(max_length=64)
    body = models.TextField()

    def __str__(self) -> str:
        return f"{self.slug} {self.digest[:8]}"


class Run(models.Model):
    """One execution of a runbook against one environment, with the projection of its state.

    `version` is the seq of the newest event; it is what forms carry to notice a stale view.
    `next_due_at` is the next moment at which somebody must be reminded of something. `imported_by`
    is the actor who opened a record of another installation here; such a run can only be read, and
    it has no members, attempts or due times.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField()
    genesis = models.CharField(max_length=64)
    pack = models.ForeignKey(PackRevision, on_delete=models.PROTECT, db_index=False)
    version = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64)
    last_at = models.DateTimeField(null=True)
    title = models.CharField(max_length=200)
    stage = models.CharField(max_length=32)
    retry_due_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    team = models.ForeignKey(
        "runbook.Team", on_delete=models.PROTECT, null=True, related_name="runs"
    )
    state = models.TextField()
    imported_by = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null means made here

    class Meta:
        indexes = [
            models.Index(fields=["-last_at"], name="run_newest_first"),
            models.Index(fields=["next_due_at"], name="run_next_due"),
        ]

    def __str__(self) -> str:
        return self.title


class Member(models.Model):
    """A person's role on a run, from the events; `actor_id` is the person's opaque id."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="members")
    actor_id = models.CharField(max_length=32)
    role = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "actor_id"], name="one_role_on_a_run")
        ]
        indexes = [models.Index(fields=["actor_id"], name="member_by_person")]

    def __str__(self) -> str:
        return f"{self.actor_id} as {self.role}"


class Attempt(models.Model):
    """One try at the import, for lists over many runs."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, blank=True)
    option = models.CharField(max_length=32, blank=True)
    family = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=32, blank=True)
    repairs = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="attempt_numbers_are_unique")
        ]
        indexes = [models.Index(fields=["fingerprint"], name="attempt_by_fingerprint")]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class Submission(models.Model):
    """A form that was already carried out, so that a double click is carried out once."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    actor_id = models.CharField(max_length=32)
    key = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    version = models.PositiveBigIntegerField()
    created = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "actor_id", "key"], name="a_form_counts_once")
        ]

    def __str__(self) -> str:
        return str(self.key)

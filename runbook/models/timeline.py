"""The timeline: append-only events, their payloads and erasures.

`header` is the canonical text that is hashed; the other columns are copies for queries. Database
triggers refuse every change (`guards.py`); the methods here refuse earlier, with a sentence.
"""

from typing import Any, NoReturn

from django.db import models

from runbook.models.runs import Run


class AppendOnly(Exception):
    """Somebody tried to change or delete what was recorded."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A queryset that can add and read, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The timeline is append-only; record a correction instead.")

    def delete(self) -> NoReturn:
        raise AppendOnly("The timeline is append-only; nothing is deleted from it.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The timeline is append-only; record a correction instead.")


class Event(models.Model):
    """One fact on a run's timeline. `at` is server time, `happened_at` what the person said."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField()
    header = models.TextField()
    digest = models.CharField(max_length=64)
    type = models.CharField(max_length=48)
    actor = models.CharField(max_length=32)
    actor_kind = models.CharField(max_length=8)
    at = models.DateTimeField()
    happened_at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="seq_is_unique_in_a_run")
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("The timeline is append-only; record a correction instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("The timeline is append-only; nothing is deleted from it.")


class Payload(models.Model):
    """What an event says, apart from its header so that it can be erased: salt and canonical body."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True)
    salt = models.BinaryField(null=True)
    body = models.TextField(null=True)  # noqa: DJ001 - null means erased, empty would be a content

    objects = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"payload of event {self.pk}"


class Erasure(models.Model):
    """Permission to erase one payload, and the event that asked for it."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True)
    by_event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="erased")

    objects = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"erasure of event {self.pk}"

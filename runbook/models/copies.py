"""Copies of records that another installation keeps: what proves them, and how they came here."""

from django.db import models

from runbook.models.runs import Run


class ImportedRecord(models.Model):
    """What a file told about a run beside its events. The run itself can only be read.

    `head` is the canonical text that the other installation signed, empty if the file had none;
    `keys` are the statements of its keys and `people` its names by actor id, both as JSON. `finding`
    is what checking the file showed; `verified` that a key which the importer knew signed it.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="copy")
    imported_at = models.DateTimeField()
    kind = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64)
    instance = models.CharField(max_length=36)
    head = models.TextField(blank=True)
    signature = models.CharField(max_length=128, blank=True)
    keys = models.TextField()
    people = models.TextField()
    verified = models.BooleanField()
    finding = models.TextField()

    def __str__(self) -> str:
        return f"copy of {self.run_id}"

    @property
    def mark(self) -> str:
        """What every page and every file of the copy says of it, in few words."""
        return (
            "Imported copy, signature checked" if self.verified else "Imported copy, not verified"
        )

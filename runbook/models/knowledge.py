"""Notes: what the people of this installation learned about a family or a code."""

from django.conf import settings
from django.db import models


class Note(models.Model):
    """One note on one subject; it carries its author and date wherever it is shown."""

    class About(models.TextChoices):
        """What a note can be about."""

        FAMILY = "family"
        CODE = "code"

    about = models.CharField(max_length=8, choices=About.choices)
    subject = models.CharField(max_length=64)
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["about", "subject"], name="note_by_subject")]

    def __str__(self) -> str:
        return f"{self.about} {self.subject}"

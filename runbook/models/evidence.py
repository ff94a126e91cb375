"""Evidence: texts that people hand in, outside the chain so that they can be erased."""

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

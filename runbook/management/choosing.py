"""Which runs a command is about."""

import uuid
from collections.abc import Sequence

from django.core.management.base import CommandError

from runbook.models import Run


def chosen_runs(ids: Sequence[uuid.UUID]) -> list[Run]:
    """The named runs, or all, oldest first; CommandError for an id that no run has."""
    if not ids:
        return list(Run.objects.order_by("created", "pk"))
    found = Run.objects.in_bulk(list(ids))
    for run_id in ids:
        if run_id not in found:
            raise CommandError(f"There is no run {run_id}.")
    return [found[run_id] for run_id in dict.fromkeys(ids)]

"""What the person who runs an installation asks of a run: is its record whole, are its tables right.

Each looks at a run while its row is locked, so that somebody who writes meanwhile is no false alarm.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from runbook import queries
from runbook.domain.errors import BrokenChain
from runbook.models import Run
from runbook.services import projection


@contextmanager
def _at_rest(run_id: uuid.UUID) -> Iterator[Run]:
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).filter(pk=run_id).first()
        if run is None:
            raise queries.RunNotFound
        yield run


def verify(run_id: uuid.UUID) -> tuple[int, str]:
    """Count and head of an unbroken timeline; BrokenChain names the first event that fails."""
    with _at_rest(run_id) as run:
        try:
            return queries.verify_run(run)
        except BrokenChain as fault:
            # Raised anew below: the traceback of this one would keep a cursor of the database open
            # beyond the transaction.
            found = BrokenChain(fault.sentence, seq=fault.seq)
        raise found


def differences(run_id: uuid.UUID) -> list[str]:
    """What in the tables does not equal the replay of the run's events."""
    with _at_rest(run_id) as run:
        return projection.differences(run)


def rebuild(run_id: uuid.UUID) -> list[str]:
    """Writes the tables anew where they differ; names what differed before."""
    with _at_rest(run_id) as run:
        found = projection.differences(run)
        if found:
            projection.rebuild(run)
        return found

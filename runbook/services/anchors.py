"""Copies of heads that somebody else holds: who got which head, how and when.

Only these show a cut tail or a chain that was built anew by somebody who has the key as well.
"""

import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from runbook.domain import heads as domain
from runbook.domain.heads import Head
from runbook.models import Anchor, Run

logger = logging.getLogger(__name__)

EXPORT, MAIL, FILE = "export", "mail", "file"


def note(
    run: Run, *, how: str, receiver: str, at: datetime, size: int | None = None, head: str = ""
) -> Anchor:
    """Keeps that a head left the installation: with an export, in a mail. Without `size` the newest.

    `receiver` is an actor id, or words about the receiver that name nobody.
    """
    return Anchor.objects.create(
        run=run,
        size=run.version if size is None else size,
        head=head or run.head,
        how=how,
        receiver=receiver[:200],
        at=at,
    )


def append_line(head: Head, signature: str) -> None:
    """Adds a signed head to the customer's file, if there is one. A failure is logged, no more."""
    if not settings.ANCHOR_FILE:
        return
    path = Path(settings.ANCHOR_FILE)
    try:
        place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write, so that lines of several processes never mix.
            os.write(place, f"{domain.anchor_line(head, signature)}\n".encode())
        finally:
            os.close(place)
    except OSError:
        logger.exception("The anchor file %s cannot be written.", path)
        return
    run = Run.objects.filter(pk=head.run).first()
    if run is not None:
        note(run, how=FILE, receiver=path.name, at=head.at, size=head.size, head=head.head)


def problems() -> list[str]:
    """Where the database differs from the customer's file: a run that was rolled back or rewritten."""
    found: dict[str, str] = {}
    for run_id, size, head in _lines():
        run = Run.objects.filter(pk=run_id).first()
        if run is None:
            found[run_id] = f"Run {run_id} is gone; the anchor file holds its event {size}."
        elif size > run.version:
            found[run_id] = (
                f"Run {run_id} was rolled back: the anchor file holds event {size}, "
                f"the record ends at event {run.version}."
            )
        elif run.events.filter(seq=size).values_list("digest", flat=True).first() != head:
            found[run_id] = f"Run {run_id} was rewritten: event {size} is not the anchored one."
    return list(found.values())


def _lines() -> Iterator[tuple[str, int, str]]:
    """The newest line of each run."""
    path = Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None
    if path is None or not path.exists():
        return
    newest: dict[str, tuple[str, int, str]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if len(words) != 6 or not words[2].isdigit():
                continue
            size = int(words[2])
            if words[1] not in newest or size > newest[words[1]][1]:
                newest[words[1]] = (words[1], size, words[3])
    yield from newest.values()

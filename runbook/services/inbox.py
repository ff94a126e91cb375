"""Reads of the outbox: what a person was told, and what is stuck."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from runbook import queries
from runbook.domain.notices import words_of
from runbook.models import Delivery, Member, Run, User

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice, however many ways it went; `pk` grows with time."""

    pk: int
    run: Run
    text: str
    step: str
    at: datetime


def told_to(user: User) -> list[Told]:
    """The person's notices of runs that they are still on, newest first."""
    mine = Member.objects.filter(actor_id=user.actor_id).values("run_id")
    rows = Delivery.objects.filter(user=user, run_id__in=mine).exclude(state=Delivery.State.DROPPED)
    once = _once(rows.select_related("run").order_by("-pk")[: 3 * _SHOWN])[:_SHOWN]
    found = queries.entries_at([(row.run_id, row.seq) for row in once])
    told = []
    for row in once:
        entry = found.get((row.run_id, row.seq))
        if entry is not None and entry.event is not None:
            pack = queries.pack_of(row.run)
            text, step = words_of(entry.event, pack)
            known = {each.slug for each in pack.runbook.steps}
            told.append(
                Told(
                    pk=row.pk,
                    run=row.run,
                    text=text,
                    step=step if step in known else "",
                    at=entry.recorded_at,
                )
            )
    return told


def _once(rows: Iterable[Delivery]) -> list[Delivery]:
    """One row for each event: the newest of those that tell it in different ways."""
    found: dict[tuple[object, int], Delivery] = {}
    for row in rows:
        found.setdefault((row.run_id, row.seq), row)
    return list(found.values())


def stuck() -> list[Delivery]:
    """What was given up or waits, with its receiver; given up first, then oldest first."""
    states = (Delivery.State.FAILED, Delivery.State.SENDING, Delivery.State.WAITING)
    rows = Delivery.objects.filter(state__in=states).select_related("user", "channel__team")
    return list(rows.order_by("state", "pk")[: 2 * _SHOWN])

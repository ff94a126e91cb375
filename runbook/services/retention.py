"""Erases what was handed in once a run ended long enough ago, if the installation sets a limit.

The product does it as any erasure, on the run's record: events, headers, hashes and signed heads
stay, what was handed in goes with its captions and quotes. Each run is one transaction, so a run is
untouched or wholly erased; whoever comes second finds nothing left to erase. Records that were
opened here from another installation are not touched: they can only be read.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Q

from runbook.domain import events as ev
from runbook.domain.errors import DomainError
from runbook.domain.pack import Pack
from runbook.domain.retention import kept_until, reason_of
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run
from runbook.services import erasing, journal, talk, timeline
from runbook.services.timeline import Act

logger = logging.getLogger(__name__)

_ENDED = (RunStage.CLOSED.value, RunStage.ABANDONED.value)
_ENDS = (ev.RunClosed.type, ev.RunAbandoned.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A run that ended and still holds something, and when its time is over by the rule."""

    run_id: uuid.UUID
    ended_at: datetime
    until: datetime
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The rule, and the runs that it will reach, soonest first; `held` are exempt from it."""

    months: int
    kept: Sequence[Kept] = ()
    held: Sequence[uuid.UUID] = ()

    def due(self, now: datetime) -> list[Kept]:
        """What the next night erases."""
        return [each for each in self.kept if each.until <= now]

    def later(self, now: datetime) -> list[Kept]:
        """What has still time."""
        return [each for each in self.kept if each.until > now]


def outlook() -> Outlook:
    """What the rule of this installation means for its runs; one statement, none without a rule."""
    months = settings.KEEP_EVIDENCE_MONTHS
    if not months:
        return Outlook(months=0)
    held = settings.KEEP_EVIDENCE_RUNS
    rows = Run.objects.filter(stage__in=_ENDED, imported_by=None).exclude(pk__in=held)
    rows = rows.annotate(
        ended=Max("events__at", filter=Q(events__type__in=_ENDS)),
        pieces=Count("events", filter=Q(events__type__in=erasing.HANDED_IN, events__erasure=None)),
    ).filter(pieces__gt=0, ended__isnull=False)
    kept = [
        Kept(run_id=pk, ended_at=ended, until=kept_until(ended, months=months), pieces=pieces)
        for pk, ended, pieces in rows.values_list("pk", "ended", "pieces")
    ]
    return Outlook(
        months=months,
        kept=sorted(kept, key=lambda each: (each.until, each.run_id)),
        held=sorted(held),
    )


def erase_due(*, now: datetime) -> list[str]:
    """Erases all that is due, run by run; one that fails does not keep the others from it.

    Returns what could not be erased, in sentences; it is due again the next time.
    """
    view, found = outlook(), []
    for each in view.due(now):
        try:
            erase(each.run_id, months=view.months, now=now)
        except DomainError as trouble:
            found.append(f"Evidence of run {each.run_id} stays: {trouble.sentence}")
        except Exception:
            logger.exception("Evidence of run %s could not be erased.", each.run_id)
            found.append(f"Evidence of run {each.run_id} stays; the log says why.")
    if view.months:
        erasing.let_bytes_go(())  # what a worker that died after its commit left in the log
    return found


def erase(run_id: uuid.UUID, *, months: int, now: datetime) -> None:
    """Erases all that an ended run holds, or nothing; the journal hears of it with the record."""
    reason, freed, erased = reason_of(months), list[str](), list[ev.Event]()
    act = Act(actor=talk.SYSTEM, actor_kind="system", now=now)

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        if not state.is_frozen:
            return []
        made, names = erasing.erase_everything(run, state, reason=reason)
        freed.extend(names)
        erased.extend(each for each in made if isinstance(each, ev.EvidenceErased))
        return made

    def do() -> None:
        freed.clear()  # it may be tried again, see `patiently`
        erased.clear()
        timeline.within(run_id, Action.ERASE_EVIDENCE, act=act, right=_by_rule, decide=decide)
        if erased:
            run = Run.objects.get(pk=run_id)
            journal.evidence_erased(run, pieces=len(erased), reason=reason, now=now)

    timeline.patiently(do)
    erasing.let_bytes_go(freed)


def _by_rule(run: Run, state: RunState) -> None:
    """The installation's rule is the right; no role is asked."""

"""What figures over a team's runs are made of."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, JSONField, Max, Min, OuterRef
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from runbook.domain import events as ev
from runbook.domain.run_figures import RunRecord, Span
from runbook.domain.snapshot import load_state
from runbook.models import Member, Run, Team, User
from runbook.models.timeline import Event

if TYPE_CHECKING:
    pass
from runbook.queries.runs import pack_of

#: The most runs that figures are made of, the newest first; a page says when there are more.
MOST_RUNS = 500

#: What people do on a step. Notes, questions and plans do not begin or end the work on it.
STEP_WORK = (
    *(ev.FactsRecorded, ev.DecisionRecorded, ev.CheckRecorded, ev.EvidenceAdded, ev.StateRead),
    *(ev.StepCompleted, ev.StepSkipped, ev.StepReopened, ev.WaitStarted, ev.WaitEnded),
    *(ev.ClaimTaken, ev.ClaimTakenOver, ev.StepSignedOff),
)


def team_records(
    user: User, team: Team, *, pack: str = "", since: datetime | None = None
) -> list[RunRecord]:
    """What figures need of the team's runs that the person may read, the newest first.

    Example runs do not count. A few statements whatever the number and the length of the runs; the
    times of a run's entries are put together by the database. At most MOST_RUNS, and one more.
    """
    example = Event.objects.filter(run_id=OuterRef("pk"), seq=1, actor_kind="import")
    mine = Member.objects.filter(run_id=OuterRef("pk"), actor_id=user.actor_id)
    rows = Run.objects.filter(Exists(mine), ~Exists(example), team=team).order_by("-created", "pk")
    if since is not None:
        rows = rows.filter(created__gte=since)
    if pack:
        rows = rows.filter(pack__slug=pack)
    found = list(rows.only("pack_id", "state")[: MOST_RUNS + 1])
    spans = _spans(found)
    due = _due(found)
    return [
        RunRecord(
            run=str(row.pk),
            state=load_state(row.state),
            pack=pack_of(row),
            spans=spans.get(row.pk, {}),
            due=due.get(row.pk, {}),
        )
        for row in found
    ]


def _said(key: str) -> KeyTextTransform:
    """One word of what an event says, taken out by the database; null once it is erased."""
    return KeyTextTransform(key, KeyTransform("data", Cast("payload__body", JSONField())))


def _spans(runs: Sequence[Run]) -> dict[uuid.UUID, dict[str, Span]]:
    """The first and the last entry on each step; an erased one does not tell its step."""
    rows = (
        Event.objects.filter(run__in=runs, type__in=[cls.type for cls in STEP_WORK])
        .order_by()
        .values_list("run_id", _said("step"))
        .annotate(Min("happened_at"), Max("happened_at"))
    )
    found: dict[uuid.UUID, dict[str, Span]] = {}
    for run, step, first, last in rows:
        if step:
            found.setdefault(run, {})[step] = Span(first=first, last=last)
    return found


def _due(runs: Sequence[Run]) -> dict[uuid.UUID, dict[int, datetime]]:
    """The end of the wait that was asked for last before each attempt that had to wait."""
    rows = (
        Event.objects.filter(run__in=runs, type=ev.RetryScheduled.type)
        .values_list("run_id", *(_said(key) for key in ("number", "due", "family")))
        .annotate(newest=Max("seq"))
        .order_by("newest")
    )
    found: dict[uuid.UUID, dict[int, datetime]] = {}
    for run, number, due, family, _ in rows:
        waits = found.setdefault(run, {})
        if number and family:
            waits[int(number)] = datetime.fromisoformat(due)
        elif number:
            waits.pop(int(number), None)
    return found

"""The first page: my runs, what is next for me, and the doors for a new one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from runbook import library, queries
from runbook.domain.progress import is_settled, next_step, standings
from runbook.domain.vocabulary import RunStage
from runbook.models import User
from runbook.queries import OpenRun
from runbook.services import demonstration
from runbook.services.timeline import Act
from runbook.web.htmx import HtmxRequest
from runbook.web.together import tasks_of

_ENDED = frozenset({RunStage.CLOSED, RunStage.ABANDONED})


@login_required
@require_GET
def home(request: HtmxRequest) -> HttpResponse:
    """My runs, those that go on first."""
    mine = [_card(run, request.user) for run in queries.runs_of(request.user)]
    going_on = [card for card in mine if card["state"].stage not in _ENDED]
    context = {
        # What waits for this person stands first; the rest keeps its order, newest first.
        "going_on": sorted(going_on, key=lambda card: not card["tasks"]),
        "ended": [card for card in mine if card["state"].stage in _ENDED],
        "packs": library.packs().values(),
        "now": timezone.now(),
    }
    return render(request, "runs/index.html", context)


def _card(run: OpenRun, user: User) -> dict[str, Any]:
    found = standings(run.state, run.pack)
    settled = sum(1 for standing in found if is_settled(standing))
    upcoming = None if run.state.is_frozen else next_step(found)
    return {
        "run": run,
        "state": run.state,
        "next": upcoming,
        "tasks": tasks_of(run, found, actor=user.actor_id),
        "settled": settled,
        "total": len(found),
    }


@login_required
@require_POST
def make_demonstration(request: HtmxRequest) -> HttpResponse:
    """Makes the two example runs for the person who asks, and opens the finished one."""
    runs = demonstration.make(Act(actor=request.user.actor_id, now=timezone.now()))
    return redirect("run", runs[0])

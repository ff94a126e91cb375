"""The timeline of a run: older pages and a filter, as a page or as a fragment."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from runbook import queries
from runbook.domain.summary import DEVIATING
from runbook.domain.vocabulary import Action
from runbook.web.carry_out import open_run
from runbook.web.grouping import grouped
from runbook.web.htmx import HtmxRequest, render_panel

#: What the filter calls a story: everything but the system's own small steps.
FILTERS = {
    "all": (),
    "attempts": (
        "attempt.started",
        "attempt.succeeded",
        "attempt.failed",
        "attempt.unknown",
        "attempt.cancelled",
        "error.captured",
        "diagnosis.made",
        "diagnosis.chosen",
        "state.read",
        "retry.scheduled",
        "retry.overridden",
        "repair.recorded",
        "removal.recorded",
    ),
    "notes": ("note.added", "evidence.added"),
    "deviations": tuple(sorted(DEVIATING)),
}


@login_required
@require_GET
def timeline(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Events before a seq, newest first."""
    run = open_run(request, run_id, action=Action.VIEW)
    chosen = request.GET.get("show", "all")
    before = request.GET.get("before", "")
    entries = queries.timeline_page(
        run.row,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        types=FILTERS.get(chosen, ()),
        size=50,
    )
    context = {
        "run": run,
        "state": run.state,
        "pack": run.pack,
        "entries": entries,
        "groups": grouped(entries),
        "more": len(entries) == 50,
        "show": chosen if chosen in FILTERS else "all",
        "filters": FILTERS,
        "people": queries.people_of(run.row, run.state.members),
    }
    return render_panel(
        request, context, page="runs/timeline.html", fragment="runs/_timeline_page.html"
    )

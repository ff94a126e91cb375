"""What changed on a run since the page was shown, and whether somebody may watch it.

The live room says only that something changed. What it is, is fetched here, with the rights of every
other page; reading it counts neither as a sign of life nor as having been seen by a person.
"""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from runbook import queries
from runbook.domain.vocabulary import Action
from runbook.web.carry_out import open_run, selected
from runbook.web.htmx import HtmxRequest
from runbook.web.run_page import fresh_forms, run_context
from runbook.web.seen import Seen


@login_required
@require_GET
def watch(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Asked by the live room before it opens a stream."""
    run = open_run(request, run_id, action=Action.VIEW)
    return JsonResponse(
        {
            "run": str(run_id),
            "seq": run.row.version,
            "who": request.user.actor_id,
            "name": str(request.user),
            "member": True,
        }
    )


@login_required
@require_GET
def run_news(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The changed parts of the run page; 204 if nothing was recorded since."""
    run = open_run(request, run_id, action=Action.VIEW)
    since = _number(request.GET.get("since", ""))
    if since == run.row.version:
        return HttpResponse(status=204)
    if not request.htmx:
        return redirect("run", run_id)
    selection = selected(run, request.GET.get("step", ""))
    mark = _number(request.GET.get("mark", ""))
    changed = [
        entry
        for entry in queries.events_since(run.row, since or 0)
        if since and entry.actor != request.user.actor_id
    ]
    context = run_context(
        selection,
        fresh_forms(selection),
        user=request.user,
        changed=changed,
        newest=changed[-1] if changed else None,
        seen=Seen(mark=mark, latest=run.row.version, at=int(timezone.now().timestamp()))
        if mark
        else None,
    )
    return render(request, "runs/_news.html", context)


def _number(text: str) -> int | None:
    """A seq as the page sent it; anything else counts as none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

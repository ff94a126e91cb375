"""The record of a run: a page to read and print, and files to hand out."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from runbook import queries
from runbook.domain import chain, summary
from runbook.domain.access import may
from runbook.domain.errors import DomainError, ForbiddenAction
from runbook.domain.report import RunReport
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS
from runbook.queries import OpenRun
from runbook.services import exports
from runbook.services.exports import Exported
from runbook.services.timeline import Act, Busy
from runbook.services.verification import verification_of
from runbook.web.carry_out import open_run
from runbook.web.htmx import HtmxRequest

#: A file that a browser should save and never run, whatever somebody wrote into it.
_SEALED = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
@login_required
def report(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The whole record on one page."""
    run = open_run(request, run_id, action=Action.VIEW)
    return _page(request, run)


@require_POST
@login_required
def export(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """The record as a file; the timeline says that it was handed out."""
    run = open_run(request, run_id, action=Action.EXPORT)
    try:
        made = exports.export(
            run_id=run_id,
            act=Act(actor=request.user.actor_id, now=timezone.now()),
            export_format=request.POST.get("format", ""),
            address=_address(request, run_id),
        )
    except ForbiddenAction:
        raise
    except DomainError as refusal:
        return _page(request, run, refusal=refusal.sentence, status=422)
    except Busy:
        busy = "The database is busy. Nothing was handed out; ask again."
        return _page(request, run, refusal=busy, status=503)
    response = _file(made)
    response.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    return response


def _file(made: Exported) -> HttpResponseBase:
    """A large file goes out from disk piece by piece; nothing of the database waits for it."""
    if made.size <= exports.IN_MEMORY:
        return HttpResponse(made.content, content_type=made.content_type, headers=_SEALED)
    headers = {**_SEALED, "Content-Length": str(made.size)}
    return StreamingHttpResponse(made.pieces(), content_type=made.content_type, headers=headers)


def _address(request: HtmxRequest, run_id: uuid.UUID) -> str:
    return request.build_absolute_uri(reverse("run-report", args=[run_id]))


def _page(
    request: HtmxRequest, run: OpenRun, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The report as the row stood when the person's right was checked."""
    made = exports.build_report(
        run.row, made_at=timezone.now(), address=_address(request, run.row.pk)
    )
    context = {**_context(made), "run": run, "refusal": refusal}
    context["may_export"] = may(run.role, Action.EXPORT)
    context["verification"] = verification_of(run.row, names=queries.people(run.state.members))
    return render(request, "runs/report.html", context, status=status)


def _context(made: RunReport) -> dict[str, object]:
    return {
        "report": made,
        "pack": made.pack,
        "state": made.state,
        "zone": made.state.time_zone,
        "facts": summary.answers(made, facts=True),
        "decisions": summary.answers(made, facts=False),
        "attempts": summary.attempts(made),
        "checks": summary.checks(made),
        "installed": summary.installed_state(made),
        "handed_to": summary.handed_to(made),
        "deviations": summary.deviations(made),
        "fingerprint": chain.fingerprint(made.head),
        "formats": FORMATS.values(),
    }

"""Reading a run as a reviewer, and as it stood at any moment; for members."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from runbook import queries
from runbook.domain.access import may
from runbook.domain.transitions import allows
from runbook.domain.vocabulary import Action
from runbook.queries import OpenRun
from runbook.services.review import record_of
from runbook.web import reading
from runbook.web.carry_out import open_run
from runbook.web.downloads import saved
from runbook.web.forms.sharing import MomentForm
from runbook.web.htmx import HtmxRequest
from runbook.web.reading import Places, Typed


@require_safe
@login_required
def review(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """What matters in the open, the rest folded."""
    run = open_run(request, run_id, action=Action.VIEW)
    places = _places(run)
    record = record_of(run.row, made_at=timezone.now())
    asked = asked_about(request, newest=record.newest) if places.ask else None
    context = reading.story_context(record, record.report, places=places, typed=asked)
    return render(request, "sharing/review.html", {**context, "run": run})


@require_safe
@login_required
def run_at(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The run as it stood, rebuilt from its events."""
    run = open_run(request, run_id, action=Action.VIEW)
    form = moment_form(request, zone=run.state.time_zone)
    record = record_of(
        run.row,
        made_at=timezone.now(),
        until=lambda entries: reading.chosen_seq(form, entries),
    )
    context = reading.moment_context(record, record.report, places=_places(run), form=form)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "sharing/at.html", {**context, "run": run}, status=status)


@require_safe
@login_required
def evidence_text(request: HtmxRequest, run_id: uuid.UUID, digest: str) -> HttpResponse:
    """A text that somebody handed in, as a file."""
    run = open_run(request, run_id, action=Action.VIEW)
    return as_file(queries.evidence_texts(run.row, [digest]).get(digest), digest=digest)


def as_file(text: str | None, *, digest: str) -> HttpResponse:
    """A download of plain text; 404 for one that is not there or was erased."""
    if text is None:
        raise Http404
    name = f"evidence-{digest[:12]}.txt"
    return saved(text, name=name, content_type="text/plain; charset=utf-8")


def moment_form(request: HtmxRequest, *, zone: str) -> MomentForm:
    """The asked moment; unbound if none was asked for."""
    asked = bool(request.GET.get("when") or request.GET.get("seq"))
    return MomentForm(request.GET if asked else None, zone=zone)


def asked_about(request: HtmxRequest, *, newest: int) -> Typed | None:
    """The entry that the reader wants to ask about, from the address."""
    wanted = request.GET.get("ask", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
        return None
    return Typed(about=int(wanted)) if 1 <= int(wanted) <= newest else None


def _places(run: OpenRun) -> Places:
    key = run.row.pk
    able = may(run.role, Action.ASK_QUESTION) and allows(run.state.stage, Action.ASK_QUESTION)
    return Places(
        review=reverse("run-review", args=[key]),
        at=reverse("run-at", args=[key]),
        ask=reverse("ask-question", args=[key]) if able else "",
        run=reverse("run", args=[key]),
        report=reverse("run-report", args=[key]),
        file=reverse("run", args=[key]) + "evidence/",
    )

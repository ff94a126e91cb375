"""Runs: the page of a run, starting, adopting, noting, pausing, ending."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from runbook import library, queries
from runbook.domain.errors import SubmissionMismatch, TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.vocabulary import Action
from runbook.services import runs
from runbook.services.timeline import Act, Busy, Written
from runbook.web.carry_out import open_run, posted, selected, show
from runbook.web.forms.runs import AdoptForm, NewRunForm
from runbook.web.htmx import HtmxRequest
from runbook.web.seen import before_this_visit, remember


@login_required
@require_GET
def run_detail(request: HtmxRequest, run_id: uuid.UUID, step: str = "") -> HttpResponse:
    """The run at the step to act on, or at the one that the address names."""
    run = open_run(request, run_id, action=Action.VIEW)
    if run.copy:
        return redirect("run-review", run_id)
    selection = selected(run, step)
    earlier = before_this_visit(request, version=run.row.version, now=selection.now)
    response = show(request, selection, seen=earlier)
    remember(response, run_id, seen=earlier)
    return response


def _pack(slug: str) -> Pack:
    packs = library.packs()
    if slug not in packs:
        raise Http404
    return packs[slug]


@login_required
@require_http_methods(["GET", "POST"])
def new_run(request: HtmxRequest, pack: str) -> HttpResponse:
    """Asks for the facts without which no step makes sense, and starts the run."""
    return _begin(request, pack, NewRunForm, "runs/new.html")


@login_required
@require_http_methods(["GET", "POST"])
def adopt_run(request: HtmxRequest, pack: str) -> HttpResponse:
    """Opens a record for somebody already stuck."""
    return _begin(request, pack, AdoptForm, "runs/adopt.html")


def _begin(
    request: HtmxRequest, slug: str, form_class: type[NewRunForm], template: str
) -> HttpResponse:
    pack = _pack(slug)
    data = request.POST if request.method == "POST" else None
    teams = [seat.team for seat in queries.teams_of(request.user)]
    form = form_class(data, pack=pack, teams=teams, zone=request.user.time_zone)
    context: dict[str, Any] = {"form": form, "pack": pack, "packs": library.packs().values()}
    if not form.is_bound or not form.is_valid():
        return render(request, template, context, status=422 if form.is_bound else 200)
    act = Act(
        actor=request.user.actor_id,
        now=timezone.now(),
        key=form.cleaned_data["submission_key"],
        content=form.content,
    )
    report = form.report() if isinstance(form, AdoptForm) else None
    try:
        run = runs.start_run(beginning=form.beginning(), act=act, report=report)
    except (TransitionRefused, SubmissionMismatch) as refusal:
        form.add_error(None, refusal.sentence)
        return render(request, template, context, status=422)
    except Busy:
        form.add_error(None, "The database is busy. Nothing was recorded; send it again.")
        return render(request, template, context, status=503)
    messages.success(request, "The record has begun. Everything you do from here on is kept.")
    return redirect("run", run.pk)


@posted(Action.ADD_NOTE, form="note", said="Recorded: note.")
def add_note(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Adds a note to the timeline."""
    return runs.add_note(run_id=run_id, act=act, text=form.cleaned_data["text"], step=step)


@posted(Action.PAUSE, form="reason", said="Recorded: the run is paused.")
def pause(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Rests the run."""
    return runs.pause(run_id=run_id, act=act, reason=form.cleaned_data["reason"])


@posted(Action.RESUME, form="plain", said="Recorded: the run goes on.")
def resume(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Goes on with a paused run."""
    return runs.resume(run_id=run_id, act=act)


@posted(Action.ABANDON, form="reason", said="Recorded: the run is abandoned.")
def abandon(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Gives the run up."""
    return runs.abandon(run_id=run_id, act=act, reason=form.cleaned_data["reason"])


@posted(Action.CLOSE, form="close", said="Recorded: the run is closed.")
def close(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Finishes the run."""
    return runs.close(
        run_id=run_id,
        act=act,
        partial=form.cleaned_data["partial"],
        reason=form.cleaned_data["reason"],
    )


@posted(Action.SEND_ESCALATION, form="escalation", said="Recorded: handed over.")
def send_escalation(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Keeps to whom the run was handed."""
    return runs.send_escalation(
        run_id=run_id,
        act=act,
        recipient=form.cleaned_data["recipient"],
        ticket=form.cleaned_data["ticket"],
    )

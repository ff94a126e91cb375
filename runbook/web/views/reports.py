"""The record of a run: a page to read and print, and files to hand out."""

import uuid
from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from runbook import queries
from runbook.domain import chain, summary
from runbook.domain.access import may
from runbook.domain.errors import DomainError, ForbiddenAction
from runbook.domain.redaction import Profile
from runbook.domain.report import RunReport
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS
from runbook.queries import OpenRun
from runbook.services import exports, redaction
from runbook.services.timeline import Act, Busy
from runbook.services.verification import verification_of
from runbook.web.carry_out import answered, open_run
from runbook.web.downloads import handed_out
from runbook.web.forms.packets import PROFILES
from runbook.web.htmx import HtmxRequest
from runbook.web.redacting import address_of, keep_decisions, profile_of, report_of


@require_safe
@login_required
def report(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The whole record on one page."""
    run = open_run(request, run_id, action=Action.VIEW)
    return _page(request, run)


@require_safe
@login_required
def run_picture(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """The picture of the run and how far it is proved, for the fold of the run page."""
    run = open_run(request, run_id, action=Action.VIEW)
    if not request.htmx:
        return redirect("run-report", run_id)
    context = {"report": report_of(request, run), "zone": run.state.time_zone, **_proof(run)}
    return render(request, "runs/_picture_and_proof.html", context)


def _proof(run: OpenRun, profile: Profile = Profile.INTERNAL) -> dict[str, object]:
    """How far the run is proved; who holds the newest copy is for the team alone."""
    found = verification_of(run.row, names=queries.people_of(run.row, run.state.members))
    if found.copy is not None and profile is not Profile.INTERNAL:
        found = replace(found, copy=replace(found.copy, how="", receiver=""))
    return {"verification": found}


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
            address=address_of(request, run_id),
            profile=profile_of(request),
        )
    except ForbiddenAction:
        raise
    except DomainError as refusal:
        return _page(request, run, refusal=refusal.sentence, status=422)
    except Busy:
        busy = "The database is busy. Nothing was handed out; ask again."
        return _page(request, run, refusal=busy, status=503)
    return handed_out(made)


@require_POST
@login_required
def decide_report_cuts(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Keeps what a person says about things of which no rule is sure."""
    run = open_run(request, run_id, action=Action.EXPORT)
    profile = profile_of(request)

    def decide() -> HttpResponse:
        keep_decisions(request, run, profile=profile)
        messages.success(request, "Kept: what is cut and what stays.")
        return redirect(f"{reverse('run-report', args=[run_id])}?profile={profile}")

    return answered(decide, page=partial(_page, request, run))


def _page(
    request: HtmxRequest, run: OpenRun, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The report as the row stood when the right was checked, as the chosen reader would see it."""
    made, profile = report_of(request, run), profile_of(request)
    context: dict[str, object] = {}
    if profile is not Profile.INTERNAL:
        cut = redaction.redacted(made, profile, kept=redaction.kept_for(run.row))
        made, context["asked"] = cut.report, cut.asked
    context |= {
        **_context(made),
        "run": run,
        "refusal": refusal,
        "profile": profile,
        "profiles": PROFILES,
        "inside": profile is Profile.INTERNAL,
        "may_export": may(run.role, Action.EXPORT),
        **_proof(run, profile),
    }
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

"""The installation, for its owners: health, teams, packs, storage, and runs that lost their lead.

An owner sees counts and sizes. Of a run they read nothing but the title of one that needs a lead.
"""

import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from runbook.domain.errors import DomainError
from runbook.models import Run
from runbook.services import doctor, installation, retention, teams
from runbook.services.doctor import Level
from runbook.services.teams import By, TeamRefused
from runbook.services.timeline import Busy
from runbook.web.forms.teams import AppointForm
from runbook.web.htmx import HtmxRequest
from runbook.web.views.installation import BUSY

View = Callable[..., HttpResponse]


def for_owners(view: View) -> View:
    """For everybody else the page does not exist."""

    @login_required
    @wraps(view)
    def only_owners(request: HtmxRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return only_owners


@for_owners
@require_GET
def overview(request: HtmxRequest) -> HttpResponse:
    """The ways to all pages about the installation, and the runs that need a lead."""
    return _overview(request)


def _overview(request: HtmxRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    found = installation.leaderless()
    context = {
        "going_on": found.going_on,
        "ended": found.ended,
        "form": AppointForm(),
        "refusal": refusal,
    }
    return render(request, "owner/index.html", context, status=status)


@for_owners
@require_GET
def health(request: HtmxRequest) -> HttpResponse:
    """What the doctor finds now; looking changes nothing."""
    found = doctor.examine(now=timezone.now())
    context = {
        "groups": [
            (title, tone, icon, [each for each in found if each.level is level])
            for title, tone, icon, level in (
                ("To mend", "bad", "cross", Level.BAD),
                ("To look at", "warn", "warning", Level.WARN),
                ("In order", "ok", "check", Level.OK),
            )
        ],
        "looked_at": timezone.now(),
    }
    return render(request, "owner/health.html", context)


@for_owners
@require_GET
def all_teams(request: HtmxRequest) -> HttpResponse:
    """Every team with the number of its people and runs."""
    return render(request, "owner/teams.html", {"teams": installation.teams()})


@for_owners
@require_GET
def all_packs(request: HtmxRequest) -> HttpResponse:
    """What the packs hold, and which of their revisions runs go by."""
    context = {"packs": installation.shipped_packs(), "orphaned": installation.orphaned_packs()}
    return render(request, "owner/packs.html", context)


@for_owners
@require_GET
def storage(request: HtmxRequest) -> HttpResponse:
    """How much is stored, how much room is left, and how long evidence is kept."""
    now, rule = timezone.now(), retention.outlook()
    context = {
        "storage": installation.storage(),
        "rule": rule,
        "due": rule.due(now),
        "next": next(iter(rule.later(now)), None),
    }
    return render(request, "owner/storage.html", context)


@for_owners
@require_POST
def appoint_lead(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Gives a run that nobody leads any more a lead, on its record."""
    run = get_object_or_404(Run, pk=run_id)
    form = AppointForm(request.POST)
    if not form.is_valid():
        return _overview(request, refusal="Choose somebody from the list.", status=422)
    lead = form.cleaned_data["lead"]
    try:
        teams.appoint_lead(run, lead=lead, by=By(actor=request.user, now=timezone.now()))
    except TeamRefused as refusal:
        return _overview(request, refusal=str(refusal), status=409)
    except DomainError as refusal:
        return _overview(request, refusal=refusal.sentence, status=409)
    except Busy:
        return _overview(request, refusal=BUSY, status=503)
    messages.success(request, f"{lead} leads the run now; its record says that you appointed them.")
    return redirect("owner")

"""Figures over the runs of a team that the person may read, and the data behind them as a file."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runbook import library, queries
from runbook.domain.figures import PackFigures, figures_of
from runbook.exports import figures as figures_file
from runbook.models import Team, User
from runbook.web.downloads import saved
from runbook.web.figures_page import ROWS, product_page
from runbook.web.forms.figures import FiguresForm
from runbook.web.htmx import HtmxRequest


@login_required
@require_safe
def team_figures(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """Durations, attempts, failures and waits, by product."""
    team = _my_team(request.user, handle)
    form = _form(request)
    context: dict[str, object] = {"team": team, "form": form, "most_rows": ROWS}
    if not form.is_valid():
        return render(request, "teams/figures.html", context, status=422)
    figures, cut = _figures(request.user, team, form)
    context |= {
        "products": [product_page(each) for each in figures],
        "most_runs": queries.MOST_RUNS if cut else None,
        "narrowed": any(form.cleaned_data.values()),
        "asked": request.GET.urlencode(),
    }
    return render(request, "teams/figures.html", context)


@login_required
@require_safe
def team_figures_data(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """The data behind the figures, as chosen on the page."""
    team = _my_team(request.user, handle)
    form = _form(request)
    if not form.is_valid():
        return render(request, "teams/figures.html", {"team": team, "form": form}, status=422)
    content = figures_file.render(_figures(request.user, team, form)[0])
    return saved(content, name="team-figures.csv", content_type="text/csv; charset=utf-8")


def _my_team(user: User, handle: uuid.UUID) -> Team:
    """The team, if the person has a seat in it; for everybody else it does not exist."""
    for seat in queries.teams_of(user):
        if seat.team.handle == handle:
            return seat.team
    raise Http404


def _form(request: HtmxRequest) -> FiguresForm:
    known = {pack.slug: pack.title for pack in library.packs().values()}
    return FiguresForm(request.GET, packs=known)


def _figures(user: User, team: Team, form: FiguresForm) -> tuple[tuple[PackFigures, ...], bool]:
    """The figures as chosen, and whether there were more runs than are looked at."""
    since = form.since(timezone.now())
    records = queries.team_records(user, team, pack=form.cleaned_data["pack"], since=since)
    return figures_of(records[: queries.MOST_RUNS]), len(records) > queries.MOST_RUNS

"""Teams: mine, their members, and what happens when somebody comes or goes."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from runbook import queries
from runbook.domain.errors import DomainError
from runbook.models import Membership, User
from runbook.services import teams
from runbook.services.teams import By, TeamRefused
from runbook.services.timeline import Busy
from runbook.web.forms.teams import HeirForm, SeatForm, TeamForm
from runbook.web.htmx import HtmxRequest

_BUSY = "The database is busy. Nothing was changed; send it again."


def _by(request: HtmxRequest) -> By:
    return By(actor=request.user, now=timezone.now())


def _my_seat(request: HtmxRequest, handle: uuid.UUID) -> Membership:
    """The person's own seat; a team that is not theirs does not exist for them."""
    seats = Membership.objects.select_related("team")
    seat = seats.filter(team__handle=handle, user=request.user).first()
    if seat is None:
        raise Http404
    return seat


@login_required
@require_http_methods(["GET", "POST"])
def index(request: HtmxRequest) -> HttpResponse:
    """My teams, and a new one."""
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        team = teams.create_team(name=form.cleaned_data["name"], by=_by(request))
        messages.success(request, "The team is there. Invite people into it.")
        return redirect("team", team.handle)
    context = {"form": form, "seats": queries.teams_of(request.user)}
    return render(request, "teams/index.html", context, status=422 if form.is_bound else 200)


@login_required
@require_GET
def team(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """The team with its people and those of its runs that I may read."""
    return _page(request, _my_seat(request, handle))


def _page(
    request: HtmxRequest, mine: Membership, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    seats = queries.seats_of(mine.team)
    people = [seat.user for seat in seats]
    runs = [run for run in queries.runs_of(request.user) if run.row.team_id == mine.team_id]
    context = {
        "team": mine.team,
        "mine": mine,
        "refusal": refusal,
        "rows": [(seat, SeatForm(initial=_initial(seat))) for seat in seats],
        "name_form": TeamForm(initial={"name": mine.team.name}),
        "heirs": {user: _heirs(people, user) for user in people},
        "runs": runs,
    }
    return render(request, "teams/team.html", context, status=status)


def _initial(seat: Membership) -> dict[str, Any]:
    return {"role": seat.role, "is_owner": seat.is_owner}


def _heirs(people: list[User], user: User) -> HeirForm:
    return HeirForm(people=[person for person in people if person != user])


def _change(
    request: HtmxRequest, mine: Membership, change: Callable[[], object], *, said: str
) -> HttpResponse:
    """Does it and says so, or shows the team again with the sentence that refuses."""
    try:
        change()
    except TeamRefused as refusal:
        return _page(request, mine, refusal=str(refusal), status=409)
    except DomainError as refusal:
        return _page(request, mine, refusal=refusal.sentence, status=409)
    except Busy:
        return _page(request, mine, refusal=_BUSY, status=503)
    messages.success(request, said)
    return redirect("team", mine.team.handle)


def _person(mine: Membership, actor_id: str) -> User:
    found = queries.seats_of(mine.team)
    for seat in found:
        if seat.user.actor_id == actor_id:
            return seat.user
    raise Http404


@login_required
@require_POST
def rename(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """Gives the team another name."""
    mine = _my_seat(request, handle)
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _page(request, mine, refusal="A team needs a name.", status=422)
    name = form.cleaned_data["name"]
    return _change(
        request,
        mine,
        lambda: teams.rename_team(mine.team, name=name, by=_by(request)),
        said="The team has its new name.",
    )


@login_required
@require_POST
def change_seat(request: HtmxRequest, handle: uuid.UUID, actor_id: str) -> HttpResponse:
    """Changes a member's role on the team's runs."""
    mine = _my_seat(request, handle)
    person = _person(mine, actor_id)
    form = SeatForm(request.POST)
    if not form.is_valid():
        return _page(request, mine, refusal="Choose one of the roles on the page.", status=422)
    return _change(
        request,
        mine,
        lambda: teams.change_seat(
            mine.team,
            user=person,
            role=form.chosen_role,
            is_owner=form.cleaned_data["is_owner"],
            by=_by(request),
        ),
        said=f"{person} is {form.chosen_role.value} now, on every run of the team.",
    )


@login_required
@require_POST
def remove_seat(request: HtmxRequest, handle: uuid.UUID, actor_id: str) -> HttpResponse:
    """Takes somebody out of the team, or the person themself."""
    mine = _my_seat(request, handle)
    person = _person(mine, actor_id)
    others = [seat.user for seat in queries.seats_of(mine.team) if seat.user != person]
    form = HeirForm(request.POST, people=others)
    if not form.is_valid():
        return _page(request, mine, refusal="Choose somebody of the team.", status=422)
    answer = _change(
        request,
        mine,
        lambda: teams.remove_seat(mine.team, user=person, heir=form.chosen, by=_by(request)),
        said=f"{person} is not in the team any more, nor on its runs.",
    )
    left = person == request.user and answer.status_code == 302
    return redirect("teams") if left else answer


@login_required
@require_POST
def delete(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """Removes a team that has no runs."""
    mine = _my_seat(request, handle)
    answer = _change(
        request,
        mine,
        lambda: teams.delete_team(mine.team, by=_by(request)),
        said="The team is gone.",
    )
    return redirect("teams") if answer.status_code == 302 else answer

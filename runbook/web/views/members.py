"""The people of a run on one page: roles, who does which step, and the hand-over of a shift."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from runbook import queries
from runbook.domain.access import may
from runbook.domain.progress import is_settled, standings
from runbook.domain.vocabulary import Action, Role
from runbook.queries import OpenRun
from runbook.services import claims, people
from runbook.services.timeline import Act
from runbook.web import together
from runbook.web.carry_out import act_of, answered, open_run
from runbook.web.forms.layout import GuardedForm
from runbook.web.forms.steps import ReasonForm
from runbook.web.forms.together import AssignForm, HandoverForm, MemberForm, RoleForm, names
from runbook.web.htmx import HtmxRequest
from runbook.web.run_page import select

Forms = dict[str, forms.Form]
UseCase = Callable[[uuid.UUID, Act, Any], object]


@login_required
@require_GET
def run_people(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Who is on the run, with which role, and which steps are meant for whom."""
    run = open_run(request, run_id, action=Action.VIEW)
    return _page(request, run, _forms(run, request))


def _forms(run: OpenRun, request: HtmxRequest) -> Forms:
    guard: dict[str, Any] = {"version": run.row.version, "zone": run.state.time_zone}
    on_run = queries.people(run.state.members)
    known = {
        actor: name
        for actor, name in names(queries.known_to(request.user)).items()
        if actor not in on_run
    }
    others = {actor: name for actor, name in on_run.items() if actor != request.user.actor_id}
    able = {a: n for a, n in others.items() if may(run.state.members[a], Action.ACCEPT_HANDOVER)}
    open_steps = [
        (standing.step.slug, standing.step.title)
        for standing in standings(run.state, run.pack)
        if not is_settled(standing)
    ]
    return {
        "add": RoleForm(**guard, people=known),
        "role": RoleForm(**guard, people=others),
        "remove": MemberForm(**guard),
        "plain": GuardedForm(**guard),
        "assign": AssignForm(**guard, steps=open_steps, state=run.state, people=on_run),
        "handover": HandoverForm(**guard, people=able),
        "reason": ReasonForm(**guard),
    }


def _page(
    request: HtmxRequest, run: OpenRun, shown: Forms, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    named = set(run.state.members) | together.named(run.state)
    now = timezone.now()
    selection = select(run, now=now)
    context = {
        "run": run,
        "state": run.state,
        "pack": run.pack,
        "people": queries.people(named),
        "forms": shown,
        "refusal": refusal,
        "candidates": bool(shown["add"].fields["member"].choices),  # type: ignore[attr-defined]
        "successors": bool(shown["handover"].fields["to"].choices),  # type: ignore[attr-defined]
        "manages": may(run.role, Action.MANAGE_MEMBERS),
        "may_assign": may(run.role, Action.ASSIGN_STEPS) and not run.state.is_frozen,
        "may_offer": may(run.role, Action.OFFER_HANDOVER) and not run.state.is_frozen,
        "last_lead": run.role is Role.LEAD
        and list(run.state.members.values()).count(Role.LEAD) == 1,
        **together.context(run, selection.current, now=now, viewer=request.user),
    }
    return render(request, "runs/people.html", context, status=status)


def _posted(
    action: Action, *, form: str, said: str
) -> Callable[[UseCase], Callable[..., HttpResponse]]:
    """Turns a use case into a view that answers with the page of people."""

    def wrap(do: UseCase) -> Callable[..., HttpResponse]:
        @login_required
        @require_POST
        def view(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
            run = open_run(request, run_id, action=action)
            return _carry_out(request, run, do, form=form, said=said)

        view.__name__, view.__doc__ = getattr(do, "__name__", "view"), do.__doc__
        return view

    return wrap


def _carry_out(
    request: HtmxRequest, run: OpenRun, do: UseCase, *, form: str, said: str
) -> HttpResponse:
    shown = _forms(run, request)
    filled: Any = shown[form]
    filled.data, filled.is_bound = request.POST, True
    if not filled.is_valid():
        return _page(request, run, shown, status=422)
    data = filled.wanted() if form == "assign" else filled.cleaned_data

    def done() -> HttpResponse:
        do(run.row.pk, act_of(request, filled), data)
        messages.success(request, said)
        return redirect("home") if _has_left(request, run) else redirect("run-people", run.row.pk)

    return answered(done, page=partial(_page, request, run, shown))


def _has_left(request: HtmxRequest, run: OpenRun) -> bool:
    """Whether the person has no rights on the run any more."""
    try:
        queries.run_for(request.user, run.row.pk, action=Action.VIEW)
    except queries.RunNotFound:
        return True
    return False


@_posted(Action.MANAGE_MEMBERS, form="add", said="Recorded: a new member.")
def add_member(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Gives somebody a role on the run."""
    role = Role(data["role"])
    return people.give_role(run_id=run_id, act=act, member=data["member"], role=role)


@_posted(Action.MANAGE_MEMBERS, form="role", said="Recorded: the role.")
def change_role(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Changes a member's role."""
    role = Role(data["role"])
    return people.give_role(run_id=run_id, act=act, member=data["member"], role=role)


@_posted(Action.MANAGE_MEMBERS, form="remove", said="Recorded: the member was removed.")
def remove_member(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Takes a member's rights away."""
    return people.remove_member(
        run_id=run_id, act=act, member=data["member"], reason=data["reason"]
    )


@_posted(Action.LEAVE, form="plain", said="You left the run.")
def leave_run(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Gives the own rights back."""
    return people.leave(run_id=run_id, act=act)


@_posted(Action.ASSIGN_STEPS, form="assign", said="Recorded: who does what.")
def assign_steps(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Says for whom steps are meant."""
    return claims.assign_steps(run_id=run_id, act=act, wanted=data)


@_posted(Action.OFFER_HANDOVER, form="handover", said="Recorded: the handover is offered.")
def offer_handover(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Offers the run to a successor."""
    return people.offer_handover(run_id=run_id, act=act, to=data["to"], doubts=data["doubts"])


@_posted(Action.ACCEPT_HANDOVER, form="plain", said="Recorded: the run is yours.")
def accept_handover(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Takes the run over."""
    return people.accept_handover(run_id=run_id, act=act)


@_posted(Action.WITHDRAW_HANDOVER, form="reason", said="Recorded: the offer stands no longer.")
def withdraw_handover(run_id: uuid.UUID, act: Act, data: Any) -> object:
    """Takes an offer back, or declines it."""
    return people.withdraw_handover(run_id=run_id, act=act, reason=data["reason"])

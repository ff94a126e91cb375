"""Sharing a run: its links, and what stakeholders are told; for members who may."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from runbook.domain.access import may
from runbook.domain.errors import TransitionRefused
from runbook.domain.stakeholders import where
from runbook.domain.transitions import allows
from runbook.domain.vocabulary import Action
from runbook.models import ShareLink
from runbook.queries import OpenRun
from runbook.services import sharing, talk
from runbook.web.carry_out import act_of, answered, open_run
from runbook.web.forms.sharing import SCOPES, LinkForm, PromiseForm, RevokeForm
from runbook.web.htmx import HtmxRequest

Doing = Callable[[OpenRun], HttpResponse]


@require_safe
@login_required
def run_links(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Who reads this run without an account."""
    return _allowed(request, run_id, action=Action.MANAGE_LINKS, do=lambda run: _page(request, run))


@require_POST
@login_required
def create_link(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """A new link; the answer itself shows its code, since no other page ever can."""

    def do(run: OpenRun) -> HttpResponse:
        form = LinkForm(request.POST, zone=run.state.time_zone)
        if not form.is_valid():
            return _page(request, run, link_form=form, status=422)
        try:
            _, token = sharing.create_link(
                run_id=run_id, act=act_of(request, form), wanted=form.wanted()
            )
        except TransitionRefused as refusal:
            form.add_error(None, refusal.sentence)
            return _page(request, run, link_form=form, status=409)
        address = f"{settings.SITE_URL}{reverse('open-link')}#{token}" if token else ""
        return _page(request, run, made=form.wanted().label, address=address, code=token)

    return _allowed(request, run_id, action=Action.MANAGE_LINKS, do=do)


@require_POST
@login_required
def revoke_link(request: HtmxRequest, run_id: uuid.UUID, link: uuid.UUID) -> HttpResponse:
    """Ends a link at once."""

    def do(run: OpenRun) -> HttpResponse:
        form = RevokeForm(request.POST)
        if not form.is_valid():
            return _page(request, run, refusal="Keep the reason under 500 characters.", status=422)
        reason = form.cleaned_data["reason"]
        sharing.revoke_link(run_id=run_id, act=act_of(request, form), link=link, reason=reason)
        messages.success(request, "The link is revoked. Whoever has it open reads nothing more.")
        return redirect("run-links", run_id)

    return _allowed(request, run_id, action=Action.MANAGE_LINKS, do=do)


@require_POST
@login_required
def promise_update(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """What the status page says, and when it will say more."""

    def do(run: OpenRun) -> HttpResponse:
        form = PromiseForm(request.POST, zone=run.state.time_zone)
        if not form.is_valid():
            return _page(request, run, promise_form=form, status=422)
        try:
            talk.promise_update(
                run_id=run_id,
                act=act_of(request, form),
                promise=form.cleaned_data["promise"],
                next_update=form.cleaned_data["next_update"],
            )
        except TransitionRefused as refusal:
            form.add_error(None, refusal.sentence)
            return _page(request, run, promise_form=form, status=409)
        messages.success(request, "Recorded: what the people who wait are told.")
        return redirect("run-links", run_id)

    return _allowed(request, run_id, action=Action.PROMISE_UPDATE, do=do)


def _allowed(request: HtmxRequest, run_id: uuid.UUID, *, action: Action, do: Doing) -> HttpResponse:
    """Fetches, authorises and answers each refusal in words."""
    run = open_run(request, run_id, action=action)
    return answered(lambda: do(run), page=partial(_page, request, run))


def _page(request: HtmxRequest, run: OpenRun, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The links as they are now, with fresh forms where none come back."""
    run, now = open_run(request, run.row.pk, action=Action.MANAGE_LINKS), timezone.now()
    state, zone = run.state, run.state.time_zone
    links = [(link, sharing.is_alive(link, state, now=now)) for link in sharing.links_of(run.row)]
    able = may(run.role, Action.PROMISE_UPDATE) and allows(state.stage, Action.PROMISE_UPDATE)
    context = {
        "run": run,
        "state": state,
        "zone": zone,
        "where": where(state),
        "link_form": LinkForm(),
        "promise_form": PromiseForm(zone=zone) if able else None,
        "living": [_shown(link) for link, alive in links if alive],
        "dead": [(link, _end(link, now=now)) for link, alive in links if not alive],
        "scopes": {scope.value: text for scope, text in SCOPES.items()},
        **extra,
    }
    return render(request, "sharing/links.html", context, status=status)


def _shown(link: ShareLink) -> tuple[ShareLink, RevokeForm]:
    return link, RevokeForm(auto_id=f"revoke-{link.pk}-%s")


def _end(link: ShareLink, *, now: datetime) -> str:
    """Why a link is dead, for those who manage it."""
    if link.revoked_at is not None:
        return "revoked"
    return "expired" if link.expires <= now else "its maker lost the right to share"

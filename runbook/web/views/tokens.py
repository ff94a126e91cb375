"""The page of a run's tokens: what scripts may do, and since when; for every member."""

import uuid
from collections.abc import Callable
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
from runbook.domain.vocabulary import Action
from runbook.queries import OpenRun
from runbook.services import tokens
from runbook.services.tokens import Scope
from runbook.web.api import commands
from runbook.web.carry_out import act_of, answered, open_run
from runbook.web.forms.tokens import SCOPES, RevokeTokenForm, TokenForm
from runbook.web.htmx import HtmxRequest

Doing = Callable[[OpenRun], HttpResponse]


@require_safe
@login_required
def run_tokens(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Which scripts report to this run or read it."""
    return _allowed(request, run_id, do=lambda run: _page(request, run))


@require_POST
@login_required
def create_token(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """A new token; the answer itself shows it, since no other page ever can."""

    def do(run: OpenRun) -> HttpResponse:
        form = TokenForm(request.POST, may_append=may(run.role, Action.ADD_NOTE))
        if not form.is_valid():
            return _page(request, run, form=form, status=422)
        wanted = form.wanted()
        _, token = tokens.create_token(run_id=run_id, act=act_of(request, form), wanted=wanted)
        address = f"{settings.SITE_URL}{reverse('api-run', args=[run_id])}"
        found = run.state.open_attempt
        lines = commands.lines(
            address, token=token, scope=wanted.scope, attempt=found.number if found else 0
        )
        return _page(request, run, made=wanted.label, lines=lines if token else ())

    return _allowed(request, run_id, do=do)


@require_POST
@login_required
def revoke_token(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Ends a token at once."""

    def do(run: OpenRun) -> HttpResponse:
        form = RevokeTokenForm(request.POST)
        if not form.is_valid():
            return _page(request, run, refusal="Choose a token on the page.", status=422)
        token = form.cleaned_data["token"]
        tokens.revoke_token(run_id=run_id, act=act_of(request, form), token=token)
        messages.success(request, "The token is revoked. The script is refused from now on.")
        return redirect("run-tokens", run_id)

    return _allowed(request, run_id, do=do)


def _allowed(request: HtmxRequest, run_id: uuid.UUID, *, do: Doing) -> HttpResponse:
    """Fetches, authorises and answers each refusal in words."""
    run = open_run(request, run_id, action=Action.VIEW)
    return answered(lambda: do(run), page=partial(_page, request, run))


def _page(request: HtmxRequest, run: OpenRun, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The tokens as they are now, with a fresh form where none comes back."""
    now, state = timezone.now(), run.state
    rows = [(each, tokens.ending(each, state, now=now)) for each in tokens.tokens_of(run.row)]
    manages = may(run.role, Action.MANAGE_MEMBERS)
    context = {
        "run": run,
        "state": state,
        "zone": state.time_zone,
        "form": TokenForm(may_append=may(run.role, Action.ADD_NOTE)),
        "living": [
            (each, _revoking(each.pk) if manages or each.user_id == request.user.pk else None)
            for each, end in rows
            if not end
        ],
        "dead": [(each, end) for each, end in rows if end],
        "scopes": {scope.value: text for scope, text in SCOPES.items()},
        "reading": Scope.READ.value,
        **extra,
    }
    return render(request, "tokens/tokens.html", context, status=status)


def _revoking(token: int) -> RevokeTokenForm:
    return RevokeTokenForm(initial={"token": token}, auto_id=f"revoke-{token}-%s")

"""Joining by invitation: the token comes in the part of a link that browsers keep to themselves."""

from typing import cast

from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runbook.models import Invitation
from runbook.services import invitations
from runbook.web import joining
from runbook.web.forms.accounts import JoinForm, TokenForm
from runbook.web.htmx import HtmxRequest
from runbook.web.signing_in import new_session_key, sign_in


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Take the token, by the page's script or typed, and lead to the invitation."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not ratelimit.consume(request, action="join"):
            return ratelimit.respond_429(request)
        invitation = invitations.find(form.cleaned_data["token"], now=timezone.now())
        if invitation is not None:
            joining.remember(request, invitation)
            return redirect("accept-invitation")
        form.add_error("token", str(invitations.NotOpen()))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/join.html", {"form": form}, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Join the team with my account, or make an account."""
    invitation = joining.invitation(request)
    if invitation is None:
        if request.user.is_authenticated and not joining.has_shown_one(request):
            return redirect("home")  # the account came with the seat, through another service
        joining.forget(request)
        messages.error(request, str(invitations.NotOpen()))
        return redirect("join")
    if request.user.is_authenticated:
        return _join_team(cast(HtmxRequest, request), invitation)
    form = JoinForm(
        request.POST if request.method == "POST" else None, initial={"email": invitation.email}
    )
    if form.is_bound and not ratelimit.consume(request, action="join"):
        return ratelimit.respond_429(request)
    if form.is_valid():
        try:
            user = invitations.make_account(invitation, now=timezone.now(), **form.person())
        except invitations.InvitationRefused as refusal:
            form.add_error("username", str(refusal))
        else:
            joining.forget(request)
            sign_in(request, user)
            return redirect("home")
    context = {
        "invitation": invitation,
        "form": form,
        "services": get_adapter().list_providers(request),
    }
    return render(request, "accounts/accept.html", context, status=422 if form.is_bound else 200)


def _join_team(request: HtmxRequest, invitation: Invitation) -> HttpResponse:
    if request.method != "POST" or invitation.team is None:
        return render(request, "accounts/accept.html", {"invitation": invitation})
    try:
        invitations.accept(invitation, user=request.user, now=timezone.now())
    except invitations.NotOpen as refusal:
        messages.error(request, str(refusal))
    else:
        new_session_key(request)
        messages.success(request, f"You are in the team {invitation.team} now.")
    joining.forget(request)
    return redirect("home")

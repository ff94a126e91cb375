"""The people of the installation: who has an account, inviting, and taking an invitation back."""

from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from runbook.models import User
from runbook.services import accounts, installation, invitations
from runbook.services.teams import By, TeamRefused
from runbook.services.timeline import Busy
from runbook.web.forms.accounts import InviteForm
from runbook.web.forms.teams import HeirForm
from runbook.web.htmx import HtmxRequest

BUSY = "The database is busy. Nothing was changed; send it again."


@login_required
@require_GET
def everybody(request: HtmxRequest) -> HttpResponse:
    """Everybody with an account, for the owners of the installation."""
    _check_owner(request)
    return _people_page(request)


def _people_page(request: HtmxRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    people = User.objects.order_by("-is_active", "display_name", "username")
    context = {
        "people": people,
        "heirs": [person for person in people if person.is_active],
        "sole_leads": installation.sole_leads(),
        "refusal": refusal,
    }
    return render(request, "accounts/people.html", context, status=status)


@login_required
@require_POST
def close_account(request: HtmxRequest, actor_id: str) -> HttpResponse:
    """Closes an account; whoever led runs alone needs an heir for them."""
    person = _other_person(request, actor_id)
    form = HeirForm(request.POST, people=User.objects.filter(is_active=True).exclude(pk=person.pk))
    if not form.is_valid():
        return _people_page(request, refusal="Choose somebody from the list.", status=422)
    try:
        by = By(actor=request.user, now=timezone.now())
        accounts.close_account(person, heir=form.chosen, by=by)
    except TeamRefused as refusal:
        return _people_page(request, refusal=str(refusal), status=409)
    except Busy:
        return _people_page(request, refusal=BUSY, status=503)
    messages.success(request, f"The account of {person} is closed and signed out everywhere.")
    return redirect("everybody")


@login_required
@require_POST
def open_account(request: HtmxRequest, actor_id: str) -> HttpResponse:
    person = _other_person(request, actor_id)
    accounts.open_account(person)
    messages.success(request, f"{person} can sign in again.")
    return redirect("everybody")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HtmxRequest) -> HttpResponse:
    """Invite by mail or by a link, which is shown this once."""
    if not invitations.may_invite(request.user):
        raise PermissionDenied
    form = InviteForm(
        request.POST if request.method == "POST" else None,
        actor=request.user,
        initial={"team": request.GET.get("team")},
    )
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        if not ratelimit.consume(request, action="invite"):
            return ratelimit.respond_429(request)
        context |= _send(request, form)
        context["form"] = InviteForm(actor=request.user, initial={"team": request.POST.get("team")})
    context["invitations"] = invitations.open_invitations(request.user, now=timezone.now())
    refused = form.is_bound and "link" not in context
    return render(request, "accounts/invite.html", context, status=422 if refused else 200)


def _send(request: HtmxRequest, form: InviteForm) -> dict[str, Any]:
    invitation, token = invitations.invite(
        actor=request.user, now=timezone.now(), **form.cleaned_data
    )
    link = f"{settings.SITE_URL}{reverse('join')}#{token}"
    sent = bool(invitation.email) and invitations.send(invitation, link=link)
    return {"link": link, "sent_to": invitation.email, "sent": sent}


@login_required
@require_POST
def withdraw_invitation(request: HtmxRequest, invitation: int) -> HttpResponse:
    try:
        invitations.withdraw(invitation, actor=request.user, now=timezone.now())
    except invitations.NotOpen:
        messages.info(request, "That invitation is not open any more.")
    else:
        messages.success(request, "The invitation is withdrawn; its link leads nowhere now.")
    return redirect("invite" if invitations.may_invite(request.user) else "account")


def _check_owner(request: HtmxRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied


def _other_person(request: HtmxRequest, actor_id: str) -> User:
    """Somebody else's account: nobody locks themselves out."""
    _check_owner(request)
    person = get_object_or_404(User, actor_id=actor_id)
    if person == request.user:
        raise Http404
    return person

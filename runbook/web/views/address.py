"""Changing the own e-mail address: asked for after the password, done once the new address answers."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runbook.services import accounts
from runbook.web.forms.accounts import AddressForm
from runbook.web.htmx import HtmxRequest

_SALT = "runbook.address"
VALID_FOR = 60 * 60


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(app="allauth.account")
def change_address(request: HtmxRequest) -> HttpResponse:
    """Send a link to the new address; whether somebody has it already shows in that mail only."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not ratelimit.consume(request, action="manage_email"):
            return ratelimit.respond_429(request)
        _send_link(request, form.cleaned_data["email"])
        messages.success(request, "A link is on its way. The new address counts once you open it.")
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/address.html", {"form": form}, status=status)


def _send_link(request: HtmxRequest, email: str) -> None:
    # The old address in it makes the link work once.
    wish = {"user": request.user.pk, "old": request.user.email, "new": email}
    path = reverse("confirm-address", args=[signing.dumps(wish, salt=_SALT)])
    context = {
        "user": request.user,
        "link": f"{settings.SITE_URL}{path}",
        "is_taken": accounts.address_is_taken(email),
    }
    get_adapter().send_mail("emails/new_address", email, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HtmxRequest, token: str) -> HttpResponse:
    wish = _wish(token)
    user = request.user
    if (wish.get("user"), wish.get("old")) != (user.pk, user.email):
        messages.error(request, "This link no longer works, or belongs to another account.")
        return redirect("account")
    if request.method != "POST":
        return render(request, "accounts/confirm_address.html", {"email": wish["new"]})
    if accounts.change_address(user, wish["new"]):
        get_adapter().send_notification_mail(
            "account/email/email_changed",
            user,
            {"from_email": wish["old"], "to_email": wish["new"]},
            email=wish["old"],
        )
        messages.success(request, f"Your address is {wish['new']} now.")
    else:
        messages.error(request, "An account with this address exists by now; nothing was changed.")
    return redirect("account")


def _wish(token: str) -> dict[str, Any]:
    try:
        wish: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return {}
    return wish

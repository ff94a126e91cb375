"""The set-up page, which makes the first account and is then gone, and the account page."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from runbook.services import accounts, sessions
from runbook.web.browsers import browser_name
from runbook.web.forms.accounts import ProfileForm, SetUpForm
from runbook.web.htmx import HtmxRequest
from runbook.web.signing_in import sign_in


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    if not accounts.needs_set_up():
        raise Http404
    form = SetUpForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            user = accounts.create_first_account(code=form.cleaned_data["code"], **form.person())
        except accounts.AlreadySetUp as refusal:
            messages.info(request, str(refusal))
            return redirect("account_login")
        except accounts.SetUpRefused as refusal:
            form.add_error("code", str(refusal))
            status = 429 if isinstance(refusal, accounts.TooManyWrongCodes) else 422
        else:
            sign_in(request, user)
            return redirect("home")
    return render(request, "accounts/set_up.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HtmxRequest) -> HttpResponse:
    """Who I am here, and the doors to everything about my account."""
    user = request.user
    initial = {"display_name": user.display_name, "time_zone": user.time_zone}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        accounts.change_profile(user, **form.cleaned_data, now=timezone.now())
        messages.success(request, "Your name and time zone are kept.")
        return redirect("account")
    context = {"form": form, **_doors(request)}
    return render(request, "accounts/account.html", context, status=422 if form.is_bound else 200)


def _doors(request: HtmxRequest) -> dict[str, Any]:
    kinds = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    return {
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "services": get_adapter().list_providers(request),
        "connected": SocialAccount.objects.filter(user=request.user).count(),
        "sign_ins": len(_sign_ins(request)),
    }


@login_required
@require_GET
def sign_ins(request: HtmxRequest) -> HttpResponse:
    places = [(place, browser_name(place.browser)) for place in _sign_ins(request)]
    return render(request, "accounts/sign_ins.html", {"sign_ins": places})


def _sign_ins(request: HtmxRequest) -> list[sessions.SignIn]:
    here = request.session.session_key or ""
    return sessions.sign_ins(request.user, here=here, now=timezone.now())


@login_required
@require_POST
def end_sign_in(request: HtmxRequest, sign_in: int) -> HttpResponse:
    if sessions.end(request.user, sign_in):
        messages.success(request, "Signed out there.")
    else:
        messages.info(request, "That sign-in was over already.")
    return redirect("sign-ins")


@login_required
@require_POST
def end_other_sign_ins(request: HtmxRequest) -> HttpResponse:
    sessions.end_all(request.user, but=request.session.session_key or "")
    messages.success(request, "Signed out everywhere else.")
    return redirect("sign-ins")

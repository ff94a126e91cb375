"""The set-up page: makes the first account of an installation, and is gone afterwards."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runbook.services import accounts
from runbook.web.forms.accounts import SetUpForm


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    if not accounts.needs_set_up():
        raise Http404
    form = SetUpForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        answers = {
            name: value for name, value in form.cleaned_data.items() if name != "password_again"
        }
        try:
            user = accounts.create_first_account(**answers)
        except accounts.AlreadySetUp as refusal:
            messages.info(request, str(refusal))
            return redirect("account_login")
        except accounts.SetUpRefused as refusal:
            form.add_error("code", str(refusal))
            status = 429 if isinstance(refusal, accounts.TooManyWrongCodes) else 422
        else:
            login(request, user)
            return redirect("home")
    return render(request, "accounts/set_up.html", {"form": form}, status=status)

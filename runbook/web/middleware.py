"""What every request passes: the set-up page on the way in, refused rights and headers on the way out."""

from collections.abc import Callable

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.defaults import page_not_found

from runbook.domain.errors import ForbiddenAction
from runbook.queries import RunNotFound
from runbook.services import accounts

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Everything a page could ask the browser for and this product never needs. Writing to the
# clipboard is missing on purpose: the copy buttons use it.
UNUSED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)


def headers(get_response: GetResponse) -> GetResponse:
    """The headers for which Django and django-csp have no setting."""

    def add_headers(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # On a shared computer the back button must not show a run after sign-out. Static files
        # come with their own Cache-Control and keep it.
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code == 503:  # the database was busy; it will not be for long
            response.headers.setdefault("Retry-After", "5")
        return response

    return add_headers


def set_up_first(get_response: GetResponse) -> GetResponse:
    """Lead every page of an installation without accounts to the set-up page."""

    def lead(request: HttpRequest) -> HttpResponseBase:
        # Whoever is signed in proves that an account exists, so only strangers cost a query.
        if (
            not request.user.is_authenticated
            and request.path != reverse("set-up")
            and accounts.needs_set_up()
        ):
            return redirect("set-up")
        return get_response(request)

    return lead


class Rights:
    """A right that is missing ends the request, wherever it was asked.

    A stranger is told 404, a member whose role is too small 403 with the sentence that says which
    role it takes. Views only ask; none of them answers for it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """The answer to a missing right; None leaves every other fault to Django."""
        if isinstance(exception, ForbiddenAction):
            return render(request, "403.html", {"sentence": exception.sentence}, status=403)
        if isinstance(exception, RunNotFound):
            return page_not_found(request, Http404())
        return None

"""What every request passes: security headers on the way out, the set-up page on the way in."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

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

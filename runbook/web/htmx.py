"""Requests that htmx may have sent, and answers that fit them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from runbook.models import User


class HtmxRequest(HttpRequest):
    """A signed-in request; `htmx` is true when a fragment is wanted."""

    htmx: HtmxDetails
    user: User


def render_panel(
    request: HtmxRequest,
    context: dict[str, Any],
    *,
    page: str,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """The fragment for htmx, the whole page for a plain browser; caches are told that they differ."""
    template = fragment if request.htmx else page
    response = render(request, template, context, status=status)
    response.headers["Vary"] = "HX-Request"
    return response

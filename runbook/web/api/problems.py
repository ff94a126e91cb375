"""Refusals as problem details (RFC 9457): a status, its name, and one sentence for who reads logs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import Field

from runbook.domain.errors import (
    DomainError,
    ForbiddenAction,
    SubmissionMismatch,
)
from runbook.queries import RunNotFound
from runbook.services.exports import UnknownFormat
from runbook.services.timeline import Busy
from runbook.services.tokens import NoSuchToken

MEDIA_TYPE = "application/problem+json"
UNAUTHORIZED = (
    "Send the header “Authorization: Bearer uwt_…” with a token of this run that has neither "
    "expired nor been revoked."
)
_GUESSING = "Too many wrong tokens came from this address. Wait a minute, then try again."
_BUSY = "The database is busy. Nothing was recorded; send it again."
LARGE = "The body is too large. An error text may have 1 MiB."
_SENT_BEFORE = "This Idempotency-Key came before with another content. Nothing was recorded."
_NO_JSON = "The body must be one JSON object in UTF-8."


#: Spelled out, since newer Pythons call some of them by other names.
TITLES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class TooManyWrongTokens(Exception):
    """Somebody is guessing; nothing was looked up."""


class Refused(Exception):
    """A refusal that only the API knows, with its status and sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Problem(Schema):
    """Why a request was refused."""

    status: int = Field(description="The status of the answer once more.")
    title: str = Field(description="What this status is called.")
    detail: str = Field(description="One sentence: what stands in the way.")


def problem(status: int, detail: str, **headers: str) -> HttpResponse:
    """The answer; a header's name is written with underscores."""
    body = {"status": status, "title": TITLES[status], "detail": detail}
    response = JsonResponse(body, status=status, content_type=MEDIA_TYPE)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def unauthorized() -> HttpResponse:
    """The same bytes for every reason, so that a wrong token learns nothing about any run."""
    return problem(401, UNAUTHORIZED, WWW_Authenticate="Bearer")


Handler = Callable[[HttpRequest, Any], HttpResponse]
_HANDLERS: dict[type[Exception], Handler] = {
    NoSuchToken: lambda request, error: unauthorized(),
    RunNotFound: lambda request, error: unauthorized(),
    TooManyWrongTokens: lambda request, error: problem(429, _GUESSING, Retry_After="60"),
    Busy: lambda request, error: problem(503, _BUSY, Retry_After="5"),
    RequestDataTooBig: lambda request, error: problem(413, LARGE),
    SubmissionMismatch: lambda request, error: problem(422, _SENT_BEFORE),
    Refused: lambda request, error: problem(error.status, error.detail),
    HttpError: lambda request, error: problem(422, _NO_JSON),  # raised for such bodies only
    ValidationError: lambda request, error: problem(422, sentence_of(error.errors)),
    ForbiddenAction: lambda request, error: problem(403, error.sentence),
    UnknownFormat: lambda request, error: problem(404, error.sentence),
    DomainError: lambda request, error: problem(409, error.sentence),
}


def sentence_of(errors: list[dict[str, Any]]) -> str:
    """The first thing to correct: which field, and what it takes. Never what was sent."""
    first = errors[0]
    place = [str(part) for part in first["loc"][1:]]
    if first["type"] == "extra_forbidden":
        return "The body has a field that this operation does not know."
    if len(place) <= 1 and first["loc"][0] == "body" and first["type"] != "missing":
        return _NO_JSON
    name = place[-1] if place else "body"
    return f"{'body' if name == 'body' else name}: {first['msg']}."


def speaking(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, with a problem where the library answers a wrong method with bare text."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = response.headers["Allow"]
            return problem(405, f"This address takes {allowed} only.", Allow=allowed)
        return response

    return answer


def install(api: NinjaAPI) -> None:
    """Lets the API answer every refusal in this form."""
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)

"""The operations: three that read a run, two that append to it. None starts anything: a person does."""

from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils import timezone
from ninja import Header, NinjaAPI, Query
from ninja.responses import Status

from runbook.domain.access import check_may
from runbook.domain.vocabulary import Action
from runbook.services import exports, tokens
from runbook.services.timeline import Written
from runbook.services.tokens import Caller, Told, act_of
from runbook.web.api import problems, reading
from runbook.web.api.bearers import AppendToken, ReadToken
from runbook.web.api.problems import Problem
from runbook.web.api.schemas import AttemptEnd, Events, NewNote, Recorded, RunOut
from runbook.web.downloads import handed_out

LARGEST_PAGE = 100
_LAST_SEQ = 2**31 - 1
_READING = dict.fromkeys((401, 403, 404, 422, 429, 503), Problem)
_APPENDING = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 429, 503), Problem)

api = NinjaAPI(
    title="Upgrade Runbook",
    version="1",
    description=(
        "For scripts: read one run, or append one entry to it, with a token that a member of the "
        "run made. No operation starts an attempt; a person does. What a script did stands on the "
        "timeline under the name of the member, with the name of the token."
    ),
    servers=[{"url": "/", "description": "This installation"}],
    openapi_url=None,
    docs_url=None,
)
problems.install(api)

Key = Annotated[
    str | None,
    Header(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text. Sent again with it, the same request learns what the first one did.",
    ),
]


@api.get(
    "v1/runs/{uuid:run}/",
    auth=ReadToken(),
    response={200: RunOut, **_READING},
    operation_id="readRun",
    url_name="api-run",
    summary="Read the run",
)
def read_run(request: HttpRequest, run: UUID) -> Any:
    """Where the run stands: steps, attempts, waits and versions after its newest event."""
    return reading.run_as_data(_caller(request).run, now=timezone.now())


@api.get(
    "v1/runs/{uuid:run}/events",
    auth=ReadToken(),
    response={200: Events, **_READING},
    operation_id="readEvents",
    url_name="api-events",
    summary="Read events",
)
def read_events(
    request: HttpRequest,
    run: UUID,
    *,
    after: Annotated[int, Query(0, ge=0, le=_LAST_SEQ, description="The last seq seen.")] = 0,
    limit: Annotated[int, Query(50, ge=1, le=LARGEST_PAGE, description="Events on a page.")] = 50,
) -> Any:
    """The timeline, oldest first, a page at a time."""
    if set(request.GET) - {"after", "limit"}:
        # A slip in "after" would give the first page for ever.
        raise problems.Refused(422, "This address takes “after” and “limit” only.")
    return reading.events_as_data(_caller(request).run.row, after=after, limit=limit)


@api.get(
    "v1/runs/{uuid:run}/exports/{slug:export_format}",
    auth=ReadToken(),
    response={200: bytes, **_READING},
    operation_id="exportRun",
    url_name="api-export",
    summary="Export the record",
)
def export_run(request: HttpRequest, run: UUID, *, export_format: str) -> HttpResponseBase:
    """The record as a file, in a format of the run's page. The timeline says that it was handed out."""
    caller = _caller(request)
    check_may(caller.run.role, Action.EXPORT)
    made = exports.export(
        run_id=run,
        act=act_of(caller, now=timezone.now(), content={}),
        export_format=export_format,
        address=f"{settings.SITE_URL}{reverse('run-report', args=[run])}",
    )
    return handed_out(made)


@api.post(
    "v1/runs/{uuid:run}/notes",
    auth=AppendToken(),
    response={201: Recorded, **_APPENDING},
    operation_id="addNote",
    url_name="api-add-note",
    summary="Add a note",
)
def add_note(
    request: HttpRequest, run: UUID, *, response: HttpResponse, body: NewNote, key: Key = None
) -> Any:
    """A note, at any stage of the run. The name of the token stands before the text."""
    caller = _caller(request)
    content = {"operation": "note", **body.dict()}
    act = act_of(caller, now=timezone.now(), content=content, key=key)
    written = tokens.append_note(caller=caller, act=act, text=body.text, step=body.step)
    return _recorded(response, run, written)


@api.post(
    "v1/runs/{uuid:run}/attempt",
    auth=AppendToken(),
    response={201: Recorded, **_APPENDING},
    operation_id="recordAttempt",
    url_name="api-record-attempt",
    summary="Report how the open attempt ended",
)
def record_attempt(
    request: HttpRequest, run: UUID, *, response: HttpResponse, body: AttemptEnd, key: Key = None
) -> Any:
    """Ends the attempt that a person started, as the form on the page does; a note names the token."""
    caller = _caller(request)
    content = {name: str(value) for name, value in body.dict().items()}
    act = act_of(
        caller,
        now=timezone.now(),
        content={"operation": "attempt", **content},
        happened_at=body.happened_at,
        key=key,
    )
    told = Told(
        outcome=body.outcome,
        error_text=body.error_text,
        no_text=body.no_text,
        reason=body.reason,
        attempt=body.attempt,
    )
    return _recorded(response, run, tokens.append_result(caller=caller, act=act, told=told))


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


def _recorded(response: HttpResponse, run: UUID, written: Written) -> Status:
    if written.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return Status(201, {"run": run, "seq": written.version})


def addresses() -> list[URLPattern]:
    """The operations' addresses, without those of the library's own pages."""
    found = [each for each in api.urls[0] if isinstance(each, URLPattern)]
    for each in found:
        each.callback = problems.speaking(each.callback)
    return [each for each in found if each.name != "api-root"]

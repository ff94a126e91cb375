"""What a reader by link sees: the door, the record, the status page, the run at a moment."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runbook.domain.bare import without_words
from runbook.domain.errors import SubmissionMismatch, TransitionRefused
from runbook.domain.redaction import Kind, Profile, redact
from runbook.domain.report import ErrorText, RunReport
from runbook.domain.stakeholders import changes, quiet
from runbook.domain.transitions import allows
from runbook.domain.vocabulary import Action, LinkScope
from runbook.models import ShareLink
from runbook.services import redaction, review, shared_exports, sharing
from runbook.services.exports import NotForOutside, UnknownFormat
from runbook.services.review import Record
from runbook.services.shared_exports import TooManyFiles
from runbook.services.sharing import NoSuchLink, Shared, TooManyWrongCodes
from runbook.services.timeline import Busy
from runbook.web import grants, reading
from runbook.web.downloads import handed_out
from runbook.web.forms.sharing import CodeForm
from runbook.web.forms.together import QuestionForm
from runbook.web.htmx import HtmxRequest
from runbook.web.reading import Places, Typed
from runbook.web.views.review import as_file, asked_about, moment_form

View = Callable[..., HttpResponseBase]
_READING = frozenset({LinkScope.READ, LinkScope.READ_FILES, LinkScope.COMMENT})
CLOSED = (
    "This is closed: the code is wrong, the link has expired or was revoked, or it was not used for "
    "two hours. Open the link again, or ask the person who sent it for a new one."
)
_GUESSING = "Too many wrong codes came from your network. Wait a minute, then try again."
_BUSY = "The database is busy. Try again in a moment."


def for_readers(view: View) -> View:
    """Nothing of these pages is kept, indexed, or told to the next site; each refusal reads alike."""

    @wraps(view)
    def show(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = view(request, *args, **kwargs)
        except (NoSuchLink, Http404):
            response = _door(request, refusal=CLOSED, status=404)
        except Busy:
            response = _door(request, refusal=_BUSY, status=503)
        if "handle" in kwargs and response.status_code != 404:
            grants.renew(request, response, handle=kwargs["handle"], now=timezone.now())
        # A browser that tells no referrer sends a form with "Origin: null", which the CSRF check must
        # refuse. "same-origin" tells other sites as little.
        has_form = isinstance(response, HttpResponse) and b'method="post"' in response.content
        response.headers["Referrer-Policy"] = "same-origin" if has_form else "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return show


def for_reader(record: Record, link: ShareLink, *, whole: Record | None = None) -> RunReport:
    """The record as the link's profile allows it; without any typed word for an unknown profile.

    What people decided for this profile counts here too, and a thing has the mark that it has in
    packets and files. `whole` is the record that numbers what has no mark yet.
    """
    try:
        chosen = Profile(link.profile)
    except ValueError:
        return without_words(record.report)
    kept = redaction.kept_for(link.run)
    if whole:
        kept = replace(
            kept, pseudonyms=redaction.redacted(whole.report, chosen, kept=kept).pseudonyms
        )
    report = redaction.redacted(record.report, chosen, kept=kept).report
    return review.by_role(report, record.roles) if chosen is Profile.PUBLIC else report


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
def open_link(request: HttpRequest) -> HttpResponse:
    """The door: the code comes from the page's script or is typed; only sending it counts."""
    if request.method != "POST":
        return _door(request)
    form, now = CodeForm(request.POST), timezone.now()
    if not form.is_valid():
        return _door(request, refusal="Put the code of the link in.", status=422)
    try:
        link = sharing.open_link(
            token=form.cleaned_data["code"],
            address=request.META.get("REMOTE_ADDR", ""),
            now=now,
            opened=grants.living(request, now=now),
        )
    except TooManyWrongCodes:
        response = _door(request, refusal=_GUESSING, status=429)
        response.headers["Retry-After"] = "60"
        return response
    if not request.user.is_authenticated:
        request.session.cycle_key()
    response = redirect("shared-run", link.handle)
    response.status_code = 303
    grants.give(request, response, handle=link.handle, now=now)
    return response


@for_readers
@require_safe
def shared_run(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """The status page or the record, as the link allows."""
    shared = _opened(request, handle)
    if shared.scope is LinkScope.STATUS:
        return _status(request, shared)
    return _story(request, shared)


@for_readers
@require_safe
def shared_at(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """The run as it stood at a moment."""
    shared = _opened(request, handle, scopes=_READING)
    form = moment_form(request, zone=shared.state.time_zone)
    record = _record(shared, until=lambda entries: reading.chosen_seq(form, entries))
    report = for_reader(record, shared.link, whole=_record(shared))
    context = reading.moment_context(record, report, places=_places(shared), form=form)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "sharing/at.html", {**context, "link": shared.link}, status=status)


@for_readers
@require_safe
def shared_evidence(request: HtmxRequest, handle: uuid.UUID, digest: str) -> HttpResponse:
    """A text that somebody handed in, redacted for the link, as a file."""
    shared = _opened(request, handle, scopes={LinkScope.READ_FILES})
    report = for_reader(_record(shared, texts=[digest]), shared.link)
    found: ErrorText | None = next((e for e in report.errors if e.digest == digest), None)
    return as_file(found.text if found else None, digest=digest)


@for_readers
@require_POST
def shared_export(request: HtmxRequest, handle: uuid.UUID) -> HttpResponseBase:
    """The record as a file, cut as the link says; the timeline says that it was taken."""
    shared = _opened(request, handle, scopes={LinkScope.READ_FILES})
    try:
        made = shared_exports.export_through_link(
            shared=shared,
            now=timezone.now(),
            export_format=request.POST.get("format", ""),
            address=f"{settings.SITE_URL}{reverse('shared-run', args=[handle])}",
        )
    except (UnknownFormat, NotForOutside) as refusal:
        return _story(request, shared, refusal=refusal.sentence, status=422)
    except TooManyFiles as refusal:
        response = _story(request, shared, refusal=refusal.sentence, status=429)
        response.headers["Retry-After"] = str(int(shared_exports.WITHIN.total_seconds()))
        return response
    return handed_out(made)


@for_readers
@require_POST
def ask_shared_question(request: HtmxRequest, handle: uuid.UUID) -> HttpResponse:
    """A question by the link's reader."""
    shared = _opened(request, handle, scopes={LinkScope.COMMENT})
    form = QuestionForm(request.POST)
    about = form.data.get("about", "")
    number = int(about) if about.isascii() and about.isdigit() and len(about) < 16 else 0
    typed = Typed(about=number, text=request.POST.get("text", ""))
    if not form.is_valid():
        sentence = "A question needs words, and at most 4,000 characters."
        return _story(request, shared, typed=replace(typed, sentence=sentence), status=422)
    try:
        sharing.ask_question(
            shared=shared,
            now=timezone.now(),
            about=form.cleaned_data["about"],
            text=form.cleaned_data["text"],
            key=form.cleaned_data["submission_key"],
        )
    except TransitionRefused as refusal:
        return _story(request, shared, typed=replace(typed, sentence=refusal.sentence), status=409)
    except SubmissionMismatch as refusal:
        return _story(request, shared, typed=replace(typed, sentence=refusal.sentence), status=422)
    response = redirect(f"{reverse('shared-run', args=[handle])}#entry-{number}")
    response.status_code = 303
    return response


def _opened(
    request: HttpRequest, handle: uuid.UUID, *, scopes: Any = frozenset(LinkScope)
) -> Shared:
    """The run of a link that this browser has open and that may still be read with."""
    now = timezone.now()
    if handle not in grants.living(request, now=now):
        raise NoSuchLink
    shared = sharing.link_for(handle, now=now)
    if shared.scope not in scopes:
        raise NoSuchLink
    return shared


def _door(request: HttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    context = {"form": CodeForm(), "refusal": refusal, "typed": request.POST.get("text", "")}
    return render(request, "sharing/enter.html", context, status=status)


def _record(shared: Shared, **more: Any) -> Record:
    return review.record_of(shared.row, made_at=timezone.now(), **more)


def _story(
    request: HtmxRequest,
    shared: Shared,
    *,
    typed: Typed | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    texts = [each.error_digest for each in shared.state.attempts if each.error_digest]
    record = _record(shared, texts=texts if shared.scope is LinkScope.READ_FILES else ())
    report, places = for_reader(record, shared.link), _places(shared)
    if typed is None and places.ask:
        typed = asked_about(request, newest=record.newest)
    context = reading.story_context(record, report, places=places, typed=typed)
    context |= {"link": shared.link, "refusal": refusal}
    context["formats"] = shared_exports.formats_of(shared)
    context["inside"] = shared_exports.profile_of(shared.link) is Profile.INTERNAL
    return render(request, "sharing/review.html", context, status=status)


def _status(request: HtmxRequest, shared: Shared) -> HttpResponse:
    """Phase, promise, next update, and what changed since the last visit."""
    record, now = _record(shared), timezone.now()
    state = record.report.state
    visit = grants.last_visit(request, handle=shared.link.handle, seq=state.seq, now=now)
    mark, left, *_ = visit
    found, seen = changes(record.recorded), quiet(state, shared.pack)
    context = {
        "link": shared.link,
        "zone": state.time_zone,
        "quiet": replace(seen, promise=_for_stakeholders(seen.promise, shared)),
        "now": now,
        "left": datetime.fromtimestamp(left, tz=UTC) if left else None,
        "changes": [
            (change, _for_stakeholders(change.words, shared), change.seq > mark) for change in found
        ],
        "new": sum(1 for change in found if change.seq > mark),
    }
    response = render(request, "sharing/status.html", context)
    grants.keep_visit(request, response, handle=shared.link.handle, visit=visit)
    return response


def _for_stakeholders(text: str, shared: Shared) -> str:
    """What was written for stakeholders, without what the link's profile hides even so."""
    try:
        profile = Profile(shared.link.profile)
    except ValueError:
        profile = Profile.PUBLIC
    known = {name: Kind.ENVIRONMENT for name in [shared.state.title] if name}
    return redact(text, profile, known=known).text


def _places(shared: Shared) -> Places:
    review_address = reverse("shared-run", args=[shared.link.handle])
    may_ask = shared.scope is LinkScope.COMMENT and allows(shared.state.stage, Action.ASK_QUESTION)
    files = shared.scope is LinkScope.READ_FILES
    return Places(
        review=review_address,
        at=reverse("shared-at", args=[shared.link.handle]),
        ask=reverse("ask-shared-question", args=[shared.link.handle]) if may_ask else "",
        file=f"{review_address}evidence/" if files else "",
    )

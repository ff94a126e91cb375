"""One POST, end to end: fetch and authorise, validate, act, and answer each refusal in words.

`architecture.md` section 5 and `integrity-and-security.md` 4b: 422 for what a person must correct,
409 for what the run does not allow (any more), 503 when the database stayed busy; the person's text
comes back each time.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from runbook import queries
from runbook.domain.errors import (
    DomainError,
    ForbiddenAction,
    StaleView,
    SubmissionMismatch,
    TransitionRefused,
)
from runbook.domain.vocabulary import Action
from runbook.queries import OpenRun
from runbook.services.timeline import Act, Busy, Written
from runbook.web.htmx import HtmxRequest, render_panel
from runbook.web.run_page import Forms, Selection, fresh_forms, run_context, select

#: Where a record of another installation can be read; each other page of a run is shut to it.
PAGES_OF_A_COPY = frozenset(
    {
        *(
            "run",
            "step",
            "timeline",
            "run-report",
            "run-picture",
            "run-export",
            "decide-report-cuts",
        ),
        *("run-review", "run-at", "run-evidence", "evidence-file", "evidence-text"),
    }
)
PAGE, PANEL = "runs/detail.html", "runs/_answer.html"
BUSY = "The database is busy. Nothing was recorded; send it again."
_AGAIN = "The run went on since you opened the page. Look at it as it is now, then send again."
_BOTH = "The run went on since you opened the page, and something in the form needs correcting."
_KEPT_OUT = frozenset({"csrfmiddlewaretoken", "expected_version", "submission_key"})


class UseCase(Protocol):
    """A function that hands the cleaned form to its service; `step` is empty for the whole run."""

    __name__: str

    def __call__(self, act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a POST wants: the right it takes, the form's name on the page, the use case.

    `said` is what the person reads when it is done.
    """

    action: Action
    form: str
    do: UseCase
    said: str


def posted(
    action: Action, *, form: str, said: str
) -> Callable[[UseCase], Callable[..., HttpResponse]]:
    """Turns a use case into a view: signed in, POST only, every refusal in words."""

    def wrap(do: UseCase) -> Callable[..., HttpResponse]:
        deed = Deed(action=action, form=form, do=do, said=said)

        @login_required
        @require_POST
        @wraps(do)
        def view(request: HtmxRequest, run_id: uuid.UUID, step: str = "") -> HttpResponse:
            return carry_out(request, run_id, deed=deed, step=step)

        return view

    return wrap


def open_run(request: HtmxRequest, run_id: uuid.UUID, *, action: Action) -> OpenRun:
    """The run, if the person may do this; RunNotFound and ForbiddenAction become 404 and 403.

    A copy of a record kept elsewhere opens only on the pages that are for reading: what a page for
    working advises could not be done here.
    """
    run = queries.run_for(request.user, run_id, action=action)
    if run.copy and getattr(request.resolver_match, "url_name", "") not in PAGES_OF_A_COPY:
        raise ForbiddenAction(queries.A_COPY)
    return run


def selected(run: OpenRun, step: str = "") -> Selection:
    """The run with the asked step on the screen; 404 for a step that it has not."""
    try:
        return select(run, step=step, now=timezone.now())
    except KeyError:
        raise Http404 from None


def show(
    request: HtmxRequest, selection: Selection, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The run page, or its changed parts for htmx."""
    shown = extra.pop("forms_", None) or fresh_forms(selection)
    context = run_context(selection, shown, user=request.user, **extra)
    return render_panel(request, context, page=PAGE, fragment=PANEL, status=status)


def answered(do: Callable[[], HttpResponse], *, page: Callable[..., HttpResponse]) -> HttpResponse:
    """What `do` answers; for a refusal `page(refusal=sentence, status=...)`, with the typed words.

    A missing right passes through: the middleware answers it.
    """
    try:
        return do()
    except ForbiddenAction:
        raise
    except SubmissionMismatch as refusal:
        return page(refusal=refusal.sentence, status=422)
    except StaleView:
        return page(refusal=_AGAIN, status=409)
    except DomainError as refusal:
        return page(refusal=refusal.sentence, status=409)
    except Busy:
        return page(refusal=BUSY, status=503)


def carry_out(
    request: HtmxRequest, run_id: uuid.UUID, *, deed: Deed, step: str = ""
) -> HttpResponse:
    """Does what a POST asks, or says why not and gives everything back."""
    run = open_run(request, run_id, action=deed.action)
    selection = selected(run, step)
    shown = fresh_forms(selection)
    if deed.form not in shown:
        return refused(request, run_id, sentence="This is not asked at this point of the run.")
    form = _bound(shown[deed.form], request)
    if not form.is_valid():
        seen = form.cleaned_data.get("expected_version", run.row.version)
        if seen != run.row.version:
            # The panel may no longer hold this form, and with it the text.
            return refused(request, run_id, sentence=_BOTH, since=seen, step=step)
        return show(request, selection, status=422, forms_=shown, faulty=deed.form)
    return _act_on(request, deed, selection, shown)


def _bound(form: forms.Form, request: HtmxRequest) -> forms.Form:
    """The form as the page built it, with the person's data in it."""
    form.data, form.files, form.is_bound = request.POST, request.FILES, True
    return form


def _act_on(request: HtmxRequest, deed: Deed, selection: Selection, shown: Forms) -> HttpResponse:
    run_id, form = selection.run.row.pk, shown[deed.form]
    step = selection.current.step.slug
    try:
        deed.do(act_of(request, form), form, run_id=run_id, step=step)
    except TransitionRefused as refusal:
        return show(request, selection, status=409, forms_=shown, refusal=refusal)
    except SubmissionMismatch as refusal:
        # Back in the browser, other words, sent again: the panel may have moved on since.
        since = form.cleaned_data.get("expected_version")
        return refused(
            request, run_id, sentence=refusal.sentence, since=since, step=step, status=422
        )
    except StaleView as refusal:
        return refused(
            request, run_id, sentence=refusal.sentence, since=refusal.expected, step=step
        )
    except Busy:
        return refused(request, run_id, sentence=BUSY, status=503)
    return done(request, run_id, step=step, said=deed.said)


def act_of(request: HtmxRequest, form: Any) -> Act:
    """Who acts now, on what they saw, by the guards of a valid form."""
    data = form.cleaned_data
    return Act(
        actor=request.user.actor_id,
        now=timezone.now(),
        happened_at=data.get("happened_at"),
        expected=data.get("expected_version"),
        key=data["submission_key"],
        content={**form.content, "address": request.path},
    )


def done(request: HtmxRequest, run_id: uuid.UUID, *, step: str, said: str) -> HttpResponse:
    """Shows what is next: the same step while it is open, else the one to act on."""
    run = open_run(request, run_id, action=Action.VIEW)
    selection = selected(run, step)
    if not (selection.current.is_open or selection.current.step.kind == "import"):
        selection = selected(run)
    slug = selection.current.step.slug
    address = reverse("step", args=[run_id, slug])
    if not request.htmx:
        messages.success(request, said)
        return redirect(address)
    response = show(request, selection, said=said)
    response.headers["HX-Push-Url"] = address
    return response


def refused(
    request: HtmxRequest,
    run_id: uuid.UUID,
    *,
    sentence: str,
    since: int | None = None,
    step: str = "",
    status: int = 409,
) -> HttpResponse:
    """What changed meanwhile and by whom, with all that the person had typed.

    "Apply to the current step" is offered only if the step is still open and no attempt began or
    ended meanwhile; saving as a note is always possible.
    """
    run = open_run(request, run_id, action=Action.VIEW)
    changed = queries.events_since(run.row, since) if since is not None else []
    selection = selected(run, step)
    same_attempt = not any(entry.type.startswith("attempt.") for entry in changed)
    still_open = selection.current.is_open or selection.current.step.kind == "import"
    # Reopening is the one wish that a step which is not open can grant.
    reopening = getattr(request.resolver_match, "url_name", "") == "reopen-step"
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _KEPT_OUT
        for value in values
    ]
    context = run_context(
        selection,
        fresh_forms(selection),
        user=request.user,
        sentence=sentence,
        changed=changed,
        typed=typed,
        typed_text="\n".join(f"{name}: {value}" for name, value in typed if value),
        can_apply=same_attempt and still_open != reopening,
        key=uuid.uuid4(),
    )
    return render_panel(
        request,
        context,
        page="runs/conflict.html",
        fragment="runs/_conflict.html",
        status=status,
    )

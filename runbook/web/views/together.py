"""Working on one step together: claims, signatures, questions and their answers."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from runbook import queries
from runbook.domain.vocabulary import Action
from runbook.services import claims, talk
from runbook.services.timeline import Act, Written
from runbook.web.carry_out import act_of, answered, open_run, posted
from runbook.web.forms.together import QuestionForm
from runbook.web.htmx import HtmxRequest


@posted(Action.CLAIM_STEP, form="plain", said="Recorded: you hold this step.")
def claim_step(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Says "I do this now"."""
    return claims.claim_step(run_id=run_id, act=act, step=step)


@posted(Action.RELEASE_CLAIM, form="plain", said="Recorded: the step is free.")
def release_claim(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Frees an own claim."""
    return claims.release_claim(run_id=run_id, act=act, step=step)


@posted(Action.TAKE_OVER_CLAIM, form="reason", said="Recorded: you took the step over.")
def take_over_claim(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Takes the step from its holder, with a reason."""
    return claims.take_over_claim(
        run_id=run_id, act=act, step=step, reason=form.cleaned_data["reason"]
    )


@posted(Action.SIGN_OFF_STEP, form="sign_off", said="Recorded: signed off.")
def sign_off_step(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """A second person stands by the step."""
    return claims.sign_off_step(run_id=run_id, act=act, step=step, note=form.cleaned_data["note"])


@posted(Action.ANSWER_QUESTION, form="answer", said="Recorded: the answer.")
def answer_question(act: Act, form: Any, *, run_id: uuid.UUID, step: str) -> Written:
    """Answers an open question."""
    return talk.answer_question(
        run_id=run_id,
        act=act,
        number=form.cleaned_data["number"],
        text=form.cleaned_data["text"],
    )


@login_required
@require_http_methods(["GET", "POST"])
def ask_question(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Attaches a question to the entry that `about` names, and goes back to the review."""
    run = open_run(request, run_id, action=Action.ASK_QUESTION)
    data = request.POST if request.method == "POST" else None
    form = QuestionForm(data, initial={"about": request.GET.get("about", "")})
    if not (form.is_bound and form.is_valid()):
        return _asking(request, run, form, status=422 if form.is_bound else 200)

    def ask() -> HttpResponse:
        asked = form.cleaned_data
        talk.ask_question(
            run_id=run_id, act=act_of(request, form), about=asked["about"], text=asked["text"]
        )
        messages.success(request, "Recorded: the question. The operators see it as a task.")
        return redirect("run-review", run_id)

    def again(*, refusal: str, status: int) -> HttpResponse:
        form.add_error(None, refusal)
        return _asking(request, run, form, status=status)

    return answered(ask, page=again)


def _asking(
    request: HtmxRequest, run: queries.OpenRun, form: QuestionForm, *, status: int
) -> HttpResponse:
    asked = str(form["about"].value() or "")
    seq = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else 0
    entry = queries.entry_at(run.row, seq)
    if entry is None:
        raise Http404
    context = {
        "run": run,
        "state": run.state,
        "pack": run.pack,
        "entry": entry,
        "people": queries.people(run.state.members),
        "form": form,
    }
    return render(request, "runs/ask.html", context, status=status)

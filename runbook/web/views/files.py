"""Evidence of a run: its files as they were stored, the list of all of it, and erasing."""

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from runbook.domain.access import may
from runbook.domain.handed_files import TYPES, FileKind, sent_name
from runbook.domain.vocabulary import Action
from runbook.models import StoredFile
from runbook.queries import OpenRun
from runbook.services import erasing, files, objects
from runbook.services.erasing import Piece
from runbook.web.carry_out import act_of, answered, open_run
from runbook.web.downloads import SEALED
from runbook.web.forms.files import EraseForm
from runbook.web.htmx import HtmxRequest


@require_safe
@login_required
def evidence_file(request: HtmxRequest, run_id: uuid.UUID, handle: uuid.UUID) -> Any:
    """A stored file. A picture may be shown, since it was painted anew; all else is only saved."""
    run = open_run(request, run_id, action=Action.VIEW)
    return sent(files.stored(run.row, handle))


def sent(row: StoredFile | None) -> FileResponse:
    """The bytes under the type of our own table, sealed; 404 for what is not there or was erased."""
    place = objects.place_of(row.sha256_stored) if row else None
    if row is None or place is None or not place.exists():
        raise Http404
    kind = FileKind(row.kind)
    response = FileResponse(
        place.open("rb"),
        content_type=TYPES[kind][0],
        as_attachment=not files.shown(row).is_picture,
        filename=sent_name(row.name, kind),
        headers={**SEALED, "Cross-Origin-Resource-Policy": "same-origin"},
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@login_required
def run_evidence(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """All that was handed in on a run, and how much room it takes."""
    run = open_run(request, run_id, action=Action.VIEW)
    return _page(request, run)


def _page(
    request: HtmxRequest,
    run: OpenRun,
    *,
    form: EraseForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = form.data.get("seq", "") if form else ""
    context = {
        "run": run,
        "state": run.state,
        "pack": run.pack,
        "pieces": [(piece, _title(run, piece)) for piece in erasing.pieces_of(run.row)],
        "size": files.size_of(run.row.files.all()),
        "limit": settings.FILES_OF_A_RUN,
        "erases": may(run.role, Action.ERASE_EVIDENCE),
        "form": form or _form(run),
        "faulty": int(asked) if asked.isascii() and asked.isdigit() else 0,
        "refusal": refusal,
    }
    return render(request, "evidence/index.html", context, status=status)


def _title(run: OpenRun, piece: Piece) -> str:
    """What was handed in, in the words of the run's pack."""
    if piece.attempt:
        return f"Error text of attempt {piece.attempt}"
    steps = (step for step in run.pack.runbook.steps if step.slug == piece.step)
    labels = (slot.label for step in steps for slot in step.slots if slot.slug == piece.slot)
    return next(labels, piece.slot)


def _form(run: OpenRun, data: Any = None) -> EraseForm:
    return EraseForm(data, version=run.row.version, zone=run.state.time_zone)


@login_required
@require_POST
def erase_evidence(request: HtmxRequest, run_id: uuid.UUID) -> HttpResponse:
    """Erases the content of one entry, with a reason that stays."""
    run = open_run(request, run_id, action=Action.ERASE_EVIDENCE)
    form = _form(run, request.POST)
    if not form.is_valid():
        refusal = "" if form.errors.get("reason") else "Reload the page and try again."
        return _page(request, run, form=form, refusal=refusal, status=422)
    data = form.cleaned_data

    def do() -> HttpResponse:
        # What went on meanwhile does not matter to an erasure, so the seen version is left out.
        act = replace(act_of(request, form), expected=None)
        erasing.erase_evidence(run_id=run_id, act=act, seq=data["seq"], reason=data["reason"])
        messages.success(request, f"Erased. What entry {data['seq']} handed in is gone for good.")
        return redirect("run-evidence", run_id)

    return answered(do, page=partial(_page, request, run, form=form))

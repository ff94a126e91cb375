"""Opening a record of another installation, and the list of those that were opened."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from runbook import queries
from runbook.domain.errors import DomainError
from runbook.services import imports
from runbook.services.imports import AlreadyHere
from runbook.services.timeline import Busy
from runbook.web.carry_out import BUSY
from runbook.web.forms.imports import OpenRecordForm
from runbook.web.htmx import HtmxRequest, render_panel

PAGE, PANEL = "imports/index.html", "imports/_form.html"


@login_required
@require_http_methods(["GET", "POST"])
def import_record(request: HtmxRequest) -> HttpResponse:
    """Asks for the file, opens it as a copy, or says in one sentence why not."""
    if request.method != "POST":
        return _page(request, OpenRecordForm())
    form = OpenRecordForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        run = imports.open_upload(
            form.cleaned_data["file"],
            user=request.user,
            now=timezone.now(),
            fingerprint=form.cleaned_data["fingerprint"],
        )
    except AlreadyHere as refusal:
        return _page(request, form, status=422, refusal=refusal.sentence, there=refusal.run)
    except DomainError as refusal:
        return _page(request, form, status=422, refusal=refusal.sentence)
    except Busy:
        return _page(request, form, status=503, refusal=BUSY)
    messages.success(request, "The record is open as a copy. Nothing can be recorded on it here.")
    if request.htmx:
        return HttpResponseClientRedirect(reverse("run-review", args=[run.pk]))
    return redirect("run-review", run.pk)


def _page(
    request: HtmxRequest, form: OpenRecordForm, *, status: int = 200, **told: Any
) -> HttpResponse:
    context = {"form": form, **told}
    if not request.htmx:
        context["copies"] = [
            (copy, queries.people([copy.row.imported_by])[copy.row.imported_by])
            for copy in queries.copies_for(request.user)
            if copy.row.imported_by
        ]
    return render_panel(request, context, page=PAGE, fragment=PANEL, status=status)

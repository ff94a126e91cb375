"""For whom something is written: the profile that a page asks for, and what people say about doubts."""

import uuid

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import RedactedReport
from runbook.domain.report import RunReport
from runbook.queries import OpenRun
from runbook.services import record_reading, redaction
from runbook.web.forms.packets import decisions_from
from runbook.web.htmx import HtmxRequest


def profile_of(request: HtmxRequest, *, usual: Profile = Profile.INTERNAL) -> Profile:
    """The profile that was asked for, else the usual one here."""
    asked: QueryDict = request.POST if request.method == "POST" else request.GET
    wanted = asked.get("profile", "")
    return Profile(wanted) if wanted in set(Profile) else usual


def report_of(request: HtmxRequest, run: OpenRun) -> RunReport:
    """The whole report as the row stood when the right was checked."""
    address = address_of(request, run.row.pk)
    return record_reading.build_report(run.row, made_at=timezone.now(), address=address)


def address_of(request: HtmxRequest, run_id: uuid.UUID) -> str:
    """Where the record stands, for whoever holds a copy."""
    return request.build_absolute_uri(reverse("run-report", args=[run_id]))


def keep_decisions(request: HtmxRequest, run: OpenRun, *, profile: Profile) -> RedactedReport:
    """Keeps what the person said about things of which no rule is sure.

    Only what the page showed is taken; what was said earlier about other things stays.
    """
    report, kept = report_of(request, run), redaction.kept_for(run.row)
    said = decisions_from(
        request.POST.getlist("asked"),
        request.POST.getlist("cut"),
        known=[each.words for each in redaction.redacted(report, profile, kept=kept).asked],
    )
    return redaction.decide(run.row.pk, profile, said={**kept.said(profile), **said}, report=report)

"""Once help has a number, it stands on every page of the run and in every file."""

import io
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from runbook.exports import FORMATS
from runbook.models import Run, User
from runbook.services import exports, runs
from tests.exports.records import stored_run
from tests.factories import act

TICKET = "TRK4711"
PAGES = {
    **dict.fromkeys(("run", "run-report", "run-review", "run-at", "run-people", "timeline"), ()),
    **dict.fromkeys(("run-evidence", "run-packets", "run-links", "run-tokens"), ()),
    "step": ("import",),
    "run-packet": ("microsoft-support",),
}


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    run = stored_run(ana, now)
    runs.send_escalation(
        run_id=run.pk, act=act(ana, now=now), recipient="microsoft-support", ticket=TICKET
    )
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_run_names_it(as_ana: Client, run: Run, name: str) -> None:
    page = as_ana.get(reverse(name, args=[run.pk, *PAGES[name]]))

    assert page.status_code == 200
    assert TICKET in page.content.decode()


@pytest.mark.parametrize("slug", FORMATS)
def test_every_file_names_it(run: Run, now: datetime, slug: str) -> None:
    made = exports.written(run.pk, FORMATS[slug], now=now, address="https://runbook.example/")
    content = b"".join(made.pieces())
    if slug == "pdf":
        content = "".join(
            page.extract_text() for page in PdfReader(io.BytesIO(content)).pages
        ).encode()

    assert TICKET.encode() in content

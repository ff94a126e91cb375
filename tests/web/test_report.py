"""The record of a run can be read, printed and handed out by those who may."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runbook import queries
from runbook.domain.chain import fingerprint
from runbook.domain.vocabulary import Role
from runbook.models import Run, User
from runbook.services import runs
from runbook.services.timeline import Act, Busy
from tests.exports.records import ERROR, stored_run
from tests.factories import add_member

SignIn = Callable[[User], Client]
HOSTILE = "<script>alert(1)</script><i hx-get='/x' hx-trigger='load'>\"'&"


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return stored_run(ana, now)


@pytest.fixture
def lead(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def report(client: Client, run: Run) -> str:
    response = client.get(f"/runs/{run.pk}/report/")
    assert response.status_code == 200
    return response.content.decode()


def test_the_report_holds_the_whole_record(lead: Client, run: Run) -> None:
    text = report(lead, run)

    assert "Flow server error returned with status code &quot;BadGateway&quot;" in text
    assert "0f8fad5b-d9cb-469f-a165-70867728950e" in text
    assert "Attempt 1 failed after 20 min" in text
    assert "Run adopted in the middle" in text
    assert "late entry" in text
    assert run.head in text
    assert fingerprint(run.head) in text
    assert text.count('<tr id="event-') == run.version


def test_reading_leaves_no_trace(lead: Client, run: Run) -> None:
    report(lead, run)

    again = Run.objects.get(pk=run.pk)
    assert (again.version, again.head) == (run.version, run.head)


def test_what_people_typed_stays_text(ana: User, lead: Client, now: datetime) -> None:
    run = stored_run(ana, now, title=HOSTILE, text=f"{ERROR}\n{HOSTILE}")
    runs.add_note(run_id=run.pk, act=Act(actor=ana.actor_id, now=now), text=HOSTILE)
    text = report(lead, run)

    assert "<script>alert" not in text
    assert "<i hx-get" not in text
    article = text.index('<article class="page report" hx-disable hx-ignore>')
    assert text.index("&lt;script&gt;alert", article) > article


def test_the_number_of_queries_does_not_grow_with_the_run(
    ana: User, lead: Client, run: Run, now: datetime
) -> None:
    def queried() -> int:
        with CaptureQueriesContext(connection) as captured:
            report(lead, run)
        return len(captured)

    report(lead, run)  # the pack of the run is read once per process
    few = queried()
    for number in range(5):
        runs.add_note(
            run_id=run.pk,
            act=Act(actor=ana.actor_id, now=now + timedelta(minutes=number)),
            text=f"note {number}",
        )

    assert queried() == few


@pytest.mark.parametrize(
    ("export_format", "content_type", "ending"),
    [("markdown", "text/markdown; charset=utf-8", ".md"), ("json", "application/json", ".json")],
)
def test_a_file_is_handed_out_and_recorded(
    lead: Client, run: Run, export_format: str, content_type: str, ending: str
) -> None:
    response = lead.post(f"/runs/{run.pk}/exports/", {"format": export_format})

    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    name = re.fullmatch(r'attachment; filename="([a-z0-9.-]+)"', response["Content-Disposition"])
    assert name
    assert name.group(1).endswith(ending)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]
    newest = queries.timeline_page(run, size=1)[0]
    assert (newest.seq, newest.type) == (run.version + 1, "export.made")
    assert newest.digest.encode() in response.content


def test_the_bundle_ends_with_the_entry_about_itself(lead: Client, run: Run) -> None:
    response = lead.post(f"/runs/{run.pk}/exports/", {"format": "json"})
    bundle = json.loads(response.content)

    run.refresh_from_db()
    assert bundle["head"]["hash"] == run.head
    assert bundle["head"]["seq"] == len(bundle["events"]) == run.version
    assert bundle["state"]["seq"] == run.version
    assert queries.verify_run(run) == (run.version, run.head)


def test_what_comes_behind_the_head_stays_out(
    ana: User, lead: Client, run: Run, now: datetime
) -> None:
    """Somebody writes between the entry about the export and its reading."""
    entries = queries.all_entries

    def late_reader(row: Run) -> list[queries.TimelineEntry]:
        runs.add_note(run_id=row.pk, act=Act(actor=ana.actor_id, now=now), text="too late")
        return entries(row)

    with patch.object(queries, "all_entries", late_reader):
        response = lead.post(f"/runs/{run.pk}/exports/", {"format": "json"})

    bundle = json.loads(response.content)
    assert bundle["head"]["seq"] == len(bundle["events"]) == run.version + 1
    assert "too late" not in response.content.decode()


@pytest.mark.parametrize("data", [{}, {"format": "docx"}, {"format": "../json"}])
def test_an_unknown_format_is_refused_in_words(
    lead: Client, run: Run, data: dict[str, str]
) -> None:
    response = lead.post(f"/runs/{run.pk}/exports/", data)

    assert response.status_code == 422
    assert "There is no such format" in response.content.decode()
    assert Run.objects.get(pk=run.pk).version == run.version


def test_a_busy_database_is_told(lead: Client, run: Run) -> None:
    with patch.object(runs, "record_export", side_effect=Busy):
        response = lead.post(f"/runs/{run.pk}/exports/", {"format": "json"})

    assert response.status_code == 503
    assert response["Retry-After"] == "5"


def test_a_member_who_was_removed_meanwhile_learns_nothing(lead: Client, run: Run) -> None:
    with patch.object(runs, "record_export", side_effect=queries.RunNotFound):
        response = lead.post(f"/runs/{run.pk}/exports/", {"format": "json"})

    assert response.status_code == 404


def test_a_stranger_learns_nothing(sign_in: SignIn, dora: User, run: Run) -> None:
    client = sign_in(dora)

    assert client.get(f"/runs/{run.pk}/report/").status_code == 404
    assert client.post(f"/runs/{run.pk}/exports/", {"format": "json"}).status_code == 404
    assert Run.objects.get(pk=run.pk).version == run.version


def test_an_observer_may_read_and_export(
    sign_in: SignIn, ana: User, cleo: User, run: Run, now: datetime
) -> None:
    add_member(run, ana, user=cleo, role=Role.OBSERVER, now=now)
    client = sign_in(cleo)

    assert "JSON, complete and verifiable" in report(client, run)
    assert client.post(f"/runs/{run.pk}/exports/", {"format": "json"}).status_code == 200


def test_a_role_that_may_not_is_told(lead: Client, run: Run) -> None:
    with patch.dict("runbook.domain.access.ACCESS", {Role.LEAD: frozenset()}):
        seen = lead.get(f"/runs/{run.pk}/report/")
        handed = lead.post(f"/runs/{run.pk}/exports/", {"format": "json"})

    assert (seen.status_code, handed.status_code) == (403, 403)
    assert Run.objects.get(pk=run.pk).version == run.version


def test_a_file_is_not_handed_out_by_a_link(lead: Client, run: Run) -> None:
    assert lead.get(f"/runs/{run.pk}/exports/").status_code == 405
    assert lead.post(f"/runs/{run.pk}/report/").status_code == 405

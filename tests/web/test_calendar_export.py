"""The calendar leaves by every door that hands out a record, with the entries of file and feed."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client
from django.urls import resolve, reverse

from runbook import queries
from runbook.domain.redaction import Profile
from runbook.domain.vocabulary import Action
from runbook.models import Run, User
from runbook.services import calendars, exports, talk
from tests.exports.bundles import Forgery
from tests.exports.records import stored_run
from tests.factories import act
from tests.web.api.calls import make_token, read

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: object) -> None:
    """A key of this test alone."""
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"  # type: ignore[attr-defined]


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    made = stored_run(ana, now)
    talk.promise_update(
        run_id=made.pk,
        act=act(ana, now=now),
        promise="More tomorrow.",
        next_update=now + timedelta(days=1),
    )
    return Run.objects.get(pk=made.pk)


def entries(file: bytes) -> dict[str, str]:
    """Each entry as its lines, by UID."""
    text = file.decode().replace("\r\n ", "")
    found = re.findall(r"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", text, re.DOTALL)
    return {re.findall(r"UID:(.*)\r", each)[0]: each for each in found}


def report_address(run: Run) -> str:
    return f"{django_settings.SITE_URL}{reverse('run-report', args=[run.pk])}"


def handed_out(run: Run, user: User, now: datetime, **more: Profile) -> bytes:
    return exports.export(
        run_id=run.pk,
        act=act(user, now=now),
        export_format="ics",
        address=report_address(run),
        **more,
    ).content


def test_export_file_and_feed_hold_the_same_entry_line_by_line(
    run: Run, ana: User, now: datetime
) -> None:
    exported = entries(handed_out(run, ana, now))
    opened = queries.run_for(ana, run.pk, action=Action.VIEW)
    file, feed = entries(calendars.run_file(opened)), entries(calendars.feed(ana))

    assert set(file) == {f"{run.pk}-update"}
    assert file == feed
    assert file.items() <= exported.items()
    assert set(exported) - set(file) == {f"{run.pk}-begun", f"{run.pk}-attempt-1"}


def test_every_address_in_the_export_leads_to_a_page_of_the_run(
    run: Run, ana: User, now: datetime
) -> None:
    """The builder knows no routes, so this holds it against them."""
    addresses = re.findall(r"URL:(.*)\r", "".join(entries(handed_out(run, ana, now)).values()))
    step = f"{addresses[0]}steps/import/"

    assert len(addresses) == 3
    for address, name in [*((each, "run") for each in addresses), (step, "step")]:
        found = resolve(address.removeprefix(django_settings.SITE_URL))
        assert (found.url_name, found.kwargs["run_id"]) == (name, run.pk)


def test_the_report_page_hands_it_out(run: Run, sign_in: SignIn, ana: User) -> None:
    lead = sign_in(ana)
    page = lead.get(f"/runs/{run.pk}/report/").content.decode()
    answer = lead.post(f"/runs/{run.pk}/exports/", {"format": "ics"})

    assert 'value="ics"' in page
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"].endswith('.ics"')
    assert f"{run.pk}-update" in entries(answer.content)


def test_the_command_hands_it_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.ics"
    call_command("export_run", str(run.pk), "--format", "ics", "--output", str(path))

    assert f"{run.pk}-update" in entries(path.read_bytes())


def test_the_public_gets_neither_title_nor_place(run: Run, ana: User, now: datetime) -> None:
    text = handed_out(run, ana, now, profile=Profile.PUBLIC).decode()

    assert f"{run.pk}-update" in entries(text.encode())
    assert "Contoso" not in text
    assert "localhost" not in text


def test_a_program_gets_it(run: Run, ana: User, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        answer = read(make_token(run, ana, now), run, "exports/ics")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"{run.pk}-update" in entries(answer.content)


@pytest.mark.parametrize("profile", [Profile.INTERNAL, Profile.PUBLIC])
def test_the_bundle_holds_it(run: Run, ana: User, now: datetime, profile: Profile) -> None:
    made = exports.export(
        run_id=run.pk,
        act=act(ana, now=now),
        export_format="zip",
        address=report_address(run),
        profile=profile,
    )
    file = Forgery(made.content).files["report.ics"]

    assert f"{run.pk}-update" in entries(file)
    assert (b"Contoso" in file) is (profile is Profile.INTERNAL)

"""The page that opens an exported record, and what a copy shows to whom (IN-15)."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from runbook.models import Run, User
from runbook.queries import A_COPY
from runbook.services import imports
from runbook.services.timeline import Busy
from runbook.web import upload_limit
from runbook.web.carry_out import PAGES_OF_A_COPY
from tests.elsewhere import Elsewhere, handed_out, opened
from tests.exports.records import stored_run
from tests.routes import SAMPLES
from tests.web.test_rights_matrix import RUN

SignIn = Callable[[User], Client]
PAGE = "/runs/import/"
READ = ("timeline", "run-report", "run-review", "run-at", "run-evidence")
POSTED = {"run-export", "decide-report-cuts"}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def there(db: None, tmp_path: Path, now: datetime) -> Elsewhere:
    return handed_out(tmp_path, now, export_format="json")


@pytest.fixture
def copy(there: Elsewhere, tmp_path: Path, ana: User, now: datetime) -> Run:
    return opened(there.content, ana, tmp_path, now)


def hand_in(client: Client, content: bytes, *, fingerprint: str = "", **more: Any) -> Any:
    file = SimpleUploadedFile("record.json", content)
    return client.post(PAGE, {"file": file, "fingerprint": fingerprint}, **more)


def address(name: str, run: Run) -> str:
    samples = {"step": "sample", "digest": "a" * 64, "handle": SAMPLES["uuid"], "link": 1}
    for extra in ((), ("step",), ("digest",), ("handle",), ("recipient",), ("link",)):
        values = {key: samples.get(key, "sample") for key in extra}
        values = {**values, "link": SAMPLES["uuid"]} if "link" in extra else values
        try:
            return reverse(name, kwargs={"run_id": run.pk, **values})
        except Exception:  # noqa: S112 - the next set of arguments may be that of the address
            continue
    raise AssertionError(name)


# --- The page


def test_the_page_of_runs_leads_there_and_it_says_what_it_does(ana: User, sign_in: SignIn) -> None:
    assert f'href="{PAGE}"' in sign_in(ana).get("/").content.decode()

    page = sign_in(ana).get(PAGE).content.decode()
    for word in ("200 MiB", "32 MiB", "10,000 events", "profile internal", "cannot be deleted"):
        assert word in page


def test_a_record_opens_at_its_review(ana: User, sign_in: SignIn, there: Elsewhere) -> None:
    answer = hand_in(sign_in(ana), there.content)

    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{there.run.pk}/review/")
    assert Run.objects.get(pk=there.run.pk).imported_by == ana.actor_id


def test_with_htmx_the_browser_is_led_there(ana: User, sign_in: SignIn, there: Elsewhere) -> None:
    answer = hand_in(sign_in(ana), there.content, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == f"/runs/{there.run.pk}/review/"


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_refused_is_said_in_a_sentence_with_the_words_typed(
    ana: User, sign_in: SignIn, there: Elsewhere, htmx: bool
) -> None:
    headers = {"HX-Request": "true"} if htmx else {}
    for content, typed, told in (
        (b"no record", "", "This is no ZIP or JSON export of a run."),
        (b"", "", "This is no ZIP or JSON export of a run."),
        (there.content, "12 34", "A fingerprint is eight groups of four signs"),
        (there.content, "0" * 32, "A JSON export carries no signature"),
    ):
        answer = hand_in(sign_in(ana), content, fingerprint=typed, headers=headers)
        page = answer.content.decode()

        assert answer.status_code == 422
        assert told in page
        assert f'value="{typed}"' in page or not typed
        assert ("<html" in page) is not htmx
    assert not Run.objects.exists()


def test_without_a_file_the_field_says_so(ana: User, sign_in: SignIn) -> None:
    assert sign_in(ana).post(PAGE, {}).status_code == 422


def test_the_same_file_twice_leads_to_the_first(
    ana: User, ben: User, sign_in: SignIn, there: Elsewhere, copy: Run
) -> None:
    link = f'href="/runs/{copy.pk}/"'
    for user, seen in ((ana, True), (ben, False)):
        answer = hand_in(sign_in(user), there.content)
        page = answer.content.decode()

        assert answer.status_code == 422
        assert "opened here before" in page
        assert (link in page.partition("Opened here")[0]) is seen


def test_nobody_fills_the_disk_with_copies_in_a_day(
    ana: User, ben: User, sign_in: SignIn, there: Elsewhere, tmp_path: Path, now: datetime
) -> None:
    """A copy cannot be deleted. Whoever has the server opens more."""
    other = handed_out(tmp_path, now, export_format="json")
    with patch.object(imports, "MOST_A_DAY", 1):
        assert hand_in(sign_in(ana), there.content).status_code == 302
        answer = hand_in(sign_in(ana), other.content)

        assert answer.status_code == 422
        assert "You opened 1 records within a day" in answer.content.decode()
        assert not Run.objects.filter(pk=other.run.pk).exists()
        opened(other.content, ana, tmp_path, now)  # as the command does
        assert "opened here before" in hand_in(sign_in(ben), other.content).content.decode()


def test_a_busy_database_is_said(ana: User, sign_in: SignIn, there: Elsewhere) -> None:
    with patch.object(imports, "open_upload", side_effect=Busy):
        assert hand_in(sign_in(ana), there.content).status_code == 503


def test_a_file_beyond_the_limit_is_stopped_while_it_comes_in(ana: User, sign_in: SignIn) -> None:
    with patch.object(upload_limit, "MOST_RECORD", 1000):
        assert hand_in(sign_in(ana), b"x" * 2000).status_code == 400
    with patch.object(upload_limit, "MOST", 1000):  # the limit of other forms is not that of this
        assert hand_in(sign_in(ana), b"x" * 2000).status_code == 422


# --- What a copy shows


def test_each_page_of_a_copy_bears_the_mark(ana: User, sign_in: SignIn, copy: Run) -> None:
    for name in READ:
        page = sign_in(ana).get(address(name, copy)).content.decode()

        assert "<b>Imported copy, not verified.</b> A JSON export carries no signature" in page, (
            name
        )
        assert "nobody outside holds a copy" not in page
        for other in READ:
            assert f'href="{address(other, copy)}"' in page, (name, other)


def test_a_run_of_this_installation_bears_none(ana: User, sign_in: SignIn, now: datetime) -> None:
    run = stored_run(ana, now)

    for name in READ:
        assert "Imported copy" not in sign_in(ana).get(address(name, run)).content.decode()


def test_the_page_for_working_leads_to_the_review(ana: User, sign_in: SignIn, copy: Run) -> None:
    for name in ("run", "step"):
        answer: Any = sign_in(ana).get(address(name, copy))
        assert (answer.status_code, answer["Location"]) == (302, f"/runs/{copy.pk}/review/")


def test_nothing_else_opens_and_nothing_is_recorded(ana: User, sign_in: SignIn, copy: Run) -> None:
    client, tried = sign_in(ana), 0
    for name in set(RUN) - PAGES_OF_A_COPY - POSTED:
        for send in (client.get, client.post):
            answer = send(address(name, copy))
            assert answer.status_code in {403, 405}, name
            tried += answer.status_code == 403
            if answer.status_code == 403:
                assert A_COPY in answer.content.decode(), name

    assert tried >= len(set(RUN) - PAGES_OF_A_COPY)
    assert Run.objects.get(pk=copy.pk).version == copy.version


def test_a_stranger_finds_nothing(ben: User, sign_in: SignIn, copy: Run) -> None:
    client = sign_in(ben)
    for name in RUN:
        found = {client.get(address(name, copy)).status_code}
        found.add(client.post(address(name, copy)).status_code)
        assert found <= {404, 405}, name
    assert str(copy.pk) not in client.get(PAGE).content.decode()


def test_who_bears_an_id_that_the_record_names_finds_nothing(
    tmp_path: Path, now: datetime, ana: User, ben: User, sign_in: SignIn
) -> None:
    there = handed_out(tmp_path, now, export_format="json", lead=ben)
    copy = opened(there.content, ana, tmp_path, now)

    for name in RUN:
        assert sign_in(ben).get(address(name, copy)).status_code in {404, 405}, name
    assert str(copy.pk) not in sign_in(ben).get("/").content.decode()
    page = sign_in(ana).get(address("run-review", copy)).content.decode()
    assert "Ben (imported)" in page


def test_an_owner_of_the_installation_reads_it(ben: User, sign_in: SignIn, copy: Run) -> None:
    User.objects.filter(pk=ben.pk).update(is_staff=True)

    for name in READ:
        assert sign_in(ben).get(address(name, copy)).status_code == 200, name
    page = sign_in(ben).get(PAGE).content.decode()
    assert "opened by Ana" in page
    assert f"/runs/{copy.pk}/review/" in page


def test_a_copy_is_exported_without_an_entry(
    ana: User, sign_in: SignIn, copy: Run, there: Elsewhere
) -> None:
    answer: Any = sign_in(ana).post(address("run-export", copy), {"format": "json"})

    assert answer.status_code == 200
    assert answer.content.startswith(b'{"address"')
    assert Run.objects.get(pk=copy.pk).version == there.run.version


def test_no_copy_stands_among_the_runs_or_the_notices(
    ana: User, sign_in: SignIn, copy: Run
) -> None:
    for page in ("/", "/notices/", "/owner/"):
        assert str(copy.pk) not in sign_in(ana).get(page).content.decode()

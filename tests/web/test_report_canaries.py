"""What people type into a run, and who they are: none of it leaves with a report for anybody."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import Role
from runbook.exports import FORMATS
from runbook.models import Run, User
from runbook.services import runs, talk
from tests.exports.reading import pages_of
from tests.exports.records import stored_run
from tests.factories import act, add_member
from tests.shares import make_link

SignIn = Callable[[User], Client]
PLACE = "Contoso"
LEAD, OTHER, LINKED = "Dorothea Kanarienvogel", "Balthasar Zeisigmann", "Notar Dr. Zeisig"
MAIL = "d.kanari@zeisig.example"
CANARY = re.compile("kanari|zeisig|contoso", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"


@pytest.fixture
def run(ana: User, ben: User, now: datetime) -> Run:
    """A run in which names stand wherever a person may put them; the newest copy went to Ben."""
    User.objects.filter(pk=ana.pk).update(display_name=LEAD, email=MAIL)
    User.objects.filter(pk=ben.pk).update(display_name=OTHER)
    run = stored_run(ana, now, title=PLACE, text=f"Import failed for {MAIL} in {PLACE}.")

    def at(minute: int) -> Any:
        return act(ana, now=now + timedelta(minutes=minute))

    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    runs.add_note(run_id=run.pk, act=at(1), text=f"{OTHER} called {LEAD} about {PLACE}.")
    make_link(run, ana, now, label=LINKED)
    talk.promise_update(run_id=run.pk, act=at(2), promise=f"{PLACE} is up again at nine.")
    runs.send_escalation(
        run_id=run.pk, act=at(3), recipient="microsoft-support", ticket=f"No. 1, {OTHER}"
    )
    runs.pause(run_id=run.pk, act=at(4), reason=f"{OTHER} of {PLACE} wants that.")
    run.refresh_from_db()
    return run


def found(text: str) -> list[str]:
    return [text[max(0, each.start() - 60) : each.end() + 20] for each in CANARY.finditer(text)]


def handed_out(client: Client, run: Run, export_format: str, profile: str) -> Any:
    return client.post(
        reverse("run-export", args=[run.pk]), {"format": export_format, "profile": profile}
    )


def test_the_page(run: Run, ana: User, ben: User, sign_in: SignIn) -> None:
    """Its title and its whole body; the bar above it is that of the reader's own account."""
    handed_out(sign_in(ben), run, "markdown", "internal")
    client, address = sign_in(ana), reverse("run-report", args=[run.pk])
    inside, outside = (
        client.get(address, {"profile": profile}).content.decode()
        for profile in ("internal", "public")
    )

    assert f"export to {OTHER}" in " ".join(inside.split()), "the control"
    assert "last outside copy: event" in outside
    title = outside.partition("<title>")[2].partition("</title>")[0]
    body = outside.partition("<main")[2].partition("</main>")[0]
    assert found(title + body) == []


@pytest.mark.parametrize("export_format", sorted(n for n, f in FORMATS.items() if not f.verbatim))
def test_each_file(run: Run, ana: User, sign_in: SignIn, export_format: str) -> None:
    answer = handed_out(sign_in(ana), run, export_format, "public")

    assert answer.status_code == 200
    assert found(answer["Content-Disposition"]) == []
    for name, text in texts_in(bytes(answer.getvalue()), export_format):
        assert (name, found(text)) == (name, [])


def texts_in(content: bytes, export_format: str) -> list[tuple[str, str]]:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [(name, archive.read(name)) for name in archive.namelist()]
        return [each for name, part in inside for each in texts_in(part, name)]
    if content.startswith(b"%PDF"):
        return [(export_format, "\n".join(pages_of(content)))]
    return [(export_format, content.decode())]

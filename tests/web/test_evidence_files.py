"""Files in the slots of a step: handed in by a form, looked through, kept or refused with a reason."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from runbook import queries
from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.vocabulary import Role, RunStage
from runbook.models import Run, StoredFile, User
from runbook.services import files, objects
from runbook.web.upload_limit import MOST, MOST_EVIDENCE, LimitedUpload
from tests.handed_files import GOOD, HTML, kit, photo
from tests.web.builders import by_hand, events, step_page
from tests.web.evidence_forms import body, get, hand_in

RunAt = Callable[[RunStage], Run]
Join = Callable[..., None]


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def run(run_at: RunAt) -> Run:
    """A run whose import keeps a log."""
    return run_at(RunStage.PREPARING)


# --- handing in ----------------------------------------------------------------------------------------


def test_a_picture_is_kept_shown_and_fills_the_slot(as_ana: Client, run: Run) -> None:
    name, content = GOOD["png"]

    response = hand_in(as_ana, run, content, name=name, typed={"caption-log": "It hangs <b>."})

    assert response.status_code == 302
    row = StoredFile.objects.get()
    assert (row.kind, row.name, row.step, row.slot) == ("png", name, "import", "log")
    assert (row.width, row.height, row.caption) == (60, 40, "It hangs <b>.")
    page = as_ana.get(step_page(run, "import")).content.decode()
    address = reverse("evidence-file", args=[run.pk, row.handle])
    assert f'src="{address}"' in page
    assert "It hangs &lt;b&gt;." in page
    assert "1 kept already" in page
    assert events(run)[-1] == "evidence.added"


def test_a_file_fills_a_required_slot(as_ana: Client, run: Run) -> None:
    opened = reverse("reopen-step", args=[run.pk, "ready"])
    as_ana.post(opened, by_hand(run, {"reason": "Another lamp."}))
    address = reverse("work-on-step", args=[run.pk, "ready"])
    data = by_hand(run, {"complete": "on", "check-backup": "pass"})
    file = SimpleUploadedFile(*GOOD["png"])

    as_ana.post(address, {**data, "file-picture": file})

    assert events(run)[-2:] == ["evidence.added", "step.completed"]
    page = as_ana.get(step_page(run, "ready")).content.decode()
    assert "screen.png" in page
    assert "All evidence of this run" in page


def test_of_a_package_names_and_versions_are_kept_and_nothing_else(
    as_ana: Client, run: Run
) -> None:
    hand_in(as_ana, run, kit(), name="kit.zip")

    row = StoredFile.objects.get()
    assert (row.sha256_stored, row.size_stored) == ("", 0)
    assert len(row.sha256_received) == 64
    page = as_ana.get(step_page(run, "import")).content.decode()
    assert "Lamp 4.29.1" in page
    assert "Tower 2.0" in page
    assert get(as_ana, row).status_code == 404
    assert not list(objects.root().glob("??/*"))


def test_boxes_are_burnt_in_by_the_server(as_ana: Client, run: Run) -> None:
    name, content = GOOD["png"]

    hand_in(as_ana, run, content, name=name, typed={"boxes-log": "[[0, 0, 20, 20]]"})

    picture = Image.open(io.BytesIO(body(get(as_ana, StoredFile.objects.get()))))
    assert picture.getpixel((5, 5)) == (0, 0, 0)
    assert picture.getpixel((5, 30)) == (255, 0, 0)


@pytest.mark.parametrize("boxes", ["[[0,0,0,0]]", "no", "[" * 3000])
def test_boxes_that_cannot_be_read_keep_the_picture_out(
    as_ana: Client, run: Run, boxes: str
) -> None:
    """Better no picture than one on which something was meant to be covered."""
    name, content = GOOD["png"]

    response = hand_in(as_ana, run, content, name=name, typed={"boxes-log": boxes})

    assert response.status_code == 422
    assert "Draw them again" in response.content.decode()
    assert not StoredFile.objects.exists()


def test_the_own_time_of_a_file_is_told_and_never_used_unasked(
    as_ana: Client, run: Run, now: datetime
) -> None:
    hand_in(as_ana, run, photo(), name="p.jpg")
    hand_in(as_ana, run, photo(), name="q.jpg", typed={"taken-log": "2026-11-20T20:14"})
    modified = {"modified-log": "2026-11-19T10:00:00.000Z"}
    hand_in(as_ana, run, GOOD["png"][1], name="r.png", typed=modified)

    added = [e for e in queries.all_entries(run) if e.type == "evidence.added"][-3:]
    assert [entry.happened_at for entry in added] == [
        now,
        datetime(2026, 11, 20, 19, 14, tzinfo=UTC),
        now,
    ]
    page = as_ana.get(step_page(run, "import")).content.decode()
    assert page.count("The file itself says 2026-11-20 20:14.") == 2
    assert "The file itself says 2026-11-19 10:00 UTC." in page


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.svg", b"<svg/>", "SVG"),
        ("a.png", HTML, "web page"),
        ("a.docx", b"PK", "Office"),
        ("a.png", GOOD["jpeg"][1], "a JPEG picture"),
        ("a.txt", b"", "empty"),
        ("a.png", GOOD["png"][1][:60], "damaged"),
        ("a.txt", b"x" * (20 * 1024 * 1024 + 1), "larger than 20 MiB"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * (10 * 1024 * 1024), "larger than 10 MiB"),
    ],
)
def test_what_is_refused_is_said_beside_the_field_and_records_nothing(
    as_ana: Client, run: Run, htmx: bool, name: str, content: bytes, said: str
) -> None:
    before = len(events(run))

    response = hand_in(
        as_ana, run, content, name=name, htmx=htmx, typed={"caption-log": "My caption."}
    )

    assert response.status_code == 422
    text = response.content.decode()
    assert said in text
    assert "My caption." in text
    assert len(events(run)) == before
    assert not list(objects.incoming().iterdir())


def test_a_good_file_beside_a_mistake_leaves_nothing_behind(as_ana: Client, run: Run) -> None:
    response = hand_in(as_ana, run, GOOD["png"][1], name="a.png", typed={"taken-log": "yesterday"})

    assert response.status_code == 422
    assert not list(objects.incoming().iterdir())


def test_an_old_page_records_nothing_and_leaves_nothing_behind(as_ana: Client, run: Run) -> None:
    before = len(events(run))

    response = hand_in(as_ana, run, GOOD["png"][1], name="a.png", typed={"expected_version": "1"})

    assert response.status_code == 409
    assert len(events(run)) == before
    assert not list(objects.incoming().iterdir())


def test_the_same_form_with_another_file_is_noticed(as_ana: Client, run: Run) -> None:
    same = by_hand(run, {})
    first = hand_in(as_ana, run, GOOD["png"][1], name="a.png", typed=same)
    again = hand_in(as_ana, run, GOOD["png"][1], name="a.png", typed=same)
    other = hand_in(as_ana, run, kit(), name="a.zip", typed=same)

    assert [first.status_code, again.status_code, other.status_code] == [302, 302, 422]
    assert StoredFile.objects.count() == 1


def test_a_full_run_is_said_and_the_words_come_back(
    as_ana: Client, run: Run, settings: Any
) -> None:
    settings.FILES_OF_A_RUN = 10

    response = hand_in(as_ana, run, GOOD["png"][1], name="a.png", typed={"slot-log": "My words."})

    assert response.status_code == 409
    assert "This run keeps" in response.content.decode()
    assert "My words." in response.content.decode()
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.OBSERVER])
def test_who_may_not_add_evidence_is_refused_before_the_file_is_looked_at(
    sign_in: Callable[[User], Client], run: Run, join: Join, ben: User, role: Role
) -> None:
    join(run, ben, role)

    assert hand_in(sign_in(ben), run, HTML, name="a.png").status_code == 403
    assert not StoredFile.objects.exists()


class Request:
    """What the handler asks of a request."""

    def __init__(self, name: str) -> None:
        self.resolver_match = type("Match", (), {"url_name": name})


def test_only_the_panel_of_a_step_may_carry_a_package() -> None:
    assert LimitedUpload(Request("work-on-step")).most == MOST_EVIDENCE  # type: ignore[arg-type]
    assert LimitedUpload(Request("record-attempt")).most == MOST  # type: ignore[arg-type]
    assert LimitedUpload(None).most == MOST
    assert MOST < 100 * 1024 * 1024 < MOST_EVIDENCE


def test_a_large_upload_lies_in_the_private_folder_while_it_comes_in(
    as_ana: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def look(file: Any, *rest: Any, **more: Any) -> Any:
        seen.append(Path(file.temporary_file_path()))
        assert seen[0].stat().st_mode & 0o077 == 0
        raise Unreadable("Not now.")

    monkeypatch.setattr(files, "receive", look)
    hand_in(as_ana, run, b"x" * (3 * 1024 * 1024), name="a.txt")

    assert seen[0].parent == objects.incoming()
    assert not list(objects.incoming().iterdir())

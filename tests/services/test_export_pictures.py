"""Pictures go out with the record inside the team and to nobody else; their words are redacted."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from runbook.domain.redaction import Profile
from runbook.domain.vocabulary import RunStage
from runbook.exports import FORMATS
from runbook.exports.evidence_words import COPIED, GONE, INSIDE, STAYED
from runbook.exports.format import Handout
from runbook.models import Run, StoredFile, User
from runbook.services import (
    erasing,
    export_pictures,
    exports,
    files,
    objects,
    record_reading,
    steps,
)
from runbook.services.files import Attached
from runbook.services.steps import Handed
from tests.exports.exhibits import picture
from tests.exports.reading import pages_of
from tests.exports.records import stored_run
from tests.factories import act, make_run_at
from tests.handed_files import TEXT_LOG

ADDRESS = "https://runbook.example.org/runs/1/"
OUTSIDE = [each for each in Profile if each is not Profile.INTERNAL]
CANARY = "zeisig.kanari@fabrikam.example"


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.IMPORTING, ana, now)


def hand_in(
    run: Run, user: User, now: datetime, content: bytes, *, name: str = "screen.png", **told: Any
) -> int:
    """Hands a file in as a person does; the seq of its event."""
    ready = files.receive(io.BytesIO(content), name)
    attached = Attached(
        ready=ready, step="import", slot="log", **{"caption": f"Sent by {CANARY}", **told}
    )
    written = steps.work_on_step(
        run_id=run.pk, act=act(user, now=now), step="import", handed=Handed(files=[attached])
    )
    run.refresh_from_db()
    return written.version


def written(
    run: Run, now: datetime, export_format: str = "pdf", profile: Profile = Profile.INTERNAL
) -> bytes:
    made = exports.written(
        run.pk, FORMATS[export_format], now=now, address=ADDRESS, profile=profile
    )
    return b"".join(made.pieces())


def words(content: bytes) -> str:
    return " ".join("\n".join(pages_of(content)).split())


def sizes(content: bytes) -> list[tuple[int, int]]:
    """The sizes of all pictures in a PDF."""
    pages = PdfReader(io.BytesIO(content)).pages
    return [each.image.size for page in pages for each in page.images if each.image]


def test_a_picture_that_was_handed_in_stands_on_the_papers_of_the_team(
    run: Run, ana: User, now: datetime
) -> None:
    hand_in(run, ana, now, picture((640, 400)), happened_at=now - timedelta(hours=2))
    hand_in(run, ana, now, picture((300, 500), seed=2, fmt="JPEG"), name="photo.jpg")
    made = written(run, now)
    row = StoredFile.objects.get(name="screen.png")

    assert sizes(made) == [(640, 400), (300, 500)]
    assert f"Sent by {CANARY}" in words(made)
    assert "Evidence 2: Upgrade the lamp · The keeper's log" in words(made)
    assert f"SHA-256 {row.sha256_stored}" in words(made)
    assert f"640 by 400 pixels, {row.size_stored:,} bytes" in words(made)


@pytest.mark.parametrize("profile", OUTSIDE)
def test_nobody_outside_the_team_gets_a_picture(
    profile: Profile, run: Run, ana: User, now: datetime
) -> None:
    photo = picture((301, 203), fmt="JPEG")
    hand_in(run, ana, now, photo, name="photo.jpg")
    [row] = StoredFile.objects.all()
    stored = objects.place_of(row.sha256_stored).read_bytes()
    assert stored in written(run, now)  # the control: inside the team it is there, byte by byte

    made = written(run, now, profile=profile)

    assert stored not in made
    assert sizes(made) == []
    assert STAYED in words(made)
    assert INSIDE in words(made)
    assert "Sent by" in words(made)
    assert CANARY not in words(made).replace(" ", "")


@pytest.mark.parametrize("profile", Profile)
def test_the_papers_in_an_archive_keep_to_the_profile(
    profile: Profile, run: Run, ana: User, now: datetime
) -> None:
    hand_in(run, ana, now, picture((301, 203)))
    inside = profile is Profile.INTERNAL
    with zipfile.ZipFile(io.BytesIO(written(run, now, "zip", profile))) as archive:
        report = archive.read("report.pdf")
        everything = b"".join(archive.read(name) for name in archive.namelist())
    [row] = StoredFile.objects.all()

    assert sizes(report) == ([(301, 203)] if inside else [])
    stored = objects.place_of(row.sha256_stored).read_bytes()
    assert (stored in everything) is inside
    assert (CANARY in words(report).replace(" ", "")) is inside


def test_the_report_outside_has_no_way_to_a_picture() -> None:
    assert [export_pictures.reader(each) for each in OUTSIDE] == [None] * len(OUTSIDE)
    assert export_pictures.reader(Profile.INTERNAL) is not None


def test_what_was_erased_is_listed_with_the_reason_and_nothing_else(
    run: Run, ana: User, now: datetime
) -> None:
    seq = hand_in(run, ana, now, picture(), name="geheim.png")
    erasing.erase_evidence(
        run_id=run.pk, act=act(ana, now=now), seq=seq, reason="It showed a customer"
    )
    run.refresh_from_db()
    made = written(run, now)

    assert "Erased: It showed a customer" in words(made)
    assert sizes(made) == []
    assert "geheim" not in words(made)
    assert CANARY not in words(made)


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_bytes_that_are_not_those_that_were_stored_are_not_printed(
    how: str, run: Run, ana: User, now: datetime
) -> None:
    hand_in(run, ana, now, picture())
    place = objects.place_of(StoredFile.objects.get().sha256_stored)
    if how == "gone":
        place.unlink()
    else:
        place.write_bytes(picture(seed=9))

    assert GONE in words(written(run, now))
    assert sizes(written(run, now)) == []


def test_logs_packages_and_pasted_texts_are_listed(run: Run, ana: User, now: datetime) -> None:
    hand_in(run, ana, now, TEXT_LOG, name="import.log", caption="")
    steps.add_evidence(
        run_id=run.pk,
        act=act(ana, now=now),
        step="import",
        slot="log",
        text="A line",
        caption="Aloud",
    )
    run.refresh_from_db()
    made = words(written(run, now))

    assert "3 pieces of evidence; none of them is a picture." in made
    assert "import.log" in made
    assert "Text log, " in made
    assert "Text, pasted, " in made
    assert "Aloud" in made


def test_only_what_the_head_covers_is_shown(run: Run, ana: User, now: datetime) -> None:
    """Somebody hands a picture in while another reads: it comes behind the head, and is left out."""
    hand_in(run, ana, now, picture((301, 203)))
    before = Run.objects.get(pk=run.pk)
    hand_in(run, ana, now, picture((401, 203)))
    report = record_reading.build_report(before, made_at=now, address=ADDRESS)

    shown = export_pictures.told(before, report).exhibits

    assert [(each.number, each.width, each.seq) for each in shown[1:]] == [(2, 301, before.version)]
    assert shown[1].actor == str(ana)


def test_error_texts_stay_with_their_attempts(committed_db: None, ana: User, now: datetime) -> None:
    run = stored_run(ana, now)
    report = record_reading.build_report(run, made_at=now, address=ADDRESS)

    assert "error.captured" in [line.event_type for line in report.lines]
    assert export_pictures.told(run, report).exhibits == ()


def test_pictures_of_an_imported_copy_are_not_printed(run: Run, ana: User, now: datetime) -> None:
    """Only the word of the other installation says that they are safe to read."""
    hand_in(run, ana, now, picture((301, 203)))
    report = record_reading.build_report(run, made_at=now, address=ADDRESS)
    copied = replace(export_pictures.told(run, report), imported="A copy")
    made = FORMATS["pdf"].render(Handout(report=copied, links=()))

    assert COPIED in words(made)
    assert INSIDE not in words(made)


def test_two_papers_of_one_head_are_the_same(run: Run, ana: User, now: datetime) -> None:
    hand_in(run, ana, now, picture())

    assert written(run, now, "zip") == written(run, now + timedelta(days=1), "zip")

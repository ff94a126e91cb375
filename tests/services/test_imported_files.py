"""Files in a record that came in: kept if they are what their entries tell, and only ever saved (IN-15)."""

import hashlib
import io
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from runbook import library
from runbook.domain import events as ev
from runbook.exports import FORMATS
from runbook.exports.incoming import RecordRefused
from runbook.exports.record import Attachment
from runbook.models import PackRevision, Run, StoredFile, User
from runbook.services import exports, files, objects
from tests.elsewhere import ADDRESS, opened
from tests.exports.bundles import (
    FILE,
    FILE_DIGEST,
    Forgery,
    bundle,
    erased,
    fingerprint,
    judged,
    proved,
    told,
)
from tests.exports.records import ERROR, PACK, handout
from tests.factories import make_run

HANDLE = uuid.UUID("44444444-4444-4444-8444-444444444444")


def png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(made, "PNG")
    return made.getvalue()


def with_file(content: bytes, **more: Any) -> bytes:
    """A bundle that a picture was handed in for."""
    digest = hashlib.sha256(content).hexdigest()
    about = {"file": HANDLE.hex, "kind": "png", "name": "plate.png", "sha256_stored": digest}
    entries = [
        (minute, replace(event, **{**about, **more}), actor)
        if isinstance(event, ev.EvidenceAdded)
        else (minute, event, actor)
        for minute, event, actor in told()
    ]
    made = proved(erased(handout(entries, error=ERROR)))
    assert made.record
    file = Attachment(name=f"files/{digest}", content=lambda: [content])
    kept = (made.record.attachments[0], file)
    return bundle(replace(made, record=replace(made.record, attachments=kept)))


@pytest.fixture(autouse=True)
def _definition(db: None, tmp_path: Path, settings: Any) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"
    PackRevision.objects.create(pk=PACK.digest, slug=PACK.slug, body=library.dump_pack(PACK))


@pytest.fixture
def open_(tmp_path: Path, ana: User, now: datetime) -> Callable[[bytes], Run]:
    return lambda content: opened(content, ana, tmp_path, now)


def test_a_picture_is_kept_as_it_came_and_only_saved_never_shown(
    open_: Callable[[bytes], Run], ana: User, sign_in: Callable[[User], Client]
) -> None:
    copy = open_(with_file(png()))
    [row] = files.of_run(copy)

    assert objects.place_of(row.sha256_stored).read_bytes() == png()
    assert not files.shown(row).is_picture
    sent: Any = sign_in(ana).get(f"/runs/{copy.pk}/files/{HANDLE}/")
    assert b"".join(sent.streaming_content) == png()
    assert sent["Content-Disposition"].startswith("attachment")
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"
    page = sign_in(ana).get(f"/runs/{copy.pk}/evidence/").content.decode()
    assert "plate.png" in page
    assert "<img" not in page


def test_no_file_that_is_handed_out_shows_such_a_picture(
    open_: Callable[[bytes], Run], now: datetime
) -> None:
    copy = open_(with_file(png()))

    made = exports.written(copy.pk, FORMATS["html"], now=now, address=ADDRESS).content

    assert b"data:image/png" not in made


def test_a_whole_bundle_of_an_earlier_release_comes_out_again_and_is_proved(
    open_: Callable[[bytes], Run], now: datetime
) -> None:
    """Its file has no handle, so no page names it; it is kept for whoever exports the copy."""
    copy = open_(bundle())
    made = exports.written(copy.pk, FORMATS["zip"], now=now, address=ADDRESS).content

    assert Forgery(made).files[f"files/{FILE_DIGEST}"] == FILE
    assert Forgery(made).files["events.jsonl"] == Forgery(bundle()).files["events.jsonl"]
    assert judged(made, known=(fingerprint(),))[0] == 0
    assert files.of_step(copy, "look") == {}


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (b"<script>alert(1)</script>", {}),
        (b"GIF89a", {}),
        (png(), {"kind": "svg"}),
        (png(), {"kind": "zip"}),
        (png(), {"kind": ""}),
        (png(), {"kind": "jpeg"}),
        (png(), {"file": "../../up"}),
    ],
    ids=str,
)
def test_a_file_that_is_not_what_its_entry_tells_is_refused(
    open_: Callable[[bytes], Run], content: bytes, more: dict[str, str]
) -> None:
    with pytest.raises(RecordRefused):
        open_(with_file(content, **more))

    assert (Run.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_a_page_passed_off_as_a_log_is_only_ever_plain_text(
    open_: Callable[[bytes], Run], ana: User, sign_in: Callable[[User], Client]
) -> None:
    copy = open_(with_file(b"<html><script>alert(1)</script>", kind="text", name="x.html"))

    sent: Any = sign_in(ana).get(f"/runs/{copy.pk}/files/{HANDLE}/")

    sent.close()
    assert sent["Content-Type"] == "text/plain; charset=utf-8"
    assert sent["Content-Disposition"].startswith("attachment")
    assert ".html" not in sent["Content-Disposition"]


def test_a_record_cannot_take_the_place_of_a_file_of_another_run(
    open_: Callable[[bytes], Run], ana: User, now: datetime
) -> None:
    run = make_run(ana, now)
    here = StoredFile.objects.create(
        run=run, handle=HANDLE, kind="png", name="ours.png", step="look", size_received=1,
        sha256_received="a" * 64, actor_id=ana.actor_id, created=now,
    )  # fmt: skip

    with pytest.raises(RecordRefused, match="a file that belongs to another run here"):
        open_(with_file(png()))

    here.refresh_from_db()
    assert (here.name, StoredFile.objects.count(), Run.objects.count()) == ("ours.png", 1, 1)


def test_files_beyond_the_room_of_a_run_are_refused(
    open_: Callable[[bytes], Run], settings: Any
) -> None:
    settings.FILES_OF_A_RUN = 10

    with pytest.raises(RecordRefused, match="larger than"):
        open_(with_file(png()))


def test_a_full_disk_is_said_before_anything_is_read(
    open_: Callable[[bytes], Run], settings: Any
) -> None:
    settings.FILES_DISK_PERCENT = 0

    with pytest.raises(RecordRefused, match="The disk of this installation is too full"):
        open_(bundle())

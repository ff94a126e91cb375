"""A record that is handed out is one consistent moment, proved, and the same each time (EX-06, EX-07)."""

import io
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.errors import TransitionRefused
from runbook.domain.heads import key_fingerprint
from runbook.domain.redaction import Profile
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS, record
from runbook.exports.verifier import verify
from runbook.models import Anchor, Run, SigningKey, User
from runbook.services import anchors, erasing, exports, heads, record_reading, signing, timeline
from runbook.services.exports import Exported, NotForOutside
from tests.domain.wishes import wish
from tests.exports.bundles import Forgery, judged
from tests.exports.records import ERROR, stored_run
from tests.factories import act, carry_out
from tests.services.crowd import at_once
from tests.services.signed import unguarded

ADDRESS = "https://runbook.example.org/runs/1/"


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: object) -> None:
    """A key of this test alone."""
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"  # type: ignore[attr-defined]


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return stored_run(ana, now)


def handed_out(
    run: Run, user: User, now: datetime, export_format: str = "zip", **more: object
) -> Exported:
    return exports.export(
        run_id=run.pk,
        act=act(user, now=now),
        export_format=export_format,
        address=ADDRESS,
        **more,  # type: ignore[arg-type]
    )


def content_of(made: Exported) -> bytes:
    """All bytes; a large file on disk is closed behind them."""
    return b"".join(made.pieces())


def again(run: Run, now: datetime, export_format: str = "zip") -> bytes:
    made = exports.written(run.pk, FORMATS[export_format], now=now, address=ADDRESS)
    return b"".join(made.pieces())


def known() -> tuple[str, ...]:
    return tuple(key_fingerprint(bytes.fromhex(key.public)) for key in SigningKey.objects.all())


def verdict(content: bytes, *held: tuple[int, str]) -> tuple[int, str]:
    return judged(content, *held, known=known())


def test_a_bundle_of_the_product_is_intact_and_ends_with_its_own_entry(
    run: Run, ana: User, now: datetime
) -> None:
    made = handed_out(run, ana, now)
    files = Forgery(made.content)

    assert verdict(made.content)[0] == 0
    assert files.event(run.version + 1)["header"]["type"] == "export.made"
    names = set(files.files)
    assert {"report.md", "report.json", "verify.py", "README.txt", "state.json"} <= names
    assert files.files["verify.py"] == Path(verify.__file__).read_bytes()
    [text] = [name for name in names if name.startswith("texts/")]
    assert files.json(text)["text"].startswith(ERROR[:40])


def test_two_exports_of_the_same_head_are_the_same(run: Run, ana: User, now: datetime) -> None:
    """EX-06: though the second is made a day later, after another night and with another key."""
    made = content_of(handed_out(run, ana, now))
    heads.nightly(now=now + timedelta(hours=12))
    signing.rotate(now=now + timedelta(hours=13))

    assert again(run, now + timedelta(days=1)) == made
    assert verdict(made)[0] == 0


def test_a_bundle_that_told_the_moment_would_be_noticed(run: Run, ana: User, now: datetime) -> None:
    """The control: the Markdown of another moment is another one."""
    handed_out(run, ana, now)

    assert again(run, now, "markdown") != again(run, now + timedelta(days=1), "markdown")


def test_every_export_leaves_word_that_a_copy_is_outside(
    run: Run, ana: User, now: datetime
) -> None:
    for export_format in ("markdown", "pdf", "zip", "json"):
        made = handed_out(run, ana, now, export_format)
        newest = Anchor.objects.latest("pk")
        assert (newest.size, newest.head, newest.how) == (
            *(made.run_version, made.head, anchors.EXPORT),
        )


def test_an_erased_content_is_gone_from_the_bundle_and_it_is_still_intact(
    run: Run, ana: User, now: datetime
) -> None:
    seq = next(e.seq for e in queries.all_entries(run) if e.type == "error.captured")
    erasing.erase_evidence(run_id=run.pk, act=act(ana, now=now), seq=seq, reason="Asked to.")

    made = content_of(handed_out(run, ana, now))

    assert verdict(made)[0] == 0
    assert "erased" in verdict(made)[1]
    assert b"octocat" not in Forgery(made).files["events.jsonl"]
    assert not [name for name in Forgery(made).files if name.startswith("texts/")]


def test_an_export_that_was_not_one_moment_would_be_noticed(
    run: Run, ana: User, now: datetime
) -> None:
    """The control: a content that goes while the events are copied leaves an unexplained hole."""
    made = Forgery(content_of(handed_out(run, ana, now)))
    made.put_event(3, {**made.event(3), "payload": None, "salt": None})

    assert verdict(made.packed())[0] == 1


@pytest.mark.parametrize("profile", [p for p in Profile if p is not Profile.INTERNAL])
def test_who_is_outside_gets_redacted_words_marked_as_such(
    run: Run, ana: User, now: datetime, profile: Profile
) -> None:
    made = content_of(handed_out(run, ana, now, profile=profile))
    said = Forgery(made).event(2)

    assert verdict(made)[0] == 3
    assert "not covered by commitment" in verdict(made)[1]
    assert (said["payload"], said["salt"]) == (None, None)
    assert said["redacted"]["note"] == record.NOT_COVERED
    lines = content_of(handed_out(run, ana, now, "events-jsonl", profile=profile))
    assert all(json.loads(line)["payload"] is None for line in lines.splitlines())


def test_word_for_word_json_stays_inside(run: Run, ana: User, now: datetime) -> None:
    with pytest.raises(NotForOutside, match="stays with the team"):
        handed_out(run, ana, now, "json", profile=Profile.PUBLIC)

    assert Run.objects.get(pk=run.pk).version == run.version


def test_the_archive_of_a_long_run_holds_the_same_files(run: Run, ana: User, now: datetime) -> None:
    """The lines lie on disk then, and the paper lists what matters."""
    whole = content_of(handed_out(run, ana, now))
    with patch.object(record_reading, "IN_MEMORY_UP_TO", 3):
        made = content_of(handed_out(run, ana, now))
        lines = again(run, now, "events-jsonl")

    assert verdict(made)[0] == 0
    assert set(Forgery(whole).files) == set(Forgery(made).files)
    assert Forgery(made).files["events.jsonl"] == lines
    assert Forgery(made).lines[:-1] == Forgery(whole).lines


def lengthened(run: Run, user: User, now: datetime, *, by: int) -> None:
    notes = [ev.NoteAdded(text=f"Note {number}.") for number in range(by)]
    timeline.record(run.pk, Action.ADD_NOTE, act=act(user, now=now), decide=lambda *_: notes)


def test_memory_does_not_grow_with_the_run(run: Run, ana: User, now: datetime) -> None:
    """EX-09 in small, with every text format in the archive: the benchmark measures 100,000 events."""
    found = []
    for by in (3_000, 3_000):
        lengthened(run, ana, now, by=by)
        with patch.object(record_reading, "IN_MEMORY_UP_TO", 100):
            again(run, now)
            tracemalloc.start()
            made = exports.written(run.pk, FORMATS["zip"], now=now, address=ADDRESS)
            found.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            made.file.close()

    assert found[1] < 8 * 1024 * 1024
    assert found[1] < 1.5 * found[0]


def test_a_large_file_goes_out_in_pieces(
    run: Run, ana: User, now: datetime, sign_in: Callable[[User], Client]
) -> None:
    with patch.object(exports, "IN_MEMORY", 1000):
        response: Any = sign_in(ana).post(f"/runs/{run.pk}/exports/", {"format": "zip"})
        content = b"".join(response.streaming_content)

    assert response.status_code == 200
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Type"] == "application/zip"
    assert verdict(content)[0] == 0


# --- Restored from an old copy (OP-03)


def test_a_restored_old_copy_is_visible_to_who_holds_a_later_head(
    run: Run, ana: User, now: datetime
) -> None:
    handed_out(run, ana, now)
    old = Run.objects.get(pk=run.pk)
    later = handed_out(run, ana, now)
    with unguarded(), connection.cursor() as cursor:  # what a copy from before holds
        newer = "SELECT id FROM runbook_event WHERE seq > %s"
        for sql in (
            f"DELETE FROM runbook_payload WHERE event_id IN ({newer})",  # noqa: S608 - as above
            "DELETE FROM runbook_event WHERE seq > %s",
            "DELETE FROM runbook_head WHERE size > %s",
        ):
            cursor.execute(sql, [old.version])
    Run.objects.filter(pk=run.pk).update(
        version=old.version, head=old.head, last_at=old.last_at, state=old.state
    )

    restored = again(run, now)
    held = (later.run_version, later.head)
    assert verdict(restored)[0] == 0
    assert verdict(restored, held)[0] == 1
    assert "rolled back" in verdict(restored, held)[1]
    carry_out(old, wish(Action.ADD_NOTE, text="On we go."), act(ana, now=now))
    assert "is not the one whose head" in verdict(content_of(handed_out(run, ana, now)), held)[1]


# --- While others write (EX-07)

ROUNDS, WRITERS = 5, 8


@pytest.fixture
def _room(committed_db: None) -> Iterator[None]:
    """More connections than an installation has, for every writer holds one all the time."""
    this: Any = connection
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool:
        this.close_pool()
        connection.settings_dict["OPTIONS"]["pool"] = {**pool, "max_size": 16}
    yield
    if pool:
        connection.close()
        this.close_pool()
        connection.settings_dict["OPTIONS"]["pool"] = pool


@pytest.mark.usefixtures("_room")
def test_an_export_while_others_write_is_one_moment(ana: User, now: datetime) -> None:
    run, over = stored_run(ana, now), threading.Event()
    written: list[int] = []
    found: list[bytes] = []

    def write() -> None:
        while not over.wait(0.05):  # SQLite is not fair; who never pauses locks all others out
            try:
                carry_out(run.pk, wish(Action.ADD_NOTE, text="It rains."), act(ana, now=now))
            except timeline.Busy:
                continue
            written.append(1)

    def export() -> None:
        try:
            found.extend(_export(run, ana, now) for _ in range(ROUNDS))
        finally:
            over.set()

    deeds: list[Callable[[], None]] = [export, *[partial(write) for _ in range(WRITERS)]]
    problems = at_once(deeds)

    assert [each for each in problems if each] == []
    assert len(found) == ROUNDS
    for content in found:
        assert verdict(content)[0] == 0, verdict(content)
        files = Forgery(content)
        assert files.json("head.json")["body"]["size"] == len(files.lines)
    assert len({Forgery(content).json("head.json")["body"]["size"] for content in found}) > 1
    assert len(written) >= WRITERS


def _export(run: Run, user: User, now: datetime) -> bytes:
    for _ in range(50):
        try:
            return content_of(handed_out(run, user, now))
        except timeline.Busy:
            continue
    raise TransitionRefused("The database stayed busy.")


@pytest.mark.usefixtures("committed_db")
def test_reading_a_record_holds_up_nobody_who_writes(ana: User, now: datetime) -> None:
    run = stored_run(ana, now)
    note = wish(Action.ADD_NOTE, text="It rains.")
    seen = io.StringIO()

    def meanwhile() -> None:
        if connection.vendor == "postgresql":  # on SQLite with a rollback journal writers wait
            carry_out(run.pk, note, act(ana, now=now))
        seen.write("x")

    assert not connection.in_atomic_block
    with record_reading.snapshot():
        before = Run.objects.get(pk=run.pk).version
        at_once([meanwhile])
        assert Run.objects.get(pk=run.pk).version == before

    assert seen.getvalue() == "x"
    carry_out(run.pk, note, act(ana, now=now))

"""After an erasure nothing of the content can be found anywhere, and the chain still verifies (RD-06)."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from runbook import queries
from runbook.domain.errors import ForbiddenAction, TransitionRefused
from runbook.domain.vocabulary import Outcome, Role, RunStage
from runbook.models import Evidence, Run, StoredFile, User, guards
from runbook.models.timeline import Event
from runbook.services import attempts, erasing, files, objects, projection, steps
from runbook.services.files import Attached
from runbook.services.steps import Handed
from tests.factories import act, add_member, make_run_at
from tests.handed_files import image

CANARY = "Canary-Zwölfzeiler-7713"
LOG = f"20:14:05 import failed for {CANARY} with BadGateway\n".encode()
ERROR = f"Lamp import failed because the bridge is closed for {CANARY} and everybody."


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.IMPORTING, ana, now)


def hand_in(
    run: Run, user: User, now: datetime, *, name: str = f"{CANARY}.txt", content: bytes = LOG
) -> int:
    """Hands a file in; the seq of its event."""
    ready = files.receive(io.BytesIO(content), name)
    attached = Attached(ready=ready, step="import", slot="log", caption=f"About {CANARY}")
    handed = Handed(files=[attached])
    return steps.work_on_step(
        run_id=run.pk, act=act(user, now=now), step="import", handed=handed
    ).version


def hand_in_text(run: Run, user: User, now: datetime) -> int:
    return steps.add_evidence(
        run_id=run.pk,
        act=act(user, now=now),
        step="import",
        slot="log",
        text=LOG.decode(),
        caption=f"About {CANARY}",
    ).version


def fail(run: Run, user: User, now: datetime) -> int:
    attempts.record_attempt(
        run_id=run.pk, act=act(user, now=now), outcome=Outcome.FAILED, error_text=ERROR
    )
    entries = queries.all_entries(run)
    return next(entry.seq for entry in entries if entry.type == "error.captured")


def erase(run: Run, user: User, now: datetime, seq: int, reason: str = "A name is in it.") -> None:
    erasing.erase_evidence(run_id=run.pk, act=act(user, now=now), seq=seq, reason=reason)


def everything() -> dict[str, bytes]:
    """All bytes that lie anywhere: the database with its logs, the store, what came in."""
    found = {str(path): path.read_bytes() for path in objects.root().rglob("*") if path.is_file()}
    if connection.vendor == "sqlite":
        database = Path(str(connection.settings_dict["NAME"]))
        found |= {path.name: path.read_bytes() for path in database.parent.glob("*.sqlite3*")}
        return found
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608
            found[table] = "\n".join(row[0] for row in cursor.fetchall()).encode()
    return found


def hits() -> list[str]:
    words = (CANARY.encode(), CANARY.encode("unicode_escape"), b"wlfzeiler-7713", b"zeiler-7713")
    return [name for name, content in everything().items() if any(w in content for w in words)]


def is_whole(run: Run) -> bool:
    run.refresh_from_db()
    return queries.verify_run(run)[0] == run.version and projection.differences(run) == []


WAYS = {"file": hand_in, "text": hand_in_text, "error": fail}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_an_erased_content_can_be_found(
    run: Run, ana: User, now: datetime, way: str
) -> None:
    seq = WAYS[way](run, ana, now)
    assert hits()  # the search finds what is there

    erase(run, ana, now + timedelta(minutes=1), seq)

    assert hits() == []
    assert is_whole(run)
    entries = {entry.seq: entry for entry in queries.all_entries(run)}
    assert entries[seq].event is None
    assert [entry.type for entry in entries.values()].count("evidence.erased") == 1


@pytest.mark.parametrize("way", WAYS)
def test_nor_in_the_log_of_a_database_that_writes_ahead(
    run: Run, ana: User, now: datetime, way: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's log is not the product's to cut")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
    try:
        seq = WAYS[way](run, ana, now)
        assert any(name.endswith("-wal") for name in hits())
        erase(run, ana, now, seq)
        assert hits() == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=DELETE")


def test_a_weak_erasure_is_found_out(run: Run, ana: User, now: datetime) -> None:
    """The bytes alone, or the row alone, are not enough: the search sees either."""
    hand_in(run, ana, now)
    row = StoredFile.objects.get()
    objects.remove(row.sha256_stored)

    assert hits()
    StoredFile.objects.update(name="", caption="", facts="")
    assert hits()  # the caption and the name stand in the payload too


def test_it_is_shown_who_erased_what_when_and_why(run: Run, ana: User, now: datetime) -> None:
    seq = hand_in(run, ana, now, name="p.png", content=image())
    text = hand_in_text(run, ana, now)
    erase(run, ana, now + timedelta(hours=1), seq)

    kept, gone, _ = erasing.pieces_of(run)

    assert (kept.entry.seq, kept.erased, kept.caption) == (text, None, f"About {CANARY}")
    assert gone.erased is not None
    assert (gone.entry.seq, gone.slot, gone.file) == (seq, "log", None)
    assert (gone.erased.name, gone.erased.recorded_at.hour) == ("Ana", (now.hour + 1))
    assert gone.erased.event is not None
    assert gone.erased.event.reason == "A name is in it."  # type: ignore[union-attr]
    assert StoredFile.objects.get().state == StoredFile.State.ERASED
    assert not Evidence.objects.filter(text=None).exists()


def test_equal_bytes_stay_for_whoever_else_names_them(run: Run, ana: User, now: datetime) -> None:
    other = make_run_at(RunStage.PREPARING, ana, now)
    mine, theirs = hand_in(run, ana, now), hand_in(other, ana, now)
    place = objects.place_of(StoredFile.objects.filter(run=other).get().sha256_stored)

    erase(run, ana, now, mine)
    assert place.exists()
    erase(other, ana, now, theirs)
    assert not place.exists()


def test_an_error_text_can_be_erased_and_the_run_goes_on(
    run: Run, ana: User, now: datetime
) -> None:
    seq = fail(run, ana, now)
    run.refresh_from_db()
    before = run.attempts.get().family

    erase(run, ana, now, seq)

    run.refresh_from_db()
    assert (run.attempts.get().family, run.stage) == (before, RunStage.STATE_UNREAD)
    assert list(queries.evidence_texts(run).values()).count(None) == 1
    assert erasing.pieces_of(run)[0].attempt == 1


def test_only_a_lead_erases_at_every_stage_and_only_once(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    seq = hand_in(run, ana, now)
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)

    with pytest.raises(ForbiddenAction):
        erase(run, ben, now, seq)
    with pytest.raises(TransitionRefused, match="Say why"):
        erase(run, ana, now, seq, reason=" ")
    erase(run, ana, now, seq)
    with pytest.raises(TransitionRefused, match="erased before"):
        erase(run, ana, now, seq)
    with pytest.raises(TransitionRefused, match="erased before"):
        erase(run, ana, now, 1)
    with pytest.raises(TransitionRefused):
        erase(run, ana, now, 9_999)
    assert is_whole(run)


def test_a_closed_run_can_still_be_freed_of_a_name(
    committed_db: None, ana: User, now: datetime
) -> None:
    for stage in (RunStage.CLOSED, RunStage.ABANDONED, RunStage.PAUSED):
        run = make_run_at(stage, ana, now)
        entries = queries.all_entries(run)
        seq = next((entry.seq for entry in entries if entry.type == "evidence.added"), 0)
        assert seq, stage

        erase(run, ana, now, seq)

        assert run.stage == stage
        assert is_whole(run)


def test_a_payload_goes_only_through_its_erasure(run: Run, ana: User, now: datetime) -> None:
    seq = hand_in(run, ana, now)
    event = Event.objects.get(run=run, seq=seq)

    with pytest.raises(DatabaseError, match="can only be erased"):
        guards.erase_payload(connection, event.pk)
    assert is_whole(run)

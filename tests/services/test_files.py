"""A row never names bytes that are not there, and no quota is passed (IN-13, DU-05, DU-06)."""

import errno
import io
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from runbook.domain import events as ev
from runbook.domain.diagnosis.surfaces.handed import Unreadable
from runbook.domain.errors import TransitionRefused
from runbook.domain.handed_files import FileKind
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, StoredFile, Team, User
from runbook.services import files, objects, steps, timeline
from runbook.services.files import Attached, Ready
from runbook.services.steps import Handed
from tests.factories import act, make_run_at
from tests.handed_files import TEXT_LOG
from tests.services.crowd import at_once

KIB = 1024


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.PREPARING, ana, now)


def ready(content: bytes) -> Ready:
    """A file as the inspection leaves it."""
    with objects.new_file() as (path, file):
        file.write(content)
    return Ready(
        kind=FileKind.TEXT,
        name="log.txt",
        size_received=len(content),
        sha256_received=objects.digest_of(content),
        path=path,
        size_stored=len(content),
        sha256_stored=objects.digest_of(content),
        facts={},
    )


def hand_in(run: Run, user: User, now: datetime, *contents: bytes, **more: Any) -> timeline.Written:
    attached = [
        Attached(ready=ready(each), step="import", slot="log", caption="So.") for each in contents
    ]
    who = act(user, now=now, **more)
    return steps.work_on_step(run_id=run.pk, act=who, step="import", handed=Handed(files=attached))


def stored() -> set[str]:
    return {path.name for path in objects.root().glob("??/*")}


def temporary() -> list[Path]:
    return list(objects.incoming().iterdir())


def named() -> set[str]:
    return set(StoredFile.objects.values_list("sha256_stored", flat=True))


def test_a_file_is_stored_by_its_content_with_its_row_and_its_event(
    run: Run, ana: User, now: datetime
) -> None:
    written = hand_in(run, ana, now, b"one", b"two", b"one")

    assert written.state is not None
    assert written.state.slots["import/log"] == 3
    assert stored() == named() == {objects.digest_of(b"one"), objects.digest_of(b"two")}
    assert temporary() == []
    place = objects.place_of(objects.digest_of(b"one"))
    assert place.parent.name == place.name[:2]
    assert place.stat().st_mode & 0o077 == 0
    assert files.size_of(run.files.all()) == 9


def test_the_event_says_what_was_received_and_what_is_stored(
    run: Run, ana: User, now: datetime
) -> None:
    file = files.receive(io.BytesIO(TEXT_LOG + b"password=hunter2hunter2\n"), "log.txt")
    attached = Attached(ready=file, step="import", slot="log", happened_at=now - timedelta(hours=1))
    handed = Handed(files=[attached])
    steps.work_on_step(run_id=run.pk, act=act(ana, now=now), step="import", handed=handed)

    row = StoredFile.objects.get()
    entry = files_entry(run)
    assert isinstance(entry.event, ev.EvidenceAdded)
    assert (entry.event.file, entry.event.kind) == (row.handle.hex, "text")
    assert entry.event.sha256_stored == row.sha256_stored != row.sha256_received
    assert entry.event.sha256_received == row.sha256_received
    assert entry.event.secrets_removed == 1
    assert entry.happened_at == now - timedelta(hours=1)
    assert row.state == StoredFile.State.ACCEPTED
    assert b"hunter2" not in objects.place_of(row.sha256_stored).read_bytes()


def files_entry(run: Run) -> Any:
    from runbook import queries  # noqa: PLC0415 - only for this look

    return next(e for e in reversed(queries.all_entries(run)) if e.type == "evidence.added")


def test_a_time_in_the_future_is_refused(run: Run, ana: User, now: datetime) -> None:
    later = Attached(
        ready=ready(b"x"), step="import", slot="log", happened_at=now + timedelta(hours=1)
    )
    with pytest.raises(TransitionRefused, match="future"):
        steps.work_on_step(
            run_id=run.pk, act=act(ana, now=now), step="import", handed=Handed(files=[later])
        )
    assert not StoredFile.objects.exists()
    assert temporary() == []


# --- IN-13: quotas ----------------------------------------------------------------------------------


@pytest.fixture
def small(settings: Any) -> None:
    settings.FILES_OF_A_RUN, settings.FILES_OF_A_TEAM = 10 * KIB, 25 * KIB


def test_a_run_takes_no_more_than_its_share(
    run: Run, ana: User, now: datetime, small: None
) -> None:
    hand_in(run, ana, now, b"a" * 10 * KIB)

    with pytest.raises(TransitionRefused, match="This run keeps"):
        hand_in(run, ana, now, b"b")

    assert files.size_of(run.files.all()) == 10 * KIB
    assert temporary() == []


def test_without_the_guard_the_limit_would_be_passed(
    run: Run, ana: User, now: datetime, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_check_room", lambda run, more: None)

    hand_in(run, ana, now, b"a" * 11 * KIB)

    assert files.size_of(run.files.all()) > 10 * KIB


def test_equal_files_count_each(run: Run, ana: User, now: datetime, small: None) -> None:
    hand_in(run, ana, now, b"a" * 6 * KIB)

    with pytest.raises(TransitionRefused):
        hand_in(run, ana, now, b"a" * 6 * KIB)


def test_fifty_at_once_never_pass_the_limit(
    run: Run, ana: User, now: datetime, small: None
) -> None:
    deeds = [
        lambda n=number: hand_in(run, ana, now, bytes([n]) * KIB)  # type: ignore[misc]
        for number in range(50)
    ]

    # The pool of PostgreSQL's connections is smaller than the crowd.
    size = 50 if connection.vendor == "sqlite" else 7
    waves = [at_once(deeds[place : place + size]) for place in range(0, 50, size)]

    results = [each for wave in waves for each in wave]
    taken = [each for each in results if isinstance(each, timeline.Written)]
    others = {type(each) for each in results} - {timeline.Written}
    assert files.size_of(run.files.all()) == len(taken) * KIB <= 10 * KIB
    assert others <= {TransitionRefused, timeline.Busy}
    assert named() <= stored()
    assert temporary() == []


def test_the_runs_of_a_team_share_one_limit(
    run: Run, ana: User, now: datetime, small: None
) -> None:
    team = Team.objects.create(name="Keepers", created=now)
    runs = [run, *(make_run_at(RunStage.PREPARING, ana, now) for _ in range(4))]
    Run.objects.filter(pk__in=[each.pk for each in runs]).update(team=team)
    deeds = [
        lambda r=each, n=number: hand_in(r, ana, now, bytes([n]) * 8 * KIB)  # type: ignore[misc]
        for number, each in enumerate(runs)
    ]

    results = at_once(deeds)

    taken = [each for each in results if isinstance(each, timeline.Written)]
    size = files.size_of(StoredFile.objects.filter(run__team=team))
    assert size == len(taken) * 8 * KIB <= 25 * KIB
    assert taken
    if connection.vendor == "sqlite":
        assert len(taken) == 3


def test_a_full_disk_refuses_and_a_package_that_is_not_kept_needs_no_room(
    run: Run, ana: User, now: datetime, settings: Any
) -> None:
    settings.FILES_DISK_PERCENT = 0

    with pytest.raises(TransitionRefused, match="too full"):
        hand_in(run, ana, now, b"x")
    facts = Ready(
        kind=FileKind.ZIP,
        name="lamp.zip",
        size_received=9,
        sha256_received="0" * 64,
        path=None,
        size_stored=0,
        sha256_stored="",
        facts={"packages": []},
    )
    attached = Attached(ready=facts, step="import", slot="log")
    steps.work_on_step(
        run_id=run.pk, act=act(ana, now=now), step="import", handed=Handed(files=[attached])
    )
    assert StoredFile.objects.get().sha256_stored == ""


# --- DU-05, DU-06: crashes and full disks -------------------------------------------------------------


class PowerCut(BaseException):
    """Everything stops here."""


def old(path: Path, *, hours: float) -> None:
    moment = datetime.now(UTC) - timedelta(hours=hours)
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_a_crash_between_the_move_and_the_commit_leaves_an_orphan_that_goes_a_day_later(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run.version

    def cut(*args: Any, **kwargs: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(files, "keep", cut)
        with pytest.raises(PowerCut):
            hand_in(run, ana, now, b"lost")

    run.refresh_from_db()
    assert run.version == before
    assert named() == set()
    assert stored() == {objects.digest_of(b"lost")}
    assert files.tidy(datetime.now(UTC)).objects == 0  # it could be on its way
    old(objects.place_of(objects.digest_of(b"lost")), hours=25)
    assert files.tidy(datetime.now(UTC)).objects == 1
    assert stored() == set()


@pytest.mark.parametrize("name", ["fsync", "link"])
def test_a_full_disk_while_storing_leaves_no_row(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if name == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, "replace", full)
        with pytest.raises(TransitionRefused, match="too full"):
            hand_in(run, ana, now, b"lost")

    assert named() == set()
    assert temporary() == []


def test_a_full_disk_while_a_file_comes_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in ("_stream", "_written"):
        with monkeypatch.context() as patch:
            patch.setattr(files, step, full)
            with pytest.raises(Unreadable, match="too full"):
                files.receive(io.BytesIO(TEXT_LOG), "log.txt")
        assert temporary() == []


def test_the_janitor_takes_old_leftovers_and_nothing_else(
    run: Run, ana: User, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(run, ana, now, b"kept")
    old(objects.place_of(objects.digest_of(b"kept")), hours=900)
    for name, hours in (("young", 0.5), ("left", 1.5)):
        (objects.incoming() / name).write_bytes(b"x")
        old(objects.incoming() / name, hours=hours)

    call_command("tidy_files")

    assert "1 unfinished" in capsys.readouterr().out
    assert [path.name for path in temporary()] == ["young"]
    assert stored() == named()


def test_an_old_orphan_that_somebody_hands_in_again_stays(
    run: Run, ana: User, now: datetime
) -> None:
    with objects.new_file() as (path, file):
        file.write(b"again")
    objects.put(path, objects.digest_of(b"again"))
    old(objects.place_of(objects.digest_of(b"again")), hours=48)

    hand_in(run, ana, now, b"again")
    files.tidy(datetime.now(UTC))

    assert stored() == named() == {objects.digest_of(b"again")}


def test_who_removes_waits_for_who_puts(run: Run, ana: User, now: datetime) -> None:
    """Without the lock the bytes would go between the move and the row that names them."""
    digest = objects.digest_of(b"twice")
    hand_in(run, ana, now, b"twice")
    StoredFile.objects.update(state=StoredFile.State.ERASED)
    attached = Attached(ready=ready(b"twice"), step="import", slot="log")
    over = threading.Event()

    def remove() -> None:
        files.drop_unnamed([digest])
        over.set()
        connection.close()

    with files.kept([attached]):
        thread = threading.Thread(target=remove)
        thread.start()
        assert not over.wait(0.3)
        StoredFile.objects.update(state=StoredFile.State.ACCEPTED)
    thread.join(10)

    assert over.is_set()
    assert stored() == {digest}


def test_a_file_that_is_sent_twice_counts_once(run: Run, ana: User, now: datetime) -> None:
    key = uuid.uuid4()
    first = hand_in(run, ana, now, b"one", key=key)
    second = hand_in(run, ana, now, b"one", key=key)

    assert (first.replayed, second.replayed) == (False, True)
    assert StoredFile.objects.count() == 1
    assert temporary() == []


@pytest.fixture
def interrupted() -> Iterator[None]:
    yield
    assert temporary() == []


def test_an_upload_that_breaks_off_leaves_nothing(own_store: None, interrupted: None) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive(Broken(), "log.txt")

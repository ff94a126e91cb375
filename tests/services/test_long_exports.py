"""A run that lies on disk while its file is written gives the same file as one in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.presenting import present
from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import redact_report
from runbook.domain.report import ReportLine
from runbook.domain.vocabulary import Action
from runbook.exports import FORMATS
from runbook.exports.format import Format, Handout
from runbook.models import Run, User
from runbook.services import exports, record_reading, timeline
from runbook.services.spooled import Spooled
from tests.exports.records import stored_run
from tests.factories import act

ADDRESS = "https://runbook.example.org/runs/1/"
OUTSIDE = [each for each in FORMATS.values() if not each.verbatim]


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: object) -> None:
    """A key of this test alone."""
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"  # type: ignore[attr-defined]


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    """More entries than one block holds, late ones and other scripts among them."""
    run = stored_run(ana, now)
    notes = [
        ev.NoteAdded(text=f"Note {number}: ana@contoso.example looked again, 注意, Привет 🚀")
        for number in range(90)
    ]
    timeline.record(run.pk, Action.ADD_NOTE, act=act(ana, now=now), decide=lambda *_: notes)
    run.refresh_from_db()
    return run


@pytest.fixture
def spools(monkeypatch: pytest.MonkeyPatch) -> list[Spooled[Any]]:
    """Every spool that is made."""
    made: list[Spooled[Any]] = []
    original = Spooled.__init__

    def noted(self: Spooled[Any], *args: Any, **more: Any) -> None:
        made.append(self)
        original(self, *args, **more)

    monkeypatch.setattr(Spooled, "__init__", noted)
    return made


def written(run: Run, chosen: Format, now: datetime, profile: Profile = Profile.INTERNAL) -> bytes:
    made = exports.written(run.pk, chosen, now=now, address=ADDRESS, profile=profile)
    return b"".join(made.pieces())


def on_disk() -> Any:
    return patch.object(record_reading, "IN_MEMORY_UP_TO", 10)


@pytest.mark.parametrize("chosen", FORMATS.values(), ids=lambda chosen: chosen.slug)
def test_a_run_on_disk_gives_the_same_file(
    run: Run, now: datetime, chosen: Format, spools: list[Spooled[Any]]
) -> None:
    in_memory = written(run, chosen, now)
    assert spools == []

    with on_disk():
        assert written(run, chosen, now) == in_memory

    assert bool(spools) is chosen.needs_lines
    assert all(each._file.closed for each in spools)


@pytest.mark.parametrize("chosen", OUTSIDE, ids=lambda chosen: chosen.slug)
def test_it_is_redacted_alike(
    run: Run, now: datetime, chosen: Format, spools: list[Spooled[Any]]
) -> None:
    in_memory = written(run, chosen, now, Profile.PUBLIC)

    with on_disk():
        assert written(run, chosen, now, Profile.PUBLIC) == in_memory

    assert spools
    assert all(each._file.closed for each in spools)
    assert b"contoso.example" not in in_memory


def test_a_file_that_cannot_be_written_leaves_nothing_on_disk(
    run: Run, now: datetime, spools: list[Spooled[Any]]
) -> None:
    def broken(made: Handout) -> Iterator[bytes]:
        yield made.report.lines[0].headline.encode()
        yield b"x" * exports.IN_MEMORY
        raise ZeroDivisionError

    files: list[Any] = []
    original = tempfile.TemporaryFile

    def noted() -> Any:
        files.append(original())
        return files[-1]

    with (
        on_disk(),
        patch.object(tempfile, "TemporaryFile", noted),
        pytest.raises(ZeroDivisionError),
    ):
        written(run, _with_parts(broken), now)

    assert len(spools) == 1
    assert [each.closed for each in files] == [True, True]


def _with_parts(parts: Any) -> Format:
    return Format(
        slug="broken",
        label="",
        content_type="",
        extension="txt",
        render=lambda made: b"".join(parts(made)),
        parts=parts,
    )


def test_redaction_reads_the_lines_and_holds_none(run: Run, now: datetime) -> None:
    """Pseudonyms are numbered by first sight, so they are the same whoever keeps the lines."""
    report = record_reading.build_report(run, made_at=now, address=ADDRESS)
    most: list[int] = []

    def counted(lines: Any) -> tuple[ReportLine, ...]:
        kept: list[ReportLine] = []
        for line in lines:
            kept.append(line)
            most.append(len(kept))
        return tuple(kept)

    plain = redact_report(report, Profile.PUBLIC)
    kept = redact_report(report, Profile.PUBLIC, keep=counted)

    assert kept.report == plain.report
    assert kept.pseudonyms == plain.pseudonyms
    assert most == list(range(1, run.version + 1))


def test_a_short_run_needs_no_disk(run: Run, spools: list[Spooled[Any]]) -> None:
    with ExitStack() as stack:
        assert record_reading.keeper(record_reading.IN_MEMORY_UP_TO, stack) is tuple
        assert record_reading.keeper(record_reading.IN_MEMORY_UP_TO + 1, stack) is not tuple
    assert run.version < record_reading.IN_MEMORY_UP_TO
    assert spools == []


def test_entries_that_came_after_the_head_stay_out(run: Run, ana: User, now: datetime) -> None:
    late = ev.NoteAdded(text="Too late for this reading")
    old = Run.objects.get(pk=run.pk)
    timeline.record(
        run.pk,
        Action.ADD_NOTE,
        act=act(ana, now=now + timedelta(minutes=1)),
        decide=lambda *_: [late],
    )

    report = record_reading.build_report(old, made_at=now, address=ADDRESS)

    assert len(report.lines) == old.version
    assert "Too late" not in str(report.lines)


def test_who_acts_later_has_a_name_before_the_first_line_is_told(
    run: Run, ana: User, now: datetime
) -> None:
    """The lines come one by one, but an early one may speak of whoever acts in a late one."""
    known: list[set[str]] = []

    def keep(lines: Any) -> tuple[ReportLine, ...]:
        with patch.object(record_reading, "present", side_effect=present) as told:
            kept = tuple(lines)
        known.extend(set(call.kwargs["people"]) for call in told.call_args_list)
        return kept

    record_reading.build_report(run, made_at=now, address=ADDRESS, keep=keep)

    assert queries.actors_of(run) == {entry.actor for entry in queries.all_entries(run)}
    assert all(queries.actors_of(run) <= each for each in known)
    assert len(known) == run.version


def test_a_format_without_use_for_lines_costs_none(run: Run, now: datetime) -> None:
    nothing = record_reading.build_report(run, made_at=now, address=ADDRESS, keep=None)

    assert nothing.lines == ()
    assert nothing.head == run.head

"""Evidence goes when its time is over, nothing else does, and the record says so (RD-07)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from runbook import queries
from runbook.domain.errors import TransitionRefused
from runbook.domain.retention import kept_until
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Evidence, Head, JournalEntry, PseudonymMap, Run, StoredFile, User
from runbook.models.timeline import Event
from runbook.services import erasing, files, heads, journal, objects, projection, retention
from tests.domain.wishes import wish
from tests.factories import act, carry_out, make_run_at
from tests.services.crowd import at_once
from tests.services.test_erasing import CANARY, erase, fail, hand_in, hand_in_text, hits, is_whole

MONTHS = 12
GIVE_UP = wish(Action.ABANDON, reason="The lamp was sold.")


@pytest.fixture(autouse=True)
def rule(settings: Any, tmp_path: Path) -> None:
    settings.OBJECTS_DIR = tmp_path / "objects"
    settings.KEEP_EVIDENCE_MONTHS = MONTHS
    settings.KEEP_EVIDENCE_RUNS = frozenset()


def full_run(user: User, now: datetime) -> Run:
    """A run that goes on and holds four pieces, and pseudonyms of what is named in them."""
    run = make_run_at(RunStage.IMPORTING, user, now)
    body = json.dumps({"numbers": {f"person\0{CANARY}": 1}, "decisions": {}})
    PseudonymMap.objects.create(run=run, body=body, rules_version=1)
    hand_in(run, user, now)
    hand_in_text(run, user, now)
    fail(run, user, now)
    return run


def ended_run(user: User, now: datetime) -> Run:
    """As `full_run`, and it has ended at that moment."""
    run = full_run(user, now)
    carry_out(run, GIVE_UP, act(user, now=now))
    run.refresh_from_db()
    return run


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return ended_run(ana, now)


@pytest.fixture
def later(now: datetime) -> datetime:
    """The clock, moved 13 months."""
    return kept_until(now, months=13)


def kinds(run: Run) -> list[str]:
    return list(Event.objects.filter(run=run).order_by("seq").values_list("type", flat=True))


def pieces_left(run: Run) -> int:
    return sum(piece.erased is None for piece in erasing.pieces_of(run))


def is_untouched(run: Run) -> bool:
    """Every piece is there, with its row and its bytes, and nothing was recorded."""
    texts = Evidence.objects.filter(run=run).exclude(text=None).count()
    stored = StoredFile.objects.get(run=run)
    there = objects.place_of(stored.sha256_stored).exists() if stored.sha256_stored else False
    whole = "evidence.erased" not in kinds(run) and is_whole(run)
    whole &= PseudonymMap.objects.filter(run=run).exists()
    return (pieces_left(run), texts, there) == (4, 3, True) and whole


def is_wholly_erased(run: Run) -> bool:
    """No piece is there, the record says so of each, and fits."""
    gone = not Evidence.objects.filter(run=run).exclude(text=None).exists()
    gone &= StoredFile.objects.get(run=run).state == StoredFile.State.ERASED
    gone &= not PseudonymMap.objects.filter(run=run).exists()
    said = kinds(run).count("evidence.erased") == 4
    heard = JournalEntry.objects.filter(type="evidence.erased", body__contains=str(run.pk)).count()
    return pieces_left(run) == 0 and gone and said and heard == 1 and is_whole(run)


def test_exactly_what_is_due_goes(
    run: Run, ana: User, now: datetime, later: datetime, settings: Any
) -> None:
    younger = ended_run(ana, now + timedelta(days=60))
    going_on = full_run(ana, now)
    held = ended_run(ana, now)
    foreign = ended_run(ana, now)
    Run.objects.filter(pk=foreign.pk).update(imported_by="f" * 32)
    settings.KEEP_EVIDENCE_RUNS = frozenset({held.pk})

    assert retention.erase_due(now=later) == []

    assert is_wholly_erased(run)
    for kept in (younger, going_on, held):
        assert is_untouched(kept)
    assert pieces_left(foreign) == 4


def test_without_a_rule_everything_stays(run: Run, later: datetime, settings: Any) -> None:
    settings.KEEP_EVIDENCE_MONTHS = 0

    assert retention.erase_due(now=later) == []
    assert retention.outlook().kept == ()
    assert is_untouched(run)


def test_it_is_due_to_the_second(run: Run, now: datetime) -> None:
    until = kept_until(run.last_at or now, months=MONTHS)

    retention.erase_due(now=until - timedelta(seconds=1))
    assert is_untouched(run)
    retention.erase_due(now=until)
    assert is_wholly_erased(run)


def test_a_note_after_the_end_does_not_prolong_it(
    run: Run, ana: User, later: datetime, now: datetime
) -> None:
    note = wish(Action.ADD_NOTE, text="Somebody asked.")
    carry_out(run, note, act(ana, now=later - timedelta(days=1)))

    (kept,) = retention.outlook().kept
    assert kept.ended_at - now < timedelta(seconds=1)
    retention.erase_due(now=later)
    assert is_wholly_erased(run)


def test_nothing_of_it_can_be_found_afterwards(run: Run, later: datetime) -> None:
    assert hits()

    retention.erase_due(now=later)

    assert hits() == []


def test_the_record_with_its_signed_heads_stays_and_tells_of_it(run: Run, later: datetime) -> None:
    fields = ("seq", "header", "digest", "type", "actor")
    before = list(Event.objects.filter(run=run).order_by("seq").values_list(*fields))
    signed = list(Head.objects.filter(run=run).order_by("pk").values_list("body", "signature"))
    assert signed

    retention.erase_due(now=later)

    after = Event.objects.filter(run=run).order_by("seq")
    assert list(after[: len(before)].values_list(*fields)) == before
    assert set(after[len(before) :].values_list("actor", "actor_kind")) == {("system", "system")}
    run.refresh_from_db()
    assert list(Head.objects.filter(run=run).order_by("pk").values_list("body", "signature"))[
        : len(signed)
    ] == list(signed)
    assert heads.problems_of(run) == journal.problems() == projection.differences(run) == []
    assert run.stage == RunStage.ABANDONED
    erased = next(piece.erased for piece in erasing.pieces_of(run))
    assert erased is not None
    assert (erased.name, erased.recorded_at.date()) == ("the product", later.date())
    assert erased.event is not None
    assert "Kept for 12 months after the end" in erased.event.reason  # type: ignore[union-attr]
    told = JournalEntry.objects.get(type="evidence.erased")
    assert f'"head":"{run.head}","pieces":4' in told.body


def test_what_a_person_erased_before_is_left_as_it_is(
    run: Run, ana: User, now: datetime, later: datetime
) -> None:
    seq = next(piece.entry.seq for piece in erasing.pieces_of(run))
    erase(run, ana, now, seq)
    assert retention.outlook().kept[0].pieces == 3

    retention.erase_due(now=later)

    assert kinds(run).count("evidence.erased") == 4
    assert is_whole(run)


def test_it_happens_once_however_often_it_is_asked(run: Run, later: datetime) -> None:
    retention.erase_due(now=later)
    run.refresh_from_db()
    version = run.version

    assert retention.erase_due(now=later + timedelta(days=1)) == []
    retention.erase(run.pk, months=MONTHS, now=later)

    run.refresh_from_db()
    assert run.version == version
    assert is_wholly_erased(run)


def test_of_several_workers_at_once_one_does_it(run: Run, later: datetime) -> None:
    deeds: list[Callable[[], list[str]]] = [lambda: retention.erase_due(now=later)] * 4

    assert at_once(deeds) == [[]] * 4
    assert is_wholly_erased(run)


def test_a_run_that_goes_on_is_never_erased_even_if_asked(
    committed_db: None, ana: User, now: datetime, later: datetime
) -> None:
    going_on = full_run(ana, now)

    retention.erase(going_on.pk, months=MONTHS, now=later)

    assert is_untouched(going_on)


class Crash(BaseException):
    """The process ends here."""


#: Where it ends, and whether the run is then erased.
MOMENTS = [
    ("runbook.services.erasing._handed_in", False),
    ("runbook.services.erasing.erase_all", False),
    ("runbook.services.timeline._empty", False),
    ("runbook.services.timeline.remember", False),
    ("runbook.services.journal.evidence_erased", False),
    ("runbook.services.erasing.let_bytes_go", True),
]


@pytest.mark.parametrize(("place", "done"), MOMENTS)
def test_after_a_crash_a_run_is_untouched_or_wholly_erased(
    run: Run, later: datetime, place: str, *, done: bool
) -> None:
    with patch(place, side_effect=Crash), pytest.raises(Crash):
        retention.erase_due(now=later)

    assert is_wholly_erased(run) if done else is_untouched(run)

    retention.erase_due(now=later + timedelta(days=1))
    assert is_wholly_erased(run)
    files.tidy(later + timedelta(days=2))
    assert hits() == []


def test_a_transaction_that_is_tried_again_counts_anew(run: Run, later: datetime) -> None:
    real, busy = journal.evidence_erased, [OperationalError("database is locked")]

    def write(*given: Any, **more: Any) -> None:
        if busy:
            raise busy.pop()
        real(*given, **more)

    with patch.object(journal, "evidence_erased", write):
        assert retention.erase_due(now=later) == []

    assert is_wholly_erased(run)
    assert '"pieces":4,' in JournalEntry.objects.get(type="evidence.erased").body


def test_an_erasure_in_many_transactions_would_be_torn(run: Run, ana: User, now: datetime) -> None:
    """The control: one piece after the other, with the same crash in between."""
    first, second, *_ = [piece.entry.seq for piece in erasing.pieces_of(run)]
    erase(run, ana, now, first)
    with patch("runbook.services.timeline.remember", side_effect=Crash), pytest.raises(Crash):
        erase(run, ana, now, second)

    assert not is_untouched(run)
    assert not is_wholly_erased(run)


def test_one_run_that_fails_does_not_keep_the_others(
    run: Run, ana: User, now: datetime, later: datetime
) -> None:
    others = [ended_run(ana, now), ended_run(ana, now)]
    real = retention.erase

    def erase_but(run_id: Any, **more: Any) -> None:
        if run_id == run.pk:
            raise RuntimeError(CANARY)
        if run_id == others[0].pk:
            raise TransitionRefused("The run has no such attempt.")
        real(run_id, **more)

    with patch.object(retention, "erase", erase_but):
        found = retention.erase_due(now=later)

    assert sorted(found) == sorted(
        [
            f"Evidence of run {run.pk} stays; the log says why.",
            f"Evidence of run {others[0].pk} stays: The run has no such attempt.",
        ]
    )
    assert is_wholly_erased(others[1])
    assert is_untouched(run)


def test_the_whole_view_is_one_statement(
    run: Run, ana: User, now: datetime, django_assert_num_queries: Any
) -> None:
    ended_run(ana, now)
    with django_assert_num_queries(1):
        assert len(retention.outlook().kept) == 2


def test_the_night_signs_what_was_added(run: Run, later: datetime) -> None:
    retention.erase_due(now=later)
    assert heads.nightly(now=later) == []

    run.refresh_from_db()
    assert Head.objects.filter(run=run, size=run.version, head=run.head).exists()
    assert queries.verify_run(run)[0] == run.version

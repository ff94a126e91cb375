"""The doctor: what is wrong with keys, signed heads, journal, anchor file and nights is noticed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from runbook.models import Run, User
from runbook.services import heads, nightly
from runbook.services.doctor import Level
from tests import factories
from tests.services.doctor.patient import BAD, WARN, look, noticed
from tests.services.signed import forge

NEW = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_key(settings: Any, tmp_path: Path) -> Path:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"
    return tmp_path / "keys" / "signing_key"


@pytest.fixture
def run(sound: User) -> Run:
    """A run whose newest event is signed."""
    made = factories.make_run(sound, timezone.now() - NEW)
    assert heads.nightly(now=timezone.now() - NEW) == []
    return made


def sentences(*levels: Level) -> list[str]:
    return [each.sentence for each in look() if each.level in levels]


def test_where_all_is_well_it_says_so(run: Run, own_key: Path) -> None:
    # The throw-away PostgreSQL of the tests does not wait for its disk, and the doctor says so.
    assert [each for each in sentences(BAD) if "PostgreSQL" not in each] == []
    assert [each for each in sentences(WARN) if "nightly" in each or "anchor" in each] == []
    assert noticed(Level.OK, "The key that signs heads is in place").sentence.endswith(
        f"{own_key}."
    )
    noticed(Level.OK, "Signed heads that fit their runs: 1")


def take_the_key(key: Path) -> None:
    key.unlink()


def open_the_key(key: Path) -> None:
    key.chmod(0o644)


def forge_a_signature(key: Path) -> None:
    forge("UPDATE runbook_head SET signature = '00'")


def change_the_journal(key: Path) -> None:
    forge("UPDATE runbook_journalentry SET body = '{}' WHERE seq = 1")


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (take_the_key, "is missing or too short"),
        (open_the_key, "Others than its owner can read"),
        (forge_a_signature, "has a false signature"),
        (change_the_journal, "does not fit its place"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_what_is_wrong_with_the_proofs_is_noticed(
    run: Run, own_key: Path, plant: Callable[[Path], None], words: str
) -> None:
    assert not [each for each in sentences(BAD, WARN) if words in each]
    plant(own_key)

    noticed(BAD, words)


def test_a_run_that_the_anchor_file_knows_further_is_noticed(
    run: Run, settings: Any, tmp_path: Path
) -> None:
    settings.ANCHOR_FILE = tmp_path / "anchors"
    noticed(WARN, "The anchor file")
    line = f"v1 {run.pk} {run.version + 3} {'a' * 64} {'b' * 16} {'c' * 128}\n"
    settings.ANCHOR_FILE.write_text(line)

    noticed(BAD, "was rolled back")


def test_a_night_that_failed_is_noticed_until_it_goes_well(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["Run 7 was not signed."], []]
    monkeypatch.setattr(nightly, "DUTIES", {"sign heads": lambda now: answers.pop(0)})
    now = timezone.now()

    nightly.work(lambda: now)
    assert "Run 7 was not signed." in noticed(BAD, "“sign heads” failed on").sentence
    nightly.work(lambda: now + nightly.AGAIN)
    assert not [each for each in sentences(BAD) if "sign heads" in each]


def test_nights_that_nobody_works_are_noticed(
    run: Run, sound: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "DUTIES", {"sign heads": lambda now: []})
    long_ago = timezone.now() - timedelta(days=3)
    Run.objects.filter(pk=run.pk).update(created=long_ago)
    noticed(WARN, "Nobody did the nightly duty “sign heads” so far")

    nightly.work(lambda: long_ago)
    noticed(WARN, f"“sign heads” since {day(long_ago)}")
    nightly.work(timezone.now)
    assert not [each for each in sentences(WARN) if "nightly" in each]


def day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def test_an_exemption_for_a_run_that_is_not_there_is_noticed(run: Run, settings: Any) -> None:
    unknown = uuid4()
    settings.KEEP_EVIDENCE_RUNS = frozenset({run.pk, unknown})

    assert str(run.pk) not in noticed(WARN, f"do not exist: {unknown}").sentence

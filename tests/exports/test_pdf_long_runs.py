"""A run of thousands of entries on paper: the key ones, and a sentence that says how many of how many."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from runbook.domain import events as ev
from runbook.exports import FORMATS, paper_entries
from runbook.exports.formats import pdf
from runbook.exports.formats.pdf import content
from runbook.exports.paper_entries import ORDINARY, listed
from tests.exports.long_run import long_run, many_events
from tests.exports.reading import pages_of
from tests.exports.records import LEAD, OPERATOR, START, failed_run, handout


@pytest.fixture(autouse=True)
def _short_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty entries are very many."""
    monkeypatch.setattr(paper_entries, "MOST_ENTRIES", 20)


def entries(count: int) -> list[int]:
    made = content(handout(many_events(count)).report)
    return [int(entry["seq"]) for entry in made["timeline"]]


def test_as_long_as_there_is_room_every_entry_is_on_paper() -> None:
    made = content(handout(many_events(20)).report)

    assert entries(20) == list(range(1, 21))
    assert made["note"] == ""
    assert "This paper lists" not in made["times_told"]


def test_of_a_very_long_run_the_key_entries_are_on_paper() -> None:
    """Of the sixty: how it began, the skipped step, the attempt with its diagnosis, and the last."""
    assert entries(60) == [1, 2, 3, 4, 7, 8, 9, 10, 11, 60]


def test_the_cover_and_the_list_say_how_many_of_how_many() -> None:
    pages = pages_of(FORMATS["pdf"].render(handout(many_events(60))))
    told = (
        "This paper lists 10 of 60 entries: what deviates, attempts, decisions and other key entries. "
        "The web page and the JSON lines hold all."
    )

    assert told in " ".join(pages[0].split())
    [behind] = [page for page in pages[1:] if "A diamond marks" in page]
    assert told in " ".join(behind.split())


def test_a_run_that_never_rests_stays_a_readable_paper() -> None:
    made = FORMATS["pdf"].render(handout(many_events(5_000)))

    assert len(PdfReader(io.BytesIO(made)).pages) < 10
    assert "lists 10 of 5,000 entries" in " ".join(pages_of(made)[0].split())


def test_when_even_the_key_entries_are_too_many_deviations_go_first() -> None:
    told = [
        *failed_run(),
        *((40 + n, ev.WaitStarted(step="look", due=START, reason=f"{n}"), LEAD) for n in range(40)),
    ]
    report = handout(told).report
    made = content(report)
    seqs = [int(entry["seq"]) for entry in made["timeline"]]

    assert len(seqs) == 20
    assert {1, 7, 9, len(told)} <= set(seqs)
    assert seqs == sorted(seqs)
    assert seqs[-17:] == list(range(len(told) - 16, len(told) + 1))
    assert f"20 of {len(told)} entries" in made["note"]
    assert "the most important of 49" in made["note"]


def test_an_entry_of_a_new_kind_is_a_key_entry() -> None:
    report = handout(many_events(60)).report
    lines = tuple(
        replace(line, event_type="comet.seen") if line.seq == 30 else line for line in report.lines
    )

    assert 30 in [line.seq for line in listed(lines).lines]
    assert {"note.added", "check.recorded"} <= ORDINARY
    assert not {kind for kind in ORDINARY if kind.startswith(("attempt.", "decision.", "run."))}


def test_a_late_note_is_a_deviation_and_stays() -> None:
    report = handout(many_events(60)).report
    lines = tuple(replace(line, late=True) if line.seq == 40 else line for line in report.lines)
    made = content(replace(report, lines=lines))

    assert 40 in [int(entry["seq"]) for entry in made["timeline"]]


def test_of_very_many_deviations_the_newest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_ROWS", 3)
    report = handout(long_run()).report
    made = content(report)["deviations"]

    assert len(made["rows"]) == 3
    assert made["rows"][-1][1] == "Attempt 3 cancelled after 9 min"
    assert made["told"].startswith("Of 6 rows the newest 3 are on paper.")


def test_of_very_many_attempts_the_newest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_ATTEMPTS", 2)
    made = handout(long_run())
    told = content(made.report)

    assert [each["number"] for each in told["attempts"]] == [3, 4]
    assert "Of 4 attempts the newest 2 are on paper." in " ".join(
        "".join(pages_of(FORMATS["pdf"].render(made))).split()
    )


def test_few_attempts_and_rows_need_no_word() -> None:
    told = content(handout([*failed_run(), (40, ev.NoteAdded(text="So."), OPERATOR)]).report)

    assert told["attempts_told"] == told["deviations"]["told"] == ""

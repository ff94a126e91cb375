"""The text for the field of a ticket: narrow, in order, exact where it matters."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runbook.domain import events as ev
from runbook.domain.readiness import Base, Sighting, YesNo
from runbook.domain.team_events import HandoverOffered, QuestionAsked
from runbook.domain.vocabulary import InstalledState, RetryRule
from runbook.exports import FORMATS
from runbook.exports.formats.ticket_text import WIDTH
from runbook.exports.widths import columns, cut, pixels, wrapped
from tests.exports.long_run import long_run
from tests.exports.records import ERROR, LEAD, OPERATOR, START, Told, failed_run, handout


def written(told: list[Told] | None = None, *, error: str | None = ERROR) -> str:
    return FORMATS["ticket"].render(handout(told or [], error=error)).decode()


def sections(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        line
        for line, below in pairwise(lines)
        if below and set(below) == {"-"} and len(below) == len(line)
    ]


def test_the_sections_come_in_the_order_of_a_desk() -> None:
    assert sections(written()) == [
        "SUMMARY",
        "ENVIRONMENT",
        "ATTEMPTS",
        "ATTEMPT 1",
        "WHAT WAS TRIED BESIDES",
        "WHAT DID NOT GO THE ORDINARY WAY",
        "OPEN QUESTIONS",
        "PROOF",
    ]


def test_all_but_the_message_keeps_to_eighty_columns() -> None:
    for told in (failed_run(), long_run()):
        text = written(told, error="short")
        assert [line for line in text.splitlines() if columns(line) > WIDTH] == []


def test_the_message_stands_as_it_was_handed_in() -> None:
    assert f"word for word:\n\n{ERROR}" in written()


def test_codes_and_ids_stand_whole_on_a_line() -> None:
    lines = [line.strip() for line in written().splitlines()]

    for exact in ("80097376", "8004F01F", "0f8fad5b-d9cb-469f-a165-70867728950e"):
        assert any(line.endswith(f" {exact}") for line in lines)
    assert handout().report.head in lines


def test_each_attempt_has_its_row() -> None:
    rows = [line.split() for line in written(long_run()).splitlines() if "2026-11-2" in line]

    assert ["1", "2026-11-21", "21:10", "UTC", "16", "min", "failed"] in rows
    assert ["2", "2026-11-21", "22:40", "UTC", "9", "min", "1", "h", "14", "min", "unknown"] in rows


def test_what_was_tried_is_told() -> None:
    told = [*failed_run(), (31, ev.RepairRecorded(text="Moved the kettle"), LEAD)]

    assert "- 2026-11-21 21:31 UTC Repair recorded (Ana)\n    Moved the kettle" in written(told)
    assert "Handed to: The workshop" in written(long_run())


def test_what_is_open_is_asked() -> None:
    told = [
        *failed_run()[:8],
        (20, ev.AttemptUnknown(number=1, reason="Browser lost"), OPERATOR),
        (30, QuestionAsked(number=1, about=9, text="Was the lamp on?"), LEAD),
        (31, HandoverOffered(to=OPERATOR, card=("Stands at 1",), doubts="The fuse"), LEAD),
    ]
    text = written(told).partition("OPEN QUESTIONS")[2]

    for asked in (
        "- Attempt 1 ended unseen: nobody knows how.",
        "- What is installed since attempt 1: nobody read it yet.",
        "- Question 1 on entry 9, by Ana: Was the lamp on?",
        "Doubts: The fuse",
    ):
        assert asked in text


def test_what_is_installed_stands_in_the_summary() -> None:
    seen = ev.StateRead(
        step="flash",
        state=InstalledState.ROLLED_BACK,
        retry=RetryRule.IF_FAMILY_ALLOWS,
        sighting=Sighting(base=Base.OLD, holding=YesNo.NO, running=YesNo.NO),
        base_version="4.50.2",
    )
    due = START + timedelta(minutes=90)
    planned = ev.RetryScheduled(number=2, due=due, family="busy", reason="An hour")
    text = written([*failed_run(), (40, seen, LEAD), (40, planned, LEAD)])

    assert "Installed state:          Rolled back, read 2026-11-21 21:40 UTC" in text
    assert "Versions seen:            4.50.2" in text
    assert "Next attempt not before:  2026-11-21 22:30 UTC" in text
    assert "OPEN QUESTIONS\n--------------\nNone.\n" in text


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert "a\ufffdb" in written(error="a\ud800b")
    assert written(error="\ud83d\ude80") == written(error="\U0001f680")


def test_nothing_is_open_at_a_good_end() -> None:
    last = [event for event in long_run() if not isinstance(event[1], ev.AttemptUnknown)]
    text = FORMATS["ticket"].render(handout(last)).decode()

    assert "OPEN QUESTIONS\n--------------\nNone.\n" in text


def test_an_erased_text_is_named() -> None:
    assert "The error text was erased." in written(error=None)


def test_marks_that_turn_the_line_are_named() -> None:
    assert "‹U+202E›gnp.exe" in written(error="\u202egnp.exe")


@given(st.text(max_size=300))
def test_lines_are_never_too_wide_and_lose_nothing(text: str) -> None:
    lines = list(wrapped(text, width=20))

    assert all(columns(line) <= 21 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_wide_character_takes_two_columns() -> None:
    assert columns("你好") == 4
    assert columns("e\u0301") == 1
    assert list(wrapped("你好世界", width=4)) == ["你好", "世界"]


@given(st.text(max_size=80), st.integers(20, 400))
def test_a_cut_text_fits(text: str, room: int) -> None:
    assert pixels(cut(text, size=12, room=room), size=12) <= room + 4


def test_a_report_without_attempts_can_be_written() -> None:
    made = handout(failed_run()[:2])

    assert "ATTEMPTS\n--------\nNone." in FORMATS["ticket"].render(replace(made)).decode()

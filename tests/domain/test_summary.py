"""Deviations come by time, whoever asks for one after the other or for all."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.report import ReportLine, RunReport
from runbook.domain.state import CheckMark
from runbook.domain.summary import (
    Deviation,
    checks,
    count_telling,
    deviates,
    deviations,
    each_deviation,
)
from runbook.domain.vocabulary import CheckResult
from tests.exports.records import LEAD, START, handout

REPORT = handout().report
TELLING = {CheckResult.FAILED, CheckResult.NOT_TESTED, CheckResult.BY_HAND}


def line(seq: int, minute: int, *, late: bool) -> ReportLine:
    at = START + timedelta(minutes=minute)
    first = REPORT.lines[0]
    return replace(first, seq=seq, headline=f"Entry {seq}", happened_at=at, late=late)


def report(entries: list[tuple[int, bool]], answers: list[tuple[int, CheckResult]]) -> RunReport:
    marks = {
        f"look/{number}": CheckMark(
            result=result, note="", at=START + timedelta(minutes=minute), actor=LEAD
        )
        for number, (minute, result) in enumerate(answers)
    }
    lines = tuple(
        line(seq, minute, late=late) for seq, (minute, late) in enumerate(entries, start=1)
    )
    return replace(REPORT, lines=lines, state=replace(REPORT.state, checks=marks))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(CheckResult)), max_size=5),
)
def test_they_stand_by_time_checks_first_then_by_seq(
    entries: list[tuple[int, bool]], answers: list[tuple[int, CheckResult]]
) -> None:
    made = report(entries, answers)
    telling = [each for each in checks(made) if each.result in TELLING]
    late = [each for each in made.lines if deviates(each)]

    found = deviations(made)

    assert found == tuple(each_deviation(made))
    assert len(found) == len(late) + count_telling(made) == len(late) + len(telling)
    assert [_key(each) for each in found] == sorted(_key(each) for each in found)
    assert [each.seq for each in found if each.seq] == [
        each.seq for each in sorted(late, key=lambda each: each.happened_at)
    ]


def _key(each: Deviation) -> tuple[object, int]:
    return each.at, each.seq or 0

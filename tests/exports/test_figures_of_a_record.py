"""The few figures at the head of a report."""

from runbook.domain import events as ev
from runbook.exports.contents import figures
from tests.exports.records import LEAD, Told, failed_run, handout


def lasted(told: list[Told]) -> str:
    return next(each.value for each in figures(handout(told).report) if each.label == "Lasted")


def test_what_is_written_after_the_end_makes_the_run_no_longer() -> None:
    ended: list[Told] = [*failed_run(), (40, ev.RunAbandoned(reason="Not today"), LEAD)]

    assert lasted(ended) == "40 min"
    assert lasted([*ended, (80 * 1440, ev.NoteAdded(text="It stands"), LEAD)]) == "40 min"

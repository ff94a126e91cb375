"""A record without typed words: nothing that anybody entered is in it, and the shape stays."""

from dataclasses import asdict

from runbook.domain import events as ev
from runbook.domain.bare import without_words
from runbook.domain.vocabulary import CheckResult, ImportOption, Method, Role
from tests.exports.records import LEAD, OPERATOR, PACK, Told, _started, handout

C = "c4na7y"


def typed_everywhere() -> list[Told]:
    """A run into which somebody typed the canary wherever a text can be typed."""
    return [
        (0, _started(), LEAD),
        (0, ev.FactsRecorded(step="facts", answers={"environment_name": C, "solution": C}), LEAD),
        (1, ev.MemberAdded(member=OPERATOR, role=Role.OPERATOR), LEAD),
        (2, ev.CheckRecorded(step="look", check="health", result=CheckResult.FAILED, note=C), LEAD),
        (3, ev.StepSkipped(step="look", reason=C), LEAD),
        (4, ev.NoteAdded(text=C), LEAD),
        (
            5,
            ev.AttemptStarted(
                number=1,
                method=Method.CLI,
                option=ImportOption.UPGRADE,
                file_name=C,
                file_version=C,
                tool_version=C,
            ),
            LEAD,
        ),
        (6, ev.AttemptUnknown(number=1, reason=C), LEAD),
        (7, ev.RetryScheduled(number=2, due=_started_at(), reason=C, family="busy"), LEAD),
        (8, ev.WaitStarted(step="look", due=_started_at(), reason=C), LEAD),
        (9, ev.EscalationSent(recipient="workshop", ticket=C), LEAD),
        (10, ev.QuestionAsked(number=1, about=1, text=C), LEAD),
        (11, ev.UpdatePromised(promise=C), LEAD),
        (12, ev.HandoverOffered(to=OPERATOR, card=(C,), doubts=C), LEAD),
        (13, ev.RunAbandoned(reason=C), LEAD),
    ]


def _started_at():  # type: ignore[no-untyped-def]
    return handout().report.made_at


def test_no_typed_word_is_left() -> None:
    full = handout(typed_everywhere(), error=C).report

    bare = without_words(full)

    assert repr(full).count(C) > 15
    assert C not in repr(bare)
    assert "Ana" not in repr(bare)
    assert "Contoso" not in repr(asdict(bare.state))


def test_times_outcomes_and_titles_stay() -> None:
    full = handout(typed_everywhere()).report

    bare = without_words(full)

    assert bare.pack is PACK
    assert [(line.seq, line.recorded_at) for line in bare.lines] == [
        (line.seq, line.recorded_at) for line in full.lines
    ]
    assert bare.lines[7].headline == "Attempt unknown"
    assert [attempt.outcome for attempt in bare.state.attempts] == [
        attempt.outcome for attempt in full.state.attempts
    ]
    assert bare.state.stage is full.state.stage

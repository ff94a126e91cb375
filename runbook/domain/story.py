"""The timeline as a reviewer reads it: the ordinary folded, what deviates in the open; pure.

200 entries, five that matter. Why an entry matters is read from its event, never from its words, so
that it holds for a redacted record as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from runbook.domain import events as ev
from runbook.domain.decisions.times import is_late
from runbook.domain.report import ReportLine
from runbook.domain.summary import FOLLOWING
from runbook.domain.vocabulary import CheckResult


class Entry(Protocol):
    """What is known of an event on the timeline; `event` is None when its content was erased."""

    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def event(self) -> ev.Event | None: ...
    @property
    def happened_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question by number, the entry it is about, and the entries that hold its words."""

    number: int
    about: int
    seq: int
    answered_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the events tell about each other: why an entry matters, what corrects it, who asked."""

    why: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    corrected_by: Mapping[int, int] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its words; `answer` is None while it is open."""

    number: int
    asked: ReportLine
    answer: ReportLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry for a reader, with all that belongs beside it."""

    line: ReportLine
    why: tuple[str, ...] = ()
    corrected_by: int | None = None
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Entries that stand together: one that matters, or several ordinary ones, folded."""

    entries: tuple[Shown, ...]
    folded: bool

    @property
    def first(self) -> ReportLine:
        """The oldest entry."""
        return self.entries[0].line

    @property
    def last(self) -> ReportLine:
        """The newest entry."""
        return self.entries[-1].line


def signs_of(entries: Iterable[Entry]) -> Signs:
    """Reads what the events tell; the same for every reader."""
    why: dict[int, tuple[str, ...]] = {}
    corrected: dict[int, int] = {}
    asked: dict[int, Asked] = {}
    for entry in entries:
        reasons = _reasons(entry)
        if reasons:
            why[entry.seq] = reasons
        match entry.event:
            case ev.NoteAdded(corrects=int() as wrong):
                corrected[wrong] = entry.seq
            case ev.QuestionAsked(number=number, about=about):
                asked[number] = Asked(number=number, about=about, seq=entry.seq)
            case ev.QuestionAnswered(number=number) if number in asked:
                found = asked[number]
                asked[number] = Asked(
                    number=number, about=found.about, seq=found.seq, answered_by=entry.seq
                )
            case _:
                pass
    return Signs(why=why, corrected_by=corrected, asked=tuple(asked.values()))


_WORDS: Mapping[type[ev.Event], str] = {
    ev.RunAdopted: "adopted in the middle",
    ev.RunPaused: "paused",
    ev.RunAbandoned: "abandoned",
    ev.StepSkipped: "skipped",
    ev.StepReopened: "opened again",
    ev.AttemptFailed: "failed",
    ev.AttemptUnknown: "unknown",
    ev.AttemptCancelled: "cancelled",
    ev.RetryOverridden: "overridden",
    ev.RemovalRecorded: "removed",
    ev.EscalationSent: "handed to others",
    ev.ClaimTakenOver: "taken over",
}
_CHECKS = {
    CheckResult.FAILED: "check failed",
    CheckResult.NOT_TESTED: "not tested",
    CheckResult.BY_HAND: "verified by hand",
}


def _reasons(entry: Entry) -> tuple[str, ...]:
    late = is_late(entry.happened_at, entry.recorded_at) and entry.type not in FOLLOWING
    return tuple(word for word in (_reason(entry.event), "late entry" if late else "") if word)


def _reason(event: ev.Event | None) -> str:
    match event:
        case None:
            return "erased"
        case ev.AttemptStarted(number=number) if number > 1:
            return "retried"
        case ev.RunClosed(partial=True):
            return "closed as partial"
        case ev.CheckRecorded(result=result):
            return _CHECKS.get(result, "")
        case ev.NoteAdded(corrects=int()):
            return "correction"
        case _:
            return _WORDS.get(type(event), "")


def told(
    lines: Sequence[ReportLine], signs: Signs, *, open_at: Collection[int] = ()
) -> tuple[Passage, ...]:
    """The lines in order. An entry that matters, was corrected or is asked about stands alone.

    `open_at` are further entries that the reader wants in the open.
    """
    shown = _all_shown(lines, signs)
    passages: list[Passage] = []
    ordinary: list[Shown] = []
    for each in shown:
        if not _matters(each) and each.line.seq not in open_at:
            ordinary.append(each)
            continue
        if ordinary:
            passages.append(Passage(entries=tuple(ordinary), folded=True))
            ordinary = []
        passages.append(Passage(entries=(each,), folded=False))
    if ordinary:
        passages.append(Passage(entries=tuple(ordinary), folded=True))
    return tuple(passages)


def _matters(shown: Shown) -> bool:
    return bool(shown.why or shown.corrected_by or shown.questions)


def _all_shown(lines: Sequence[ReportLine], signs: Signs) -> list[Shown]:
    by_seq = {line.seq: line for line in lines}
    questions: dict[int, list[Question]] = {}
    for asked in signs.asked:
        answer = by_seq.get(asked.answered_by) if asked.answered_by else None
        question = Question(number=asked.number, asked=by_seq[asked.seq], answer=answer)
        questions.setdefault(asked.about, []).append(question)
    return [
        Shown(
            line=line,
            why=signs.why.get(line.seq, ()),
            corrected_by=signs.corrected_by.get(line.seq),
            questions=tuple(questions.get(line.seq, ())),
        )
        for line in lines
    ]

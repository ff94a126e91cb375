"""What a fact of a packet is, what facts are taken from, and answers as facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain.pack import Pack
from runbook.domain.presenting import answer_words, clock, fill, utc
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.state import RunState
from runbook.domain.steps import Question, QuestionKind, Step

_EXACT = frozenset(
    {QuestionKind.VERSION, QuestionKind.SHA256, QuestionKind.FILE_NAME, QuestionKind.ADDRESS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing that is known; `note` says of what, such as of which attempt."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; every row has as many cells as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact. `gap` says what is missing, `step` is where it is captured.

    `exact` is for codes, ids and versions, `text` for what must stay word for word.
    """

    slug: str
    label: str
    values: tuple[Value, ...] = ()
    text: str = ""
    table: Table | None = None
    exact: bool = False
    gap: str = ""
    step: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.values or self.text or self.table)

    @property
    def words(self) -> str:
        """The values in one line, for the middle of a sentence."""
        return ", ".join(value.text for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the facts are taken from; without lines and texts it still tells what is missing."""

    state: RunState
    pack: Pack
    lines: Sequence[ReportLine] = ()
    errors: tuple[ErrorText, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the run."""
        return ZoneInfo(self.state.time_zone)

    def both(self, moment: datetime) -> str:
        """A time in UTC and by the clock of the run."""
        return f"{utc(moment)} ({clock(moment, self.zone)})"


def case_of(report: RunReport) -> Case:
    """The report as far as facts need it."""
    return Case(
        state=report.state,
        pack=report.pack,
        lines=report.lines,
        errors=report.errors,
        people=report.people,
        address=report.address,
    )


def label_of(slug: str) -> str:
    """A slug as people read it: `activity_id` is `Activity id`."""
    special = {"sha256": "SHA-256", "url": "address"}
    words = [special.get(word, word) for word in slug.replace("-", "_").split("_")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def answered(case: Case, question: Question) -> Fact:
    """The answer to a question of the pack, or that there is none."""
    answer = case.state.answers.get(question.slug, "").strip()
    blank = Fact(slug=question.slug, label=label_of(question.slug))
    if not answer:
        step = _asking(case.pack, question.slug)
        return replace(blank, gap=f"“{fill(question.label, {})}” has no answer.", step=step)
    if question.kind is QuestionKind.DATE_TIME:
        answer = _local(answer, case)
    return replace(
        blank,
        values=(Value(text=answer_words(question, answer)),),
        exact=question.kind in _EXACT or question.slug.endswith(("_id", "_version")),
    )


def _local(answer: str, case: Case) -> str:
    """A time that was typed by the clock of the run."""
    try:
        moment = datetime.fromisoformat(answer)
    except ValueError:
        return answer
    return case.both(moment if moment.tzinfo else moment.replace(tzinfo=case.zone))


def _asking(pack: Pack, slug: str) -> str:
    return first_step(pack, lambda step: any(each.slug == slug for each in step.questions))


def first_step(pack: Pack, holds: Callable[[Step], bool]) -> str:
    """The slug of the first step that is so; empty without one."""
    return next((s.slug for s in pack.runbook.steps if not s.retired and holds(s)), "")

"""What a runbook is made of: phases, steps, checks, questions and evidence slots, as frozen values."""

from dataclasses import dataclass
from enum import StrEnum

from runbook.domain.conditions import Condition
from runbook.domain.sources import Citation, Disagreement
from runbook.domain.vocabulary import Role, Severity, StepKind


class QuestionKind(StrEnum):
    """How an answer is entered and validated."""

    TEXT = "text"
    LONG_TEXT = "long text"
    YES_NO = "yes or no"
    CHOICE = "choice"
    VERSION = "version"
    DATE_TIME = "date and time"
    NUMBER = "number"
    ADDRESS = "address"
    FILE_NAME = "file name"
    SHA256 = "sha-256"


class Risk(StrEnum):
    """What a mistake in a step can cost."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to a question of kind `choice`."""

    slug: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something a step asks for; the answer is kept under its slug, unique in the runbook."""

    slug: str
    label: str
    kind: QuestionKind = QuestionKind.TEXT
    help: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a checklist; `help` is Markdown and says how to look.

    `import_only` leaves it out where no file is imported, as when a pending upgrade is applied.
    """

    slug: str
    text: str
    help: str = ""
    severity: Severity = Severity.BLOCK
    import_only: bool = False
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSlot:
    """A named place that a step keeps for evidence."""

    slug: str
    label: str
    required: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command for the admin to run, with run values in double braces; never run by the product.

    `caution` is shown above a command that is quoted from a source but not recommended.
    """

    slug: str
    title: str
    text: str
    shell: str = "powershell"
    caution: str = ""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition that must hold before a step may start, and the sentence that refuses it."""

    needs: Condition
    refusal: str
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Usual time for a step in minutes: half of the time under p50, nine in ten under p90.

    Never shown without its source.
    """

    p50: int
    p90: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRule:
    """How long a step of kind `wait` lasts: a number of minutes, or until the next night is over."""

    reason: str
    minutes: int = 0
    until_after_night: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One unit of work. `slug` is never reused; a step is retired, never deleted.

    A claim on it turns stale after `claim_minutes`. With `sign_off` a second person must stand by
    it once it is completed, if the run has one.
    """

    slug: str
    title: str
    kind: StepKind
    guide: str
    done_when: str
    duration: Duration | None = None
    checks: tuple[Check, ...] = ()
    questions: tuple[Question, ...] = ()
    slots: tuple[EvidenceSlot, ...] = ()
    commands: tuple[CommandLine, ...] = ()
    gate: tuple[Gate, ...] = ()
    condition: Condition | None = None
    role: Role = Role.OPERATOR
    claim_minutes: int = 60
    sign_off: bool = False
    risk: Risk = Risk.LOW
    destructive: bool = False
    undo: str = ""
    never: tuple[str, ...] = ()
    wait: WaitRule | None = None
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A named stretch of steps."""

    slug: str
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A predefined procedure; a definition, never an execution. `version` grows with each change."""

    version: int
    title: str
    phases: tuple[Phase, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order."""
        return tuple(step for phase in self.phases for step in phase.steps)

    def step(self, slug: str) -> Step:
        """The step with this slug; KeyError if there is none."""
        for step in self.steps:
            if step.slug == slug:
                return step
        raise KeyError(slug)

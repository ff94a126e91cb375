"""A pack: everything shipped about one product's upgrade, as one frozen value with a digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runbook.domain.conditions import Condition
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.readiness import Readiness
from runbook.domain.sources import Citation, Disagreement, Source
from runbook.domain.steps import Runbook


class Maintenance(StrEnum):
    """Whether somebody still looks after the product."""

    MAINTAINED = "maintained"
    UNMAINTAINED = "unmaintained"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleFact:
    """One dated fact about the product's life. `certainty` says how many sources agree, in words."""

    date: str
    text: str
    certainty: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Where the product stands; shown at the head of each page that gives advice."""

    maintenance: Maintenance
    since: str
    summary: str
    facts: tuple[LifecycleFact, ...] = ()


class RecipientKind(StrEnum):
    """Who reads a packet: decides what is hidden from them by default, and how sending is kept."""

    SUPPORT = "support"
    PARTNER = "partner"
    LEAD = "lead"
    TRACKER = "tracker"
    REQUESTER = "requester"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a packet: words, then facts by their slugs.

    `text` is one paragraph or list item a line, plain enough to be read without rendering; a line
    with a value that is not known is left out. It is shown if all holds that is stated: the run
    stands on a failure, an attempt met one of the families, a failure took the branch or its
    question was answered with yes, and the condition is not false.
    """

    title: str = ""
    text: str = ""
    facts: tuple[str, ...] = ()
    failing: bool = False
    families: tuple[str, ...] = ()
    branch: str = ""
    condition: Condition | None = None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody a run can be escalated to, and the facts their first reply would ask for.

    `subject` is the first line of the packet; without `passages` the facts stand there as a list.
    """

    slug: str
    title: str
    text: str
    facts: tuple[str, ...]
    kind: RecipientKind = RecipientKind.OTHER
    subject: str = ""
    passages: tuple[Passage, ...] = ()
    available: bool = True
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRule:
    """When to hand the run to somebody else; `slug` is known to the engine or shown as text only."""

    slug: str
    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A managed solution that the pack knows by its unique name."""

    unique_name: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A published version, with the month it came out and what to know about it."""

    version: str
    date: str
    notes: str = ""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRisk:
    """A named risk on the way between two versions: it applies to from < at <= to."""

    slug: str
    at: str
    title: str
    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Ways from an installed version to a target, with the stances of the sources."""

    risks: tuple[PathRisk, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed with one revision of the pack, for people who read it before."""

    revision: int
    date: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What the example runs of the pack are played with; `error_text` is the failure they meet."""

    title: str
    time_zone: str
    answers: Mapping[str, str]
    error_text: str
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """One row of the code table; `decimal` is the signed 32-bit form of `hex`."""

    hex: str
    symbolic_name: str
    decimal: int
    area: str
    transient: str
    gist: str
    source_date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Runbook, families, codes, readiness and paths of one product; `extends` is already merged in.

    `digest` is the SHA-256 of the canonical content, so equal digests mean equal advice.
    """

    slug: str
    title: str
    product: str
    revision: int
    verified_on: str
    lifecycle: Lifecycle
    runbook: Runbook
    readiness: Readiness
    families: tuple[ErrorFamily, ...]
    sources: tuple[Source, ...]
    fallback_family: str
    unknown_outcome_family: str
    not_an_error_family: str
    extends: str = ""
    summary: str = ""
    solutions: tuple[Solution, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    escalation_rules: tuple[EscalationRule, ...] = ()
    releases: tuple[Release, ...] = ()
    paths: Paths = Paths()
    codes: tuple[ErrorCode, ...] = ()
    example: Example | None = None
    history: tuple[Change, ...] = ()
    digest: str = ""

    def family(self, slug: str) -> ErrorFamily:
        """The family with this slug; KeyError if the pack has none."""
        for family in self.families:
            if family.slug == slug:
                return family
        raise KeyError(slug)

    def source(self, slug: str) -> Source:
        """The source with this slug; KeyError if the pack has none."""
        for source in self.sources:
            if source.slug == slug:
                return source
        raise KeyError(slug)

"""Error families and diagnoses as frozen values; the content lives in packs."""

from dataclasses import dataclass

from runbook.domain.retry import RetryPolicy
from runbook.domain.sources import Citation, Disagreement
from runbook.domain.vocabulary import Confidence, Disposition, ImportPhase, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A fragment or RE2 pattern that points to a family.

    Exactly one of `fragment` (compared without case, white space collapsed) and `pattern` (RE2, case
    ignored) is set. `also` lists fragments that must stand in the text too, `unless` fragments that
    must not. `phases`, if given, restricts the signature to these phases. `specific` is false for
    words that only support a family and must not decide alone.
    """

    fragment: str = ""
    pattern: str = ""
    also: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    phases: tuple[ImportPhase, ...] = ()
    specific: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One concrete action, in the order to try; `text` is Markdown."""

    text: str
    role: Role = Role.OPERATOR
    url: str = ""
    phases: tuple[ImportPhase, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A fork that a family takes when the failing component's name holds one of the fragments.

    `step` is the decision step of the runbook that asks the question.
    """

    slug: str
    title: str
    component_fragments: tuple[str, ...]
    step: str
    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFamily:
    """A kind of failure with one cause and one set of remedies. Slugs are an interface.

    `revision` grows with each change of the file; a diagnosis stores the revision that made it.
    `summary` says in one or two sentences what happened; `explanation` is Markdown.
    """

    slug: str
    title: str
    revision: int
    disposition: Disposition
    retry_helps: str
    summary: str
    explanation: str
    first_action: str
    signatures: tuple[Signature, ...] = ()
    codes: tuple[str, ...] = ()
    ladder: RetryPolicy | None = None
    remedies: tuple[Remedy, ...] = ()
    never: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    samples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """The component that a failure text names; each part may be missing."""

    type: str | None = None
    name: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """Identifiers that support needs, as lower-case GUIDs."""

    activity: str | None = None
    correlation: str | None = None
    client_request: str | None = None
    tracking: str | None = None
    async_operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One family that fits, with the words that say so and how sure that is."""

    family: str
    revision: int
    confidence: Confidence
    disposition: Disposition
    quote: str
    reason: str
    matched_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a text told: facts in their order and families, best first.

    `codes` are normal forms in the order of the text, outer before inner. `status` is the HTTP
    status word (`BadGateway`) that a service answered with.
    """

    is_import_error: bool
    diagnoses: tuple[Diagnosis, ...] = ()
    codes: tuple[str, ...] = ()
    status: str | None = None
    phase: ImportPhase | None = None
    component: Component = Component()
    ids: Ids = Ids()
    versions: tuple[str, ...] = ()

"""A packet: what one reader needs to take a run over, worded for them, and what is still missing.

The words come from the pack's recipients, the facts from the record. A packet for somebody outside
is made of a redacted report (`runbook.domain.redaction.reports`): nothing else of the run gets in.
How it is written as Markdown or plain text is the business of `runbook.exports.packets`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.domain.conditions import holds
from runbook.domain.diagnosis.family import Branch, ErrorFamily
from runbook.domain.pack import Pack, Passage, Recipient, RecipientKind
from runbook.domain.packet_case import Case, Fact, case_of
from runbook.domain.packet_facts import fact_of, known_facts
from runbook.domain.patterns import Match, Pattern
from runbook.domain.presenting import fill
from runbook.domain.redaction.profiles import Profile
from runbook.domain.report import RunReport
from runbook.domain.steps import QuestionKind
from runbook.domain.summary import has_failed

_PROFILES: Mapping[RecipientKind, Profile] = {
    RecipientKind.SUPPORT: Profile.MICROSOFT_SUPPORT,
    RecipientKind.PARTNER: Profile.PARTNER,
    RecipientKind.LEAD: Profile.INTERNAL,
}
_VALUE = Pattern(r"\{\{\s*(run|pack)\.([a-z0-9_-]+)\s*\}\}", ignore_case=False)
_VALUES = 1_000
_FAILED = (
    Passage(title="What the platform answered", facts=("error_code", "activity_id", "error_text")),
    Passage(title="Attempts", facts=("attempt_times",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a packet. `lines` hold `{{ run.<slug> }}` where a value of the packet goes."""

    title: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A packet for one recipient; `facts` are those that this recipient needs.

    `title` is plain words. `values` are words of people and must be escaped where they are filled in.
    """

    recipient: Recipient
    title: str
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    values: Mapping[str, str]

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What the recipient needs and the record does not hold."""
        return tuple(fact for fact in self.facts if fact.gap)


def default_profile(recipient: Recipient) -> Profile:
    """What is hidden from this recipient unless somebody decides otherwise."""
    return _PROFILES.get(recipient.kind, Profile.PUBLIC)


def recipient_of(pack: Pack, slug: str) -> Recipient:
    """The recipient with this slug; KeyError if the pack has none."""
    for recipient in pack.recipients:
        if recipient.slug == slug:
            return recipient
    raise KeyError(slug)


def packet_of(report: RunReport, recipient: Recipient) -> Packet:
    """The packet for this recipient; equal reports give equal packets."""
    case = case_of(report)
    known = known_facts(case)
    values = _values(case, known)
    failed = has_failed(report)
    words = _pack_words(case.pack, _family(case))
    passages = recipient.passages or _default(recipient, failed=failed)
    sections = (
        _section(case, passage, values=values, words=words)
        for passage in passages
        if _applies(case, passage, failed=failed)
    )
    return Packet(
        recipient=recipient,
        title=_title(case, recipient, values=values, failed=failed),
        sections=tuple(each for each in sections if each.lines or each.facts),
        facts=tuple(fact_of(case, slug) for slug in recipient.facts),
        values=values,
    )


def _values(case: Case, known: Mapping[str, Fact]) -> dict[str, str]:
    """What a passage may name: the facts, choices as the pack spells them, as in every guide."""
    values = {slug: fact.words for slug, fact in known.items() if fact.values}
    chosen = (
        each.slug
        for step in case.pack.runbook.steps
        for each in step.questions
        if each.choices and each.slug in values
    )
    return values | {slug: case.state.answers[slug] for slug in chosen}


def _default(recipient: Recipient, *, failed: bool) -> tuple[Passage, ...]:
    """For a recipient of whom the pack says no more than which facts they need."""
    later = {slug for passage in _FAILED for slug in passage.facts} if failed else set()
    facts = tuple(slug for slug in recipient.facts if slug not in later)
    return (Passage(title="Facts", facts=facts), *(_FAILED if failed else ()))


def _title(case: Case, recipient: Recipient, *, values: Mapping[str, str], failed: bool) -> str:
    """The first line: desks sort by it, so it says what failed, and with which codes."""
    if not failed or not recipient.subject:
        return f"{case.pack.product}: {case.state.title}"
    told = " ".join(fill(recipient.subject, values).split())
    codes = values.get("error_code", "")
    return f"{told} ({codes})" if codes and codes not in told else told


def _family(case: Case) -> ErrorFamily | None:
    """The kind of the newest failure that somebody or the engine named."""
    slug = next((each.family for each in reversed(case.state.attempts) if each.family), "")
    return next((family for family in case.pack.families if family.slug == slug), None)


def _applies(case: Case, passage: Passage, *, failed: bool) -> bool:
    if passage.failing and not failed:
        return False
    met_families = {attempt.family for attempt in case.state.attempts}
    if passage.families and met_families.isdisjoint(passage.families):
        return False
    if passage.branch and not _takes(case, passage.branch):
        return False
    met = passage.condition is None or holds(
        passage.condition, case.state.answers, resolved=frozenset(case.state.marks)
    )
    return met is not False


def _takes(case: Case, slug: str) -> bool:
    """Whether a failure named something of this branch, or its question was answered with yes."""
    branches = [b for family in case.pack.families for b in family.branches if b.slug == slug]
    return any(_names(case, branch) or _said(case, branch) for branch in branches)


def _names(case: Case, branch: Branch) -> bool:
    named = [(a.reading.component.name or "").casefold() for a in case.state.attempts if a.reading]
    return any(part.casefold() in name for part in branch.component_fragments for name in named)


def _said(case: Case, branch: Branch) -> bool:
    asked = (s.questions for s in case.pack.runbook.steps if s.slug == branch.step)
    return any(
        case.state.answers.get(each.slug) == "yes"
        for questions in asked
        for each in questions
        if each.kind is QuestionKind.YES_NO
    )


def _pack_words(pack: Pack, family: ErrorFamily | None) -> dict[str, str]:
    """Words of the pack that a passage may name; they hold no words of people."""
    words = {
        "product": pack.product,
        "lifecycle": pack.lifecycle.summary,
        "verified_on": pack.verified_on,
    }
    if family is not None:
        words |= {
            "family": family.title,
            "summary": family.summary,
            "first_action": family.first_action,
        }
    return {name: " ".join(text.split()) for name, text in words.items()}


def _section(
    case: Case, passage: Passage, *, values: Mapping[str, str], words: Mapping[str, str]
) -> Section:
    lines = (_line(line, words) for line in passage.text.split("\n"))
    facts = (fact_of(case, slug) for slug in passage.facts)
    return Section(
        title=passage.title,
        lines=tuple(line for line in lines if line.strip() and _is_whole(line, values)),
        facts=tuple(fact for fact in facts if fact.is_known),
    )


def _line(line: str, words: Mapping[str, str]) -> str:
    """The line with the pack's words in it; what it does not know stays and drops the line."""

    def word(match: Match) -> str:
        found = match.group() or ""
        return words.get(match.group(2) or "", found) if match.group(1) == "pack" else found

    return _VALUE.replace(line, word, limit=_VALUES)


def _is_whole(line: str, values: Mapping[str, str]) -> bool:
    return all(
        match.group(1) == "run" and match.group(2) in values
        for match in _VALUE.find(line, limit=_VALUES)
    )

"""A whole report made fit for one recipient, with one set of pseudonyms over all its texts.

Every text of the report is redacted unless its field is known to hold no words of people, so a
field that is new is safe before anybody thought of it. What any text tells, such as which GUID is
the tenant, holds for all of them: they are read once to learn that and once to cut.

What stays: the pack and the steps, which are ours; codes and ids that support needs; digests, head,
genesis and address, which prove the record. Stored events are not in a report: a format that writes
them word for word must not be handed out under any profile but `internal`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from runbook.domain.redaction.labels import is_guid
from runbook.domain.redaction.named import kind_of_name
from runbook.domain.redaction.profiles import CUTS, Kind, Profile, Tier
from runbook.domain.redaction.pseudonyms import Pseudonyms, is_mark
from runbook.domain.redaction.redacting import Cut, Decision, redact
from runbook.domain.report import ReportLine, RunReport

#: How the lines of a report are kept: in memory, or on disk if there are too many.
KeepLines = Callable[[Iterable[ReportLine]], Sequence[ReportLine]]
_NOTHING: Mapping[str, Decision] = MappingProxyType({})
#: Fields that hold slugs, digests and ids, never words of people.
LEFT = frozenset(
    {
        *("pack", "pack_digest", "time_zone", "steps", "seq", "event_type", "digest"),
        *("error_digest", "rows_digest", "file_sha256", "family", "fingerprint", "operator"),
        *("ids", "codes", "id", "escalation", "escalated_to", "matched_by", "rules"),
    }
)
#: What stands on the record about other readers is nothing for a reader from outside.
_OF_LINKS = {
    "link.created": "Share link made",
    "link.opened": "Share link opened",
    "link.revoked": "Share link revoked",
}
#: Names that many environments have; cutting them everywhere would tear holes into sentences.
_COMMON = frozenset(
    """
    coe default dev development live main org prod production sandbox stage staging tenant test
    trial uat yes no n/a none unknown
    """.split()  # noqa: SIM905 - a list of words reads better
)
_SHORTEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A thing of tier `ask` by its words, and whether it was cut; for the preview."""

    kind: Kind
    words: str
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedReport:
    """A report for one recipient, its pseudonyms, and what somebody should look at."""

    report: RunReport
    pseudonyms: Pseudonyms
    asked: tuple[Asked, ...]


def redact_report(
    report: RunReport,
    profile: Profile,
    *,
    pseudonyms: Pseudonyms | None = None,
    decisions: Mapping[str, Decision] = _NOTHING,
    keep: KeepLines = tuple,
) -> RedactedReport:
    """The report as this recipient may see it; equal arguments give equal results.

    The lines are read twice, one after the other, and written once, to `keep`.
    """
    told = _told(report)
    learning = _Reader(report, Profile.INTERNAL, known=told)
    _changed(report, learning, keep=lambda lines: deque(lines, maxlen=0) and ())
    reader = _Reader(
        report,
        profile,
        known={**learning.learned, **told},
        pseudonyms=pseudonyms,
        decisions=decisions,
    )
    public = report.public or profile is Profile.PUBLIC
    return RedactedReport(
        report=replace(_changed(report, reader, keep=keep), public=public),
        pseudonyms=reader.pseudonyms,
        asked=tuple(reader.asked.values()),
    )


class _Reader:
    """Redacts one text after the other and keeps what that taught."""

    def __init__(
        self,
        report: RunReport,
        profile: Profile,
        *,
        known: Mapping[str, Kind],
        pseudonyms: Pseudonyms | None = None,
        decisions: Mapping[str, Decision] = _NOTHING,
    ) -> None:
        self.pseudonyms = pseudonyms or Pseudonyms()
        self.learned: dict[str, Kind] = {}
        self.asked: dict[str, Asked] = {}
        self.profile, self._known, self._decisions = profile, known, decisions
        self._actors = {*report.people, *report.state.members}
        self._names = frozenset(report.people.values())

    def read(self, text: str, label: str) -> str:
        """The text as the recipient may see it; an actor id is nothing, a name is a person."""
        if not text or text in self._actors or is_mark(text):
            return text
        if text in self._names and Kind.PERSON in CUTS[self.profile]:
            self.pseudonyms = self.pseudonyms.having_seen([(Kind.PERSON, text.lower())])
            return self.pseudonyms.name(Kind.PERSON, text.lower())
        done = redact(
            text,
            self.profile,
            pseudonyms=self.pseudonyms,
            decisions=self._decisions,
            known=self._known,
            label=label.replace("_", " ").replace("-", " "),
        )
        self.pseudonyms = done.pseudonyms
        for cut in done.cuts:
            self._note(text[cut.start : cut.end], cut)
        return done.text

    def _note(self, words: str, cut: Cut) -> None:
        if cut.tier is Tier.ASK:
            self.asked[words] = Asked(kind=cut.kind, words=words, cut=cut.cut)
        elif is_guid(words):
            self.learned[words] = cut.kind


def _told(report: RunReport) -> dict[str, Kind]:
    """Words that answers, members and the title tell, worth looking for in every text."""
    title, product = report.state.title.strip(), report.pack.product
    # People put the name of a customer there, so it goes wherever the name of an environment goes.
    told = {title: Kind.ENVIRONMENT} if title.lower() not in product.lower() else {}
    told |= {
        value.strip(): kind
        for slug, value in report.state.answers.items()
        if (kind := kind_of_name(slug)) and "@" not in value
    }
    told |= dict.fromkeys(report.people.values(), Kind.PERSON)
    return {
        words: kind
        for words, kind in told.items()
        if len(words) >= _SHORTEST and words.lower() not in _COMMON and not is_mark(words)
    }


def _for(line: ReportLine, profile: Profile) -> ReportLine:
    hidden = "" if profile is Profile.INTERNAL else _OF_LINKS.get(line.event_type, "")
    return replace(line, headline=hidden, detail="") if hidden else line


def _changed(report: RunReport, reader: _Reader, *, keep: KeepLines) -> RunReport:
    return replace(
        report,
        state=_walked(report.state, reader),
        lines=keep(_walked(_for(line, reader.profile), reader) for line in report.lines),
        errors=_walked(report.errors, reader),
        exhibits=_walked(report.exhibits, reader),
        people={actor: reader.read(name, "") for actor, name in report.people.items()},
    )


def _walked(value: Any, reader: _Reader, *, label: str = "") -> Any:
    """A value like this one, its texts redacted; `label` is the name of the field it stands in."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return reader.read(value, label)
    if isinstance(value, tuple):
        return tuple(_walked(each, reader, label=label) for each in value)
    if isinstance(value, Mapping):
        done = {key: _walked(value[key], reader, label=key) for key in sorted(value)}
        return {key: done[key] for key in value}
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value) if each.name not in LEFT]
        changes = {name: _walked(getattr(value, name), reader, label=name) for name in names}
        return replace(value, **changes)
    return value

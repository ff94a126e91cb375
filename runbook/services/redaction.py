"""What a run's hand-outs share: one pseudonym for one thing, and what people said about doubts.

Kept in a table of its own, since it holds in clear what is hidden from others; it can be erased as a
whole and is never part of the record.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from runbook.domain.redaction import RULES_VERSION, Decision, Profile, Pseudonyms
from runbook.domain.redaction.reports import KeepLines, RedactedReport, redact_report
from runbook.domain.report import RunReport
from runbook.models import PseudonymMap, Run
from runbook.services import timeline

#: More things to decide on than anybody looks at; what is beyond stays as the profile says.
MOST_DECISIONS = 2_000
_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The pseudonyms of a run, and for each profile what people decided about things in doubt."""

    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    decisions: Mapping[Profile, Mapping[str, Decision]] = field(default_factory=dict)

    def said(self, profile: Profile) -> Mapping[str, Decision]:
        """What was decided for this profile."""
        return self.decisions.get(profile, {})


def kept_for(run: Run) -> Kept:
    """What is kept for the run; nothing before the first hand-out."""
    row = PseudonymMap.objects.filter(run=run).first()
    return _read(row.body) if row else Kept()


def redacted(
    report: RunReport, profile: Profile, *, kept: Kept, keep_lines: KeepLines = tuple
) -> RedactedReport:
    """The report as this profile may see it, with the pseudonyms that the run has already."""
    return redact_report(
        report,
        profile,
        pseudonyms=kept.pseudonyms,
        decisions=kept.said(profile),
        keep=keep_lines,
    )


def keep(run_id: uuid.UUID, *, before: Kept, after: Kept) -> bool:
    """Keeps what a hand-out added, unless somebody else added something since `before` was read.

    Two hand-outs at once would give one number to two things; whoever gets False reads again.
    """

    def write() -> bool:
        run = timeline.locked(run_id)
        if kept_for(run) != before:
            return False
        values = {"body": _written(after), "rules_version": RULES_VERSION}
        PseudonymMap.objects.update_or_create(run=run, defaults=values)
        return True

    return before == after or timeline.patiently(write)


def decide(
    run_id: uuid.UUID, profile: Profile, *, said: Mapping[str, Decision], report: RunReport
) -> RedactedReport:
    """Keeps what a person said about things in doubt, and the pseudonyms that follow from it."""
    wanted = dict(list(said.items())[:MOST_DECISIONS])
    return _settled(run_id, profile, report=report, said=wanted)


def handed_out(
    run_id: uuid.UUID, profile: Profile, *, report: RunReport, keep_lines: KeepLines = tuple
) -> RedactedReport:
    """The report for this profile, its pseudonyms kept, so that a later hand-out names things alike."""
    return _settled(run_id, profile, report=report, said=None, keep_lines=keep_lines)


def _settled(
    run_id: uuid.UUID,
    profile: Profile,
    *,
    report: RunReport,
    said: Mapping[str, Decision] | None,
    keep_lines: KeepLines = tuple,
) -> RedactedReport:
    for _ in range(_TRIES):
        before = kept_for(Run.objects.get(pk=run_id))
        wanted = before
        if said is not None:
            wanted = replace(before, decisions={**before.decisions, profile: said})
        made = redacted(report, profile, kept=wanted, keep_lines=keep_lines)
        if keep(run_id, before=before, after=replace(wanted, pseudonyms=made.pseudonyms)):
            return made
    raise timeline.Busy


def forget(run_id: uuid.UUID) -> None:
    """Erases the pseudonyms and decisions; later hand-outs begin to count anew."""

    def write() -> None:
        PseudonymMap.objects.filter(run=timeline.locked(run_id)).delete()

    timeline.patiently(write)


def _written(kept: Kept) -> str:
    body = {
        "numbers": dict(kept.pseudonyms.numbers),
        "decisions": {
            profile.value: {words: said.value for words, said in told.items()}
            for profile, told in kept.decisions.items()
        },
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _read(body: str) -> Kept:
    found = json.loads(body)
    return Kept(
        pseudonyms=Pseudonyms(numbers=found["numbers"]),
        decisions={
            Profile(profile): {words: Decision(said) for words, said in told.items()}
            for profile, told in found["decisions"].items()
        },
    )

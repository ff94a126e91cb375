"""The pages of a reader as values: the story of a run, and the run as it stood at a moment.

A member and the reader of a link see the same pages; they differ in what the record says before it
comes here, and in where the page's links lead.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runbook.domain import events as ev
from runbook.domain import story, summary
from runbook.domain.pack import Pack
from runbook.domain.presenting import lasting
from runbook.domain.progress import Standing
from runbook.domain.report import ReportLine, RunReport
from runbook.domain.story import Passage
from runbook.domain.vocabulary import Outcome, RunStage
from runbook.queries import TimelineEntry
from runbook.services.review import Record
from runbook.web.forms.sharing import MomentForm

#: Where somebody would stop who winds the run back, in words that tell nothing of the run.
TURNS = {
    "run.started": "Run started",
    "run.adopted": "Run adopted",
    "run.paused": "Paused",
    "run.resumed": "Resumed",
    "run.closed": "Closed",
    "run.abandoned": "Abandoned",
    "attempt.started": "Attempt started",
    "attempt.succeeded": "Attempt succeeded",
    "attempt.failed": "Attempt failed",
    "attempt.unknown": "Attempt ended unknown",
    "attempt.cancelled": "Attempt cancelled",
    "state.read": "State read",
    "retry.overridden": "Wait overridden",
    "removal.recorded": "Solution removed",
    "handover.accepted": "Handed over",
}
_NEWEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the page's links lead; an empty address is a link that is not there.

    `file` ends in the digest of a text that the reader may have.
    """

    review: str
    at: str
    ask: str = ""
    run: str = ""
    report: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A question that comes back to the page, with what is wrong about it."""

    about: int
    text: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A text that was handed in, by the entry that names it."""

    line: ReportLine
    digest: str
    address: str


def story_context(
    record: Record, report: RunReport, *, places: Places, typed: Typed | None = None
) -> dict[str, Any]:
    """The reviewer's page: summary, then the story."""
    state = report.state
    open_at = {typed.about} if typed else set[int]()
    passages = story.told(report.lines, record.signs, open_at=open_at)
    matters = [passage.entries[0] for passage in passages if not passage.folded]
    return {
        "report": report,
        "pack": report.pack,
        "state": state,
        "zone": state.time_zone,
        "places": places,
        "versions": _versions(report),
        "outcome": _outcome(report),
        "lasted": _lasted(report),
        "attempts": summary.attempts(report),
        "attempt_counts": _counted(
            attempt.outcome.value if attempt.outcome else "open" for attempt in state.attempts
        ),
        "waits": _waits(report),
        "installed": summary.installed_state(report),
        "passages": passages,
        "deviations": [shown for shown in matters if shown.why],
        "questions": [(each, shown) for shown in matters for each in shown.questions],
        "files": files_of(record, report, address=places.file),
        "texts": {each.digest: each.text for each in report.errors},
        "typed": typed,
        "keys": _keys(passages) if places.ask else {},
    }


def _keys(passages: Sequence[Passage]) -> Mapping[int, uuid.UUID]:
    """A once-only key for each question form on the page."""
    open_entries = (passage for passage in passages if not passage.folded)
    return {passage.first.seq: uuid.uuid4() for passage in open_entries}


def _versions(report: RunReport) -> tuple[str, str]:
    given = report.state.answers
    return given.get("source_version", ""), given.get("target_version", "")


_ENDS = {
    Outcome.SUCCEEDED: "The last attempt succeeded",
    Outcome.FAILED: "The last attempt failed",
    Outcome.UNKNOWN: "How the last attempt ended is unknown",
    Outcome.CANCELLED: "The last attempt was cancelled",
}


def _outcome(report: RunReport) -> str:
    """How it ended, or how far it came, in a sentence."""
    state = report.state
    if state.stage is RunStage.CLOSED:
        return (
            "Finished, with criteria left open" if state.partial else "Finished, all criteria met"
        )
    if state.stage is RunStage.ABANDONED:
        return "Given up"
    attempt = state.current_attempt
    if attempt is None:
        return "Nothing was imported yet"
    return _ENDS[attempt.outcome] if attempt.outcome else "An attempt is open"


def _lasted(report: RunReport) -> str:
    if report.state.started_at is None or not report.lines:
        return ""
    # Links and files that are made of a run that has ended make it no longer.
    ends = (line.happened_at for line in report.lines if line.event_type in summary.ENDINGS)
    end = max(ends, default=report.made_at)
    return lasting(max(timedelta(), end - report.state.started_at))


def _counted(words: Any) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return list(counts.items())


def _waits(report: RunReport) -> list[tuple[str, int]]:
    names = {
        "retry.scheduled": "before an attempt",
        "wait.started": "as a step",
        "retry.overridden": "cut short",
    }
    return _counted(names[line.event_type] for line in report.lines if line.event_type in names)


def files_of(record: Record, report: RunReport, *, address: str) -> list[File]:
    """The texts that people handed in, as far as this reader may have them."""
    if not address:
        return []
    lines = {line.seq: line for line in report.lines}
    return [
        File(
            line=lines[each.seq],
            digest=each.event.digest,
            address=f"{address}{each.event.digest}/",
        )
        for each in record.recorded
        if isinstance(each.event, ev.ErrorCaptured | ev.EvidenceAdded)
        and each.event.digest  # a file has none; no profile can redact a picture
        and each.seq in lines
    ]


# --- the time machine -----------------------------------------------------------------------------


def chosen_seq(form: MomentForm, entries: Sequence[TimelineEntry]) -> int:
    """The newest entry that was on record at the moment, or the named one; the newest of all else."""
    newest = entries[-1].seq
    if not form.is_valid():
        return newest
    when, seq = form.cleaned_data["when"], form.cleaned_data["seq"]
    if when is None:
        return min(seq or newest, newest)
    return max((each.seq for each in entries if each.recorded_at <= when), default=entries[0].seq)


def moment_context(
    record: Record, report: RunReport, *, places: Places, form: MomentForm
) -> dict[str, Any]:
    """The run as it stood after its newest entry in this record; nothing that came later."""
    state, now = report.state, report.lines[-1].recorded_at
    when = form.cleaned_data.get("when") if form.is_valid() else None
    return {
        "report": report,
        "pack": report.pack,
        "state": state,
        "zone": state.time_zone,
        "places": places,
        "form": form,
        "stood_at": when if when and when > now else now,
        "stood_local": (when or now).astimezone(form.zone).strftime("%Y-%m-%dT%H:%M"),
        "too_early": bool(when and when < now),
        "entry": report.lines[-1],
        "newest": record.newest,
        "earlier": report.lines[-2].seq if len(report.lines) > 1 else None,
        "turns": [(turn, TURNS[turn.type]) for turn in record.turns if turn.type in TURNS],
        "later": state.seq + 1 if state.seq < record.newest else None,
        "phases": _by_phase(report.standings),
        "attempts": summary.attempts(report),
        "installed": summary.installed_state(report),
        "waits": [
            (_title(report.pack, slug), wait, wait.due <= now) for slug, wait in state.waits.items()
        ],
        "retry_over": bool(state.retry and state.retry.due <= now),
        "claims": [
            (_title(report.pack, slug), claim, report.people.get(claim.actor, "a member"))
            for slug, claim in state.team.claims.items()
        ],
        "members": [
            (report.people.get(actor, "a member"), role) for actor, role in state.members.items()
        ],
        "lines": list(reversed(report.lines))[:_NEWEST],
        "older": list(reversed(report.lines))[_NEWEST:],
    }


def _by_phase(found: Sequence[Standing]) -> dict[str, list[Standing]]:
    phases: dict[str, list[Standing]] = {}
    for standing in found:
        phases.setdefault(standing.phase, []).append(standing)
    return phases


def _title(pack: Pack, slug: str) -> str:
    return next((step.title for step in pack.runbook.steps if step.slug == slug), slug)

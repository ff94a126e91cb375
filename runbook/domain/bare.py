"""A record without anything that a person typed: what a reader gets when it cannot be redacted.

Built from what is known to be harmless instead of by taking away what is not, so that a field that
is added tomorrow stays out until somebody lets it in.
"""

from dataclasses import replace

from runbook.domain.report import ReportLine, RunReport
from runbook.domain.state import Attempt, RunState
from runbook.domain.teamwork import Teamwork

WITHHELD = "Withheld"


def without_words(report: RunReport) -> RunReport:
    """The record with times, outcomes, kinds of events and titles of the pack alone."""
    return RunReport(
        run="",
        address="",
        instance="",
        pack=report.pack,
        state=_state(report.state),
        standings=tuple(
            replace(standing, refusal="", refusal_step="") for standing in report.standings
        ),
        lines=tuple(_line(line) for line in report.lines),
        errors=(),
        people=dict.fromkeys(report.people, "a member"),
        head=report.head,
        genesis=report.genesis,
        made_at=report.made_at,
        product_version=report.product_version,
    )


def _line(line: ReportLine) -> ReportLine:
    words = line.event_type.replace(".", " ").replace("_", " ").capitalize()
    return replace(line, headline=words, detail="", actor="a member")


def _state(state: RunState) -> RunState:
    return RunState(
        seq=state.seq,
        stage=state.stage,
        paused_from=state.paused_from,
        pack=state.pack,
        pack_digest=state.pack_digest,
        title=WITHHELD,
        time_zone=state.time_zone,
        started_at=state.started_at,
        changed_at=state.changed_at,
        adopted=state.adopted,
        partial=state.partial,
        steps=state.steps,
        members=state.members,
        marks={slug: replace(mark, reason="") for slug, mark in state.marks.items()},
        attempts=tuple(_attempt(attempt) for attempt in state.attempts),
        last_reading=replace(state.last_reading, base_version="", holding_version="")
        if state.last_reading
        else None,
        retry=replace(state.retry, reason="") if state.retry else None,
        waits={slug: replace(wait, reason="") for slug, wait in state.waits.items()},
        team=Teamwork(
            claims=state.team.claims,
            signed=state.team.signed,
            next_update=state.team.next_update,
            acted_at=state.team.acted_at,
        ),
    )


def _attempt(attempt: Attempt) -> Attempt:
    return Attempt(
        number=attempt.number,
        method=attempt.method,
        option=attempt.option,
        operator=attempt.operator,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome,
        family=attempt.family,
        disposition=attempt.disposition,
        chosen=attempt.chosen,
    )

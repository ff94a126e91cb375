"""Use cases of a whole run: start, adopt, note, pause, resume, abandon, close, hand out."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from runbook import library, queries
from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.decisions import runs as decisions
from runbook.domain.decisions.attempts import Plan, Result
from runbook.domain.errors import TransitionRefused
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Outcome, Role
from runbook.models import Installation, Membership, PackRevision, Run, Team
from runbook.services import evidence, timeline
from runbook.services.timeline import Act, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a person says about a new run."""

    pack: str
    title: str
    time_zone: str
    answers: Mapping[str, str]
    team: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody already stuck tells; without `plan` nothing was tried yet."""

    account: str
    plan: Plan | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome = Outcome.UNKNOWN
    error_text: str = ""


def start_run(*, beginning: Beginning, act: Act, report: Report | None = None) -> Run:
    """Starts a run, and adopts it if a report says what happened before. All or nothing.

    The same form sent twice gives the same run; with other words, SubmissionMismatch.
    """
    try:
        return timeline.patiently(lambda: _begin(beginning, act, report))
    except IntegrityError:
        # The same form came in twice at once; the other one was faster, so its run is there now.
        return timeline.patiently(lambda: _begin(beginning, act, report))


def _begin(beginning: Beginning, act: Act, report: Report | None) -> Run:
    earlier = Run.objects.filter(pk=_run_id(act)).first()
    if earlier is not None:
        timeline.earlier(earlier, act, action=Action.RECORD_FACTS)
        return earlier
    pack = library.packs()[beginning.pack]
    seats = _seats(beginning, act)
    made = decisions.start_run(
        pack,
        title=beginning.title,
        time_zone=beginning.time_zone,
        answers=beginning.answers,
        team=beginning.team.hex if beginning.team else "",
    )
    run = _new_run(pack.digest, beginning.pack, act, team=seats[0].team if seats else None)
    joined = [
        ev.MemberAdded(member=seat.user.actor_id, role=Role(seat.role))
        for seat in seats
        if seat.user.actor_id != act.actor
    ]
    entries = [(event, act.when) for event in (*made, *joined)]
    state = timeline.append(run, RunState(), made=entries, act=act)
    if report is not None:
        _adopt(run, state, report, act)
    timeline.remember(run, act, action=Action.RECORD_FACTS)
    return run


def _seats(beginning: Beginning, act: Act) -> list[Membership]:
    """The seats of the run's team; refused to who has none of them."""
    if beginning.team is None:
        return []
    seats = list(
        Membership.objects.filter(team__handle=beginning.team, user__is_active=True)
        .select_related("team", "user")
        .order_by("pk")
    )
    if act.actor not in {seat.user.actor_id for seat in seats}:
        raise TransitionRefused("You are not a member of this team.")
    return seats


def _new_run(digest: str, slug: str, act: Act, *, team: Team | None) -> Run:
    # A fixed key, so that of two first runs that start together both name the same installation.
    installation, _ = Installation.objects.get_or_create(pk=1, defaults={"created": act.now})
    body = library.dump_pack(library.packs()[slug])
    revision, _ = PackRevision.objects.get_or_create(
        pk=digest, defaults={"slug": slug, "body": body}
    )
    run_id = _run_id(act)
    start = chain.genesis(
        instance=str(installation.instance), run=str(run_id), created=act.now, plan_digest=digest
    )
    return Run.objects.create(
        pk=run_id,
        created=act.now,
        genesis=start,
        head=start,
        pack=revision,
        team=team,
        state="",
    )


def _run_id(act: Act) -> uuid.UUID:
    return uuid.uuid5(act.key, act.actor) if act.key else uuid.uuid4()


def _adopt(run: Run, state: RunState, report: Report, act: Act) -> None:
    pack = queries.pack_of(run)
    adopted = decisions.adopt_run(state, pack, report=report.account, now=act.now)
    state = timeline.append(run, state, made=[(event, act.when) for event in adopted], act=act)
    if report.plan is None or report.started_at is None:
        return
    kept = evidence.prepare(report.error_text) if report.error_text.strip() else None
    if kept is not None:
        evidence.store(run, kept, act=act)
    result = Result(
        outcome=report.outcome,
        reason=report.account,
        no_text=kept is None,
        captured=evidence.captured(kept, pack),
    )
    tried = decisions.Tried(
        plan=report.plan,
        result=result,
        started_at=report.started_at,
        ended_at=report.ended_at or report.started_at,
    )
    told = decisions.report_attempt(state, pack, tried=tried, actor=act.actor, now=act.now)
    timeline.append(run, state, made=told, act=act)


def add_note(
    *, run_id: uuid.UUID, act: Act, text: str, step: str = "", corrects: int | None = None
) -> Written:
    """Adds a note, at any stage."""
    return timeline.record(
        run_id,
        Action.ADD_NOTE,
        act=act,
        decide=lambda run, state, pack: decisions.add_note(
            state, text=evidence.clean(text), step=step, corrects=corrects
        ),
    )


def pause(*, run_id: uuid.UUID, act: Act, reason: str) -> Written:
    """Rests the run."""
    return timeline.record(
        run_id,
        Action.PAUSE,
        act=act,
        decide=lambda run, state, pack: decisions.pause(state, reason=reason),
    )


def resume(*, run_id: uuid.UUID, act: Act) -> Written:
    """Goes on with a paused run."""
    return timeline.record(
        run_id, Action.RESUME, act=act, decide=lambda run, state, pack: decisions.resume(state)
    )


def abandon(*, run_id: uuid.UUID, act: Act, reason: str) -> Written:
    """Gives the run up."""
    return timeline.record(
        run_id,
        Action.ABANDON,
        act=act,
        decide=lambda run, state, pack: decisions.abandon(state, reason=reason),
    )


def close(*, run_id: uuid.UUID, act: Act, partial: bool, reason: str) -> Written:
    """Finishes the run, whole or partial."""
    return timeline.record(
        run_id,
        Action.CLOSE,
        act=act,
        decide=lambda run, state, pack: decisions.close(
            state, pack, partial=partial, reason=reason, now=act.now
        ),
    )


def send_escalation(*, run_id: uuid.UUID, act: Act, recipient: str, ticket: str) -> Written:
    """Keeps to whom the run was handed."""
    return timeline.record(
        run_id,
        Action.SEND_ESCALATION,
        act=act,
        decide=lambda run, state, pack: decisions.send_escalation(
            state, pack, recipient=recipient, ticket=ticket
        ),
    )


def record_export(*, run_id: uuid.UUID, act: Act, export_format: str) -> Written:
    """Keeps that the record was handed out, before it is."""
    return timeline.record(
        run_id,
        Action.EXPORT,
        act=act,
        decide=lambda run, state, pack: decisions.record_export(state, export_format=export_format),
    )

"""Tokens of scripts: a member lets a program read one run, or append one entry to it, in their name.

The token is shown once and kept as a digest. What it may do is asked anew on every request: it
lives no longer than the person's own right. An appending token is spent in the transaction that
writes its entry, so of two uses at once one counts.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.access import check_may
from runbook.domain.decisions import runs as run_decisions
from runbook.domain.decisions.attempts import Result
from runbook.domain.errors import DomainError, TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.redaction import mask
from runbook.domain.retries import import_step
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Outcome
from runbook.models import ApiToken, Run, User
from runbook.queries import OpenRun
from runbook.services import attempts, evidence, timeline
from runbook.services.sharing import digest_of
from runbook.services.timeline import Act, Busy, Timed, Written

Scope = ApiToken.Scope

PREFIX = "uwt_"  # so that scanners for leaked secrets know it
LENGTH = len(PREFIX) + 43
LONGEST = {Scope.READ: timedelta(days=30), Scope.APPEND: timedelta(hours=24)}
LIVING = 20


class NoSuchToken(Exception):
    """Unknown, ended, of another run, or its maker lost the right: a script is not told which."""


class TokenUsed(DomainError):
    """The token was good for one entry, and that was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new token may do, and for how long."""

    label: str
    scope: ApiToken.Scope
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A script with a token that holds, and the run as the token's maker may see it now."""

    token: ApiToken
    run: OpenRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a script says about the end of an attempt; `attempt` is the one it means, 0 for any."""

    outcome: Outcome
    error_text: str = ""
    no_text: bool = False
    reason: str = ""
    attempt: int = 0


def create_token(*, run_id: uuid.UUID, act: Act, wanted: Wanted) -> tuple[Written, str]:
    """Makes a token. It is handed out this once; for a form that came twice it is empty.

    No event: the run does not change, and what is done with the token stands on the timeline.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    if not timedelta() < wanted.lasts <= LONGEST[wanted.scope]:
        raise TransitionRefused("A token of this kind does not live that long.")

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        user = User.objects.get(actor_id=act.actor)
        mine = [each for each in tokens_of(run) if each.user_id == user.pk]
        if sum(is_alive(each, state, now=act.now) for each in mine) >= LIVING:
            raise TransitionRefused(f"You have {LIVING} tokens on this run. Revoke one first.")
        ApiToken.objects.create(
            digest=digest_of(token),
            run=run,
            user=user,
            scope=wanted.scope,
            label=mask(evidence.clean(wanted.label)).text[:100],
            created=act.now,
            expires=act.now + wanted.lasts,
        )
        return []

    action = Action.ADD_NOTE if wanted.scope is Scope.APPEND else Action.VIEW
    written = timeline.record(run_id, action, act=act, decide=decide)
    return written, "" if written.replayed else token


def revoke_token(*, run_id: uuid.UUID, act: Act, token: int) -> Written:
    """Ends a token at once: an own one, or anybody's for who manages the run's members."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        row = ApiToken.objects.select_related("user").filter(run=run, pk=token).first()
        if row is None:
            raise TransitionRefused("This run has no such token.")
        if row.user.actor_id != act.actor:
            check_may(queries.role_of(state, act.actor), Action.MANAGE_MEMBERS)
        if row.revoked_at is None:
            row.revoked_at = act.now
            row.save(update_fields=["revoked_at"])
        return []

    return timeline.record(run_id, Action.VIEW, act=act, decide=decide)


def tokens_of(run: Run) -> list[ApiToken]:
    """All tokens of a run, newest first, with their makers; one statement."""
    rows = ApiToken.objects.filter(run=run).select_related("user")
    return list(rows.order_by("-created", "-pk"))


def is_alive(token: ApiToken, state: RunState, *, now: datetime) -> bool:
    """Whether a script can still do something with the token."""
    return ending(token, state, now=now) == ""


def ending(token: ApiToken, state: RunState, *, now: datetime) -> str:
    """Why a token is dead, for the members of the run; empty while it works."""
    if token.revoked_at is not None:
        return "revoked"
    if token.scope == Scope.APPEND and token.used_at is not None:
        return "used"
    if token.expires <= now:
        return "expired"
    if not token.user.is_active or token.user.actor_id not in state.members:
        return "its maker left the run"
    return ""


def caller_of(*, secret: str, run_id: uuid.UUID, now: datetime) -> Caller:
    """Fetches and authorises in one call, on every request of a script.

    A token that was used passes: sent again with its Idempotency-Key it learns what it did.
    """
    if len(secret) != LENGTH or not secret.startswith(PREFIX):
        raise NoSuchToken
    rows = ApiToken.objects.select_related("user").filter(run=run_id, digest=digest_of(secret))
    token = rows.first()
    if token is None or token.revoked_at or token.expires <= now or not token.user.is_active:
        raise NoSuchToken
    try:
        run = queries.run_for(token.user, run_id, action=Action.VIEW)
    except queries.RunNotFound:
        raise NoSuchToken from None
    if token.scope == Scope.READ and token.used_at is None:
        _first_use(token, now=now)
    return Caller(token=token, run=run)


def _first_use(token: ApiToken, *, now: datetime) -> None:
    """Keeps when reading began: one write in a token's life, and none if the database is busy."""
    unused = ApiToken.objects.filter(pk=token.pk, used_at=None)
    try:
        timeline.patiently(lambda: unused.update(used_at=now))
    except Busy:
        return


def act_of(
    caller: Caller,
    *,
    now: datetime,
    content: dict[str, str],
    happened_at: datetime | None = None,
    key: str | None = None,
) -> Act:
    """The script acts as the token's maker; a key counts for its own token only."""
    name = f"{caller.token.digest}:{key}"
    return Act(
        actor=caller.token.user.actor_id,
        now=now,
        happened_at=happened_at,
        key=uuid.uuid5(uuid.NAMESPACE_OID, name) if key else None,
        content=content,
    )


def append_note(*, caller: Caller, act: Act, text: str, step: str = "") -> Written:
    """Adds a note that names the token, and spends the token, in one transaction."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        token = _spend(caller, now=act.now)
        if not text.strip():
            raise TransitionRefused("The note is empty.")
        if step and step not in state.steps:
            raise TransitionRefused("This run has no such step.")
        said = f"Script “{token.label}”: {evidence.clean(text)}"
        return run_decisions.add_note(state, text=said, step=step)

    return timeline.record(caller.run.row.pk, Action.ADD_NOTE, act=act, decide=decide)


def append_result(*, caller: Caller, act: Act, told: Told) -> Written:
    """Ends the open attempt as the page would, and spends the token, in one transaction.

    A note follows that names the token: an attempt that succeeded has no words of its own.
    """
    kept = evidence.prepare(told.error_text) if told.error_text.strip() else None

    def decide(run: Run, state: RunState, pack: Pack) -> Sequence[Timed]:
        token = _spend(caller, now=act.now)
        number = _meant(state, told.attempt)
        result = Result(
            outcome=told.outcome,
            reason=evidence.clean(told.reason),
            no_text=told.no_text,
            captured=evidence.captured(kept, pack),
        )
        made = attempts.ended(state, pack, result=result, act=act)
        if kept is not None:
            evidence.store(run, kept, act=act)
        said = f"The script “{token.label}” reported how attempt {number} ended."
        note = run_decisions.add_note(state, text=said, step=import_step(pack))
        return [*made, *((each, act.now) for each in note)]

    return timeline.record(caller.run.row.pk, Action.RECORD_ATTEMPT, act=act, decide=decide)


def _spend(caller: Caller, *, now: datetime) -> ApiToken:
    """The token as it is in the transaction that holds the run's lock, now used up."""
    row = ApiToken.objects.select_related("user").get(pk=caller.token.pk)
    if row.revoked_at is not None or not row.user.is_active:
        raise NoSuchToken
    if row.used_at is not None:
        raise TokenUsed("This token has been used; it works once. Ask a person for a new one.")
    row.used_at = now
    row.save(update_fields=["used_at"])
    return row


def _meant(state: RunState, number: int) -> int:
    """The open attempt; refused if the script speaks of another one, which ended meanwhile."""
    found = state.open_attempt
    if found is None:
        raise TransitionRefused("No attempt is open.")
    if number and number != found.number:
        raise TransitionRefused(f"Attempt {number} is not open; attempt {found.number} is.")
    return found.number

"""What an appending token does: one entry, once, with the name of the token on the record."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.vocabulary import Action, Outcome, Role, RunStage
from runbook.models import Run, User
from runbook.services import claims, projection, tokens
from runbook.services.timeline import Busy
from runbook.services.tokens import Scope
from tests.domain.wishes import GATEWAY, wish
from tests.factories import act, carry_out, make_run_at
from tests.web.api.calls import detail, make_token, row_of, send

RunAt = Callable[[RunStage], Run]
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.fixture
def run(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


@pytest.fixture
def token(run: Run, ana: User, now: datetime) -> str:
    return make_token(run, ana, now, scope=Scope.APPEND)


def new_events(run: Run) -> list[queries.TimelineEntry]:
    """What was recorded since the test read the run, oldest first."""
    before = run.version
    run.refresh_from_db()
    return queries.events_since(run, before)


def test_a_note_says_which_script_wrote_it(run: Run, token: str, ana: User, now: datetime) -> None:
    answer = send(token, run, "notes", {"text": "  Pump  is off.\r\n", "step": "tidy"})

    (entry,) = new_events(run)
    assert (answer.status_code, answer.json()) == (201, {"run": str(run.pk), "seq": entry.seq})
    assert isinstance(entry.event, ev.NoteAdded)
    assert entry.event.text == "Script “pac import”:   Pump  is off."
    assert (entry.event.step, entry.actor) == ("tidy", ana.actor_id)
    assert run.events.get(seq=entry.seq).actor_kind == "user"
    assert row_of(token).used_at == now


def test_it_works_once(run: Run, token: str) -> None:
    assert send(token, run, "notes", {"text": "One."}).status_code == 201
    new_events(run)

    for path, body in (("notes", {"text": "One."}), ("attempt", {"outcome": "succeeded"})):
        again = send(token, run, path, body)
        assert again.status_code == 409
        assert "it works once" in detail(again)
    assert new_events(run) == []


def test_a_note_can_be_added_after_the_end(run_at: RunAt, ana: User, now: datetime) -> None:
    run = run_at(RunStage.CLOSED)
    token = make_token(run, ana, now, scope=Scope.APPEND)

    assert send(token, run, "notes", {"text": "The log is in the archive."}).status_code == 201
    (entry,) = new_events(run)
    assert isinstance(entry.event, ev.NoteAdded)
    assert entry.event.after_close


def test_an_attempt_that_succeeded(run: Run, token: str, now: datetime) -> None:
    answer = send(token, run, "attempt", {"outcome": "succeeded", "attempt": 1})

    ended, note = new_events(run)
    assert answer.status_code == 201
    assert (run.stage, ended.type) == ("verifying", "attempt.succeeded")
    assert isinstance(note.event, ev.NoteAdded)
    assert note.event.text == "The script “pac import” reported how attempt 1 ended."
    assert answer.json()["seq"] == note.seq == run.version
    assert row_of(token).used_at == now
    assert queries.verify_run(run)[0] == run.version
    assert projection.differences(run) == []


def test_an_attempt_that_failed_is_read_like_one_that_was_pasted(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    pasted = make_run_at(RunStage.IMPORTING, ana, now)
    by_hand = wish(Action.RECORD_ATTEMPT, outcome=Outcome.FAILED, error_text=GATEWAY)
    carry_out(pasted, by_hand, act(ana, pasted, now=now))
    send(token, run, "attempt", {"outcome": "failed", "error_text": GATEWAY})

    mine, theirs = (
        queries.run_for(ana, each.pk, action=Action.VIEW).state.attempts[-1]
        for each in (run, pasted)
    )
    assert (mine.outcome, mine.family, mine.reading) == (
        theirs.outcome,
        theirs.family,
        theirs.reading,
    )
    assert queries.evidence_texts(run)[mine.error_digest] == GATEWAY
    types = [entry.type for entry in new_events(run)]
    assert types[:3] == ["attempt.failed", "error.captured", "diagnosis.made"]
    assert types[-1] == "note.added"


def test_secrets_of_a_text_are_cut_before_it_is_stored(run: Run, token: str) -> None:
    text = f"{GATEWAY} Authorization: Bearer {SECRET}"
    send(token, run, "attempt", {"outcome": "failed", "error_text": text})

    kept = "".join(text or "" for text in queries.evidence_texts(run).values())
    assert SECRET not in kept
    assert f"{GATEWAY} Authorization: Bearer ‹secret:" in kept


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"outcome": "unknown", "reason": "The line went dead."}, "attempt.unknown"),
        ({"outcome": "cancelled", "reason": "A ship came."}, "attempt.cancelled"),
        ({"outcome": "failed", "no_text": True}, "attempt.failed"),
    ],
)
def test_the_other_ends(run: Run, token: str, said: dict[str, object], kind: str) -> None:
    assert send(token, run, "attempt", said).status_code == 201

    first, *_ = new_events(run)
    assert first.type == kind
    assert getattr(first.event, "reason", said.get("reason", "")) == said.get("reason", "")


def test_it_ended_when_the_script_says(
    run: Run, token: str, now: datetime, clock: time_machine.Traveller
) -> None:
    clock.move_to(now + timedelta(hours=1), tick=False)
    ended = now + timedelta(minutes=40)
    said = {"outcome": "succeeded", "happened_at": ended.isoformat()}

    assert send(token, run, "attempt", said).status_code == 201

    entry, note = new_events(run)
    assert entry.happened_at == ended
    assert note.happened_at == now + timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"outcome": "failed"}, "Paste the error text"),
        ({"outcome": "failed", "error_text": " \n"}, "Paste the error text"),
        ({"outcome": "cancelled"}, "Say why"),
        ({"outcome": "succeeded", "attempt": 2}, "Attempt 2 is not open; attempt 1 is."),
        ({"outcome": "succeeded", "happened_at": "2026-11-22T10:00:00Z"}, "in the future"),
        ({"outcome": "succeeded", "happened_at": "2026-11-01T10:00:00Z"}, "before the start"),
    ],
)
def test_a_refusal_spends_no_token(
    run: Run, token: str, said: dict[str, object], sentence: str
) -> None:
    answer = send(token, run, "attempt", said)

    assert answer.status_code == 409
    assert sentence in detail(answer)
    assert new_events(run) == []
    assert row_of(token).used_at is None
    assert send(token, run, "attempt", {"outcome": "succeeded"}).status_code == 201


@pytest.mark.parametrize(
    ("said", "sentence"),
    [({"text": " \n "}, "empty"), ({"text": "x", "step": "moon"}, "no such step")],
)
def test_a_note_that_is_refused(
    run: Run, token: str, said: dict[str, object], sentence: str
) -> None:
    answer = send(token, run, "notes", said)

    assert answer.status_code == 409
    assert sentence in detail(answer)
    assert row_of(token).used_at is None


@pytest.mark.parametrize("stage", set(RunStage) - {RunStage.IMPORTING})
def test_nothing_ends_where_nothing_is_open(
    run_at: RunAt, ana: User, now: datetime, stage: RunStage
) -> None:
    """A script never starts an attempt: what it reports needs one that a person started."""
    run = run_at(stage)
    token = make_token(run, ana, now, scope=Scope.APPEND)

    answer = send(token, run, "attempt", {"outcome": "succeeded"})

    assert answer.status_code == 409
    assert detail(answer)
    assert new_events(run) == []


def test_a_late_report_does_not_end_the_next_attempt(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    cancelled = wish(Action.RECORD_ATTEMPT, outcome=Outcome.CANCELLED, reason="A ship came.")
    carry_out(run, cancelled, act(ana, run, now=now))
    late = send(token, run, "attempt", {"outcome": "failed", "error_text": GATEWAY, "attempt": 1})

    assert late.status_code == 409
    assert "open" in detail(late)


def test_a_step_that_somebody_else_holds_is_theirs(
    run: Run, token: str, ben: User, join: Callable[..., None], now: datetime
) -> None:
    join(run, ben, Role.OPERATOR)
    claims.claim_step(run_id=run.pk, act=act(ben, now=now), step="import")

    answer = send(token, run, "attempt", {"outcome": "succeeded"})

    assert answer.status_code == 409
    assert "holds this step" in detail(answer)
    assert row_of(token).used_at is None


def test_the_same_request_again_learns_what_the_first_did(run: Run, token: str) -> None:
    said = {"outcome": "failed", "error_text": GATEWAY}
    first = send(token, run, "attempt", said, key="build 17")
    recorded = new_events(run)

    again = send(token, run, "attempt", said, key="build 17")

    assert recorded
    assert new_events(run) == []
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"


def test_a_key_belongs_to_one_content_and_one_token(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    assert send(token, run, "notes", {"text": "One."}, key="1").status_code == 201
    new_events(run)

    other = send(token, run, "notes", {"text": "Two."}, key="1")
    assert other.status_code == 422
    assert "another content" in detail(other)
    assert send(token, run, "attempt", {"outcome": "succeeded"}, key="1").status_code == 422
    assert send(token, run, "notes", {"text": "One."}, key="2").status_code == 409
    assert send(token, run, "notes", {"text": "One."}).status_code == 409
    assert new_events(run) == []
    second = make_token(run, ana, now, scope=Scope.APPEND)
    assert send(second, run, "notes", {"text": "Three."}, key="1").status_code == 201


def test_a_key_of_a_refusal_is_free_again(run: Run, token: str) -> None:
    assert send(token, run, "attempt", {"outcome": "failed"}, key="1").status_code == 409
    said = {"outcome": "failed", "no_text": True}
    assert send(token, run, "attempt", said, key="1").status_code == 201


def test_a_revoked_token_learns_nothing_any_more(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    send(token, run, "notes", {"text": "One."}, key="1")
    tokens.revoke_token(run_id=run.pk, act=act(ana, now=now), token=row_of(token).pk)

    assert send(token, run, "notes", {"text": "One."}, key="1").status_code == 401


def test_what_was_revoked_in_between_counts(
    run: Run, token: str, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request had passed the door when the token was revoked, or its maker's account closed."""
    caller = tokens.caller_of(secret=token, run_id=run.pk, now=now)
    monkeypatch.setattr("runbook.services.tokens.caller_of", lambda **_: caller)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert send(token, run, "notes", {"text": "One."}).status_code == 401
    User.objects.filter(pk=ana.pk).update(is_active=True)
    tokens.revoke_token(run_id=run.pk, act=act(ana, now=now), token=row_of(token).pk)

    assert send(token, run, "notes", {"text": "One."}).status_code == 401
    assert new_events(run) == []


def test_a_busy_database_says_so_and_spends_nothing(
    run: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> None:
        raise Busy

    monkeypatch.setattr("runbook.services.timeline.patiently", busy)
    answer = send(token, run, "notes", {"text": "One."})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was recorded" in detail(answer)
    assert row_of(token).used_at is None


def test_a_label_with_a_secret_is_masked(run: Run, ana: User, now: datetime) -> None:
    token = make_token(run, ana, now, scope=Scope.APPEND, label=f"Bearer {SECRET}"[:100])

    assert SECRET not in row_of(token).label

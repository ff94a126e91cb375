"""A token that appends is spent once, whoever uses it at the same moment; real commits and threads."""

import os
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.test import Client

from runbook import queries
from runbook.domain.errors import TransitionRefused
from runbook.domain.vocabulary import RunStage
from runbook.models import ApiToken, Run, User
from runbook.services import projection, tokens
from runbook.services.sharing import digest_of
from runbook.services.timeline import Written
from runbook.services.tokens import NoSuchToken, Scope, Wanted, act_of, caller_of
from tests.factories import act, make_run_at
from tests.services.crowd import at_once

ROUNDS = int(os.environ.get("RACE_ROUNDS", "25")) // 2
CROWD = 4
Deed = Callable[[], Written]


@pytest.fixture
def run(committed_db: None, ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.PREPARING, ana, now)


def make(run: Run, user: User, now: datetime) -> str:
    wanted = Wanted(label="pac", scope=Scope.APPEND, lasts=timedelta(hours=1))
    return tokens.create_token(run_id=run.pk, act=act(user, now=now), wanted=wanted)[1]


def append(run: Run, secret: str, now: datetime, *, text: str, key: str | None = None) -> Written:
    caller = caller_of(secret=secret, run_id=run.pk, now=now)
    who = act_of(caller, now=now, content={"text": text}, key=key)
    return tokens.append_note(caller=caller, act=who, text=text)


def is_sound(run: Run) -> bool:
    run.refresh_from_db()
    count, _ = queries.verify_run(run)
    return count == run.version and projection.differences(run) == []


def test_of_several_uses_one_counts_and_the_others_are_told(
    run: Run, ana: User, now: datetime
) -> None:
    start = run.version
    for round_ in range(ROUNDS):
        secret = make(run, ana, now)
        deeds: list[Deed] = [
            partial(append, run, secret, now, text=f"Note {round_}.{number}")
            for number in range(CROWD)
        ]

        results = at_once(deeds)

        assert sorted(type(result).__name__ for result in results) == [
            *["TokenUsed"] * (CROWD - 1),
            "Written",
        ], results
    assert is_sound(run)
    assert run.version == start + ROUNDS


def test_the_same_request_at_once_counts_once_and_looks_like_success_each_time(
    run: Run, ana: User, now: datetime
) -> None:
    start = run.version
    for round_ in range(ROUNDS):
        secret = make(run, ana, now)
        deeds: list[Deed] = [
            partial(append, run, secret, now, text=f"Note {round_}.", key="1")
        ] * CROWD

        results = at_once(deeds)

        assert [type(result) for result in results] == [Written] * CROWD, results
        replayed = [result.replayed for result in results if isinstance(result, Written)]
        assert sorted(replayed) == [False, True, True, True]
    assert is_sound(run)
    assert run.version == start + ROUNDS


def test_a_revocation_beside_a_use_comes_before_or_after_it(
    run: Run, ana: User, now: datetime
) -> None:
    for round_ in range(ROUNDS):
        run.refresh_from_db()
        before = run.version
        secret = make(run, ana, now)
        row = ApiToken.objects.get(digest=digest_of(secret))
        deeds: list[Deed] = [
            partial(append, run, secret, now, text=f"Note {round_}."),
            partial(tokens.revoke_token, run_id=run.pk, act=act(ana, now=now), token=row.pk),
        ]

        used, revoked = at_once(deeds)

        assert isinstance(revoked, Written)
        row.refresh_from_db()
        run.refresh_from_db()
        assert row.revoked_at is not None
        if isinstance(used, Written):
            assert (row.used_at, run.version) == (now, before + 1)
        else:
            assert isinstance(used, NoSuchToken)
            assert (row.used_at, run.version) == (None, before)
    assert is_sound(run)


def test_by_the_door_of_the_api_as_well(run: Run, ana: User, now: datetime) -> None:
    run.refresh_from_db()
    before = run.version
    secret = make(run, ana, datetime.now(tz=now.tzinfo))

    def post(number: int) -> int:
        answer = Client().post(
            f"/api/v1/runs/{run.pk}/notes",
            {"text": f"Note {number}."},
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )
        return answer.status_code

    results = at_once([partial(post, number) for number in range(CROWD)])

    assert sorted(map(str, results)) == ["201", "409", "409", "409"]
    run.refresh_from_db()
    assert run.version == before + 1


def test_a_form_sent_twice_at_once_makes_one_token(run: Run, ana: User, now: datetime) -> None:
    wanted = Wanted(label="pac", scope=Scope.READ, lasts=timedelta(hours=1))
    who = act(ana, now=now, key=uuid.uuid4(), content={"label": "pac"})

    results = at_once([partial(tokens.create_token, run_id=run.pk, act=who, wanted=wanted)] * CROWD)

    made = [result[1] for result in results if isinstance(result, tuple)]
    assert sorted(map(bool, made)) == [False, False, False, True]
    assert ApiToken.objects.count() == 1


def test_without_the_look_inside_the_lock_two_uses_would_count(
    run: Run, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the look inside the run's lock that lets one count."""
    secret = make(run, ana, now)
    monkeypatch.setattr(tokens, "_spend", lambda caller, *, now: caller.token)

    results = at_once([partial(append, run, secret, now, text=str(n)) for n in range(CROWD)])

    assert [type(result) for result in results] == [Written] * CROWD


def test_a_person_has_some_tokens_and_not_any_number(run: Run, ana: User, now: datetime) -> None:
    for _ in range(tokens.LIVING):
        make(run, ana, now)
    with pytest.raises(TransitionRefused, match="Revoke one first"):
        make(run, ana, now)

    newest = tokens.tokens_of(run)[0]
    tokens.revoke_token(run_id=run.pk, act=act(ana, now=now), token=newest.pk)
    assert make(run, ana, now)


@pytest.mark.parametrize(
    ("scope", "lasts"),
    [
        (Scope.APPEND, timedelta(hours=24, seconds=1)),
        (Scope.READ, timedelta(days=30, seconds=1)),
        (Scope.READ, timedelta()),
    ],
)
def test_a_token_has_an_end(
    run: Run, ana: User, now: datetime, scope: ApiToken.Scope, lasts: timedelta
) -> None:
    wanted = Wanted(label="pac", scope=scope, lasts=lasts)

    with pytest.raises(TransitionRefused, match="does not live that long"):
        tokens.create_token(run_id=run.pk, act=act(ana, now=now), wanted=wanted)

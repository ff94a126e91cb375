"""Who may call: a token of this run, of this scope, alive, of somebody who still has the right."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from runbook.domain.vocabulary import Role, RunStage
from runbook.models import ApiToken, Run, User
from runbook.services import people, tokens
from runbook.services.tokens import Scope
from tests.factories import act
from tests.web.api.calls import detail, make_token, place, read, row_of, send

RunAt = Callable[[RunStage], Run]
READING = ("", "events", "exports/json")
APPENDING = {"notes": {"text": "It rains."}, "attempt": {"outcome": "succeeded"}}


@pytest.fixture
def run(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


@pytest.fixture
def tokens_of_ana(run: Run, ana: User, now: datetime) -> dict[str, str]:
    return {scope: make_token(run, ana, now, scope=scope, hours=24) for scope in Scope}


def all_answers(run: Run | str, token: str) -> list:  # type: ignore[type-arg]
    found = [read(token, run, path) for path in READING]
    return found + [send(token, run, path, body) for path, body in APPENDING.items()]


def statuses(run: Run | str, token: str) -> set[int]:
    return {answer.status_code for answer in all_answers(run, token)}


def test_a_token_does_what_its_scope_names(run: Run, tokens_of_ana: dict[str, str]) -> None:
    reading, appending = tokens_of_ana[Scope.READ], tokens_of_ana[Scope.APPEND]

    assert [read(reading, run, path).status_code for path in READING] == [200, 200, 200]
    refused = [send(reading, run, path, body) for path, body in APPENDING.items()]
    refused += [read(appending, run, path) for path in READING]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert "reads and appends nothing" in detail(refused[0])
    assert "appends one entry" in detail(refused[-1])
    assert row_of(appending).used_at is None
    assert send(appending, run, "notes", APPENDING["notes"]).status_code == 201


def test_every_wrong_token_gets_the_same_bytes(
    run: Run, tokens_of_ana: dict[str, str], ana: User, run_at: RunAt, now: datetime
) -> None:
    """Unknown, expired, revoked, of another run, of nobody's run, of a closed account: all alike."""
    other = run_at(RunStage.PREPARING)
    good = tokens_of_ana[Scope.READ]
    expired = make_token(run, ana, now)
    ApiToken.objects.filter(pk=row_of(expired).pk).update(expires=now)
    revoked = make_token(run, ana, now)
    tokens.revoke_token(run_id=run.pk, act=act(ana, now=now), token=row_of(revoked).pk)
    wrong: dict[str, tuple[Run | str, str]] = {
        "unknown": (run, "uwt_" + "a" * 43),
        "short": (run, "uwt_"),
        "of a link": (run, "uws_" + "a" * 43),
        "strange letters": (run, "uwt_" + "ä" * 43),
        "expired": (run, expired),
        "revoked": (run, revoked),
        "another run": (other, good),
        "no run": (str(uuid4()), good),
    }

    bodies = set()
    for where, token in wrong.values():
        for answer in (read(token, where), send(token, where, "notes", {"text": "x"})):
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"] == "Bearer"
            assert "uwt_…" in detail(answer)
            bodies.add(answer.content)
    assert read(good, run).status_code == 200
    bodies |= {Client().get(place(run)).content, Client().post(place(run, "notes")).content}
    User.objects.filter(pk=ana.pk).update(is_active=False)
    bodies.add(read(good, run).content)
    assert len(bodies) == 1


def test_a_token_lives_until_its_end_and_no_longer(
    run: Run, tokens_of_ana: dict[str, str], clock: time_machine.Traveller
) -> None:
    token = tokens_of_ana[Scope.READ]
    expires = row_of(token).expires

    clock.move_to(expires - timedelta(seconds=1), tick=False)
    assert read(token, run).status_code == 200
    clock.move_to(expires, tick=False)
    assert statuses(run, token) == {401}


def test_who_left_the_run_takes_the_tokens_along(
    run: Run, ana: User, ben: User, join: Callable[..., None], now: datetime
) -> None:
    join(run, ben, Role.OPERATOR)
    token, spare = (make_token(run, ben, now, scope=scope) for scope in Scope)
    assert read(token, run).status_code == 200

    people.remove_member(run_id=run.pk, act=act(ana, now=now), member=ben.actor_id)

    assert statuses(run, token) == statuses(run, spare) == {401}


@pytest.mark.parametrize(
    ("role", "note", "attempt"),
    [
        (Role.LEAD, 201, 201),
        (Role.OPERATOR, 201, 201),
        (Role.VERIFIER, 201, 403),
        (Role.REVIEWER, 201, 403),
        (Role.OBSERVER, 403, 403),
    ],
)
def test_a_token_may_what_the_role_of_its_maker_may_today(
    run: Run,
    ben: User,
    ana: User,
    join: Callable[..., None],
    now: datetime,
    role: Role,
    note: int,
    attempt: int,
) -> None:
    join(run, ben, Role.OPERATOR)
    first, second = (make_token(run, ben, now, scope=Scope.APPEND) for _ in range(2))
    reading = make_token(run, ben, now)
    people.give_role(run_id=run.pk, act=act(ana, now=now), member=ben.actor_id, role=role)

    assert {read(reading, run, path).status_code for path in READING} == {200}
    answers = (
        send(first, run, "notes", APPENDING["notes"]),
        send(second, run, "attempt", APPENDING["attempt"]),
    )
    assert tuple(answer.status_code for answer in answers) == (note, attempt)
    for answer, token in zip(answers, (first, second), strict=True):
        if answer.status_code == 403:
            assert role.value in detail(answer)
            assert row_of(token).used_at is None


def test_a_session_counts_for_nothing(run: Run, as_ana: Client) -> None:
    assert as_ana.get("/").status_code == 200

    for path in READING:
        assert as_ana.get(place(run, path)).status_code == 401
    for path, body in APPENDING.items():
        answer = as_ana.post(place(run, path), body, content_type="application/json")
        assert answer.status_code == 401
    before = run.version
    run.refresh_from_db()
    assert run.version == before


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "bearerish"])
def test_other_schemes_are_no_token(run: Run, tokens_of_ana: dict[str, str], scheme: str) -> None:
    header = f"{scheme} {tokens_of_ana[Scope.READ]}".strip()

    assert Client().get(place(run), headers={"authorization": header}).status_code == 401


def test_the_name_of_the_scheme_may_be_written_in_any_case(
    run: Run, tokens_of_ana: dict[str, str]
) -> None:
    header = {"authorization": f"bEARER {tokens_of_ana[Scope.READ]}"}

    assert Client().get(place(run), headers=header).status_code == 200


def test_a_guesser_is_held_up_for_a_minute_and_others_are_not(
    run: Run, tokens_of_ana: dict[str, str], clock: time_machine.Traveller
) -> None:
    good, bad = tokens_of_ana[Scope.READ], "uwt_" + "b" * 43
    there, elsewhere = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}
    clock.move_to(row_of(good).created.replace(second=0), tick=False)

    assert [read(bad, run, **there).status_code for _ in range(20)] == [401] * 20
    held = read(bad, run, **there)

    assert (held.status_code, held["Retry-After"]) == (429, "60")
    assert "wait a minute" in detail(held).lower()
    assert read(good, run, **there).status_code == 429
    assert read(good, run, **elsewhere).status_code == 200
    clock.shift(60)
    assert read(good, run, **there).status_code == 200


def test_a_network_of_the_new_kind_counts_as_one_address(
    run: Run, tokens_of_ana: dict[str, str]
) -> None:
    bad = "uwt_" + "b" * 43
    for number in range(20):
        read(bad, run, REMOTE_ADDR=f"2001:db8:0:1::{number:x}")

    assert read(bad, run, REMOTE_ADDR="2001:db8:0:1:ffff::1").status_code == 429
    assert read(bad, run, REMOTE_ADDR="2001:db8:0:2::1").status_code == 401
    assert read(bad, run, REMOTE_ADDR="").status_code == 401


def test_no_log_holds_a_token(
    run: Run,
    tokens_of_ana: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good, bad = tokens_of_ana[Scope.READ], "uwt_" + "c" * 43
    with caplog.at_level(logging.DEBUG):
        statuses(run, good)
        statuses(run, bad)
        statuses(run, tokens_of_ana[Scope.APPEND])
        Client().get(place(run), headers={"authorization": f"Token {good}"})
        monkeypatch.setattr("runbook.web.api.reading.run_as_data", None)
        client = Client(raise_request_exception=False)
        assert read(good, run, client=client).status_code == 500

    told = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert f"Unauthorized: {place(run)}" in told
    for token in (good, bad, tokens_of_ana[Scope.APPEND]):
        assert token not in told
        assert token[4:20] not in told


def test_only_the_digest_is_stored(run: Run, tokens_of_ana: dict[str, str]) -> None:
    for token in tokens_of_ana.values():
        row = row_of(token)
        assert len(token) == 47
        assert token not in str(row.__dict__.values())
        assert len(row.digest) == 64


def test_without_asking_whose_run_it_is_a_token_would_open_another(
    run: Run, tokens_of_ana: dict[str, str], run_at: RunAt
) -> None:
    """The control: the look-up by run is what keeps a token to its own."""
    other, row = run_at(RunStage.PREPARING), row_of(tokens_of_ana[Scope.READ])
    assert read(tokens_of_ana[Scope.READ], other).status_code == 401

    ApiToken.objects.filter(pk=row.pk).update(run=other)

    assert read(tokens_of_ana[Scope.READ], other).status_code == 200

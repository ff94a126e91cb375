"""The page of a run's tokens: made, shown once, copied into a script, revoked."""

import json
import re
import shlex
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runbook.domain.vocabulary import Role, RunStage
from runbook.models import ApiToken, Run, User
from runbook.services import tokens
from runbook.services.timeline import Busy
from runbook.services.tokens import Scope
from tests.web.api.calls import make_token, read, row_of, send
from tests.web.pages import filled, page, said

RunAt = Callable[[RunStage], Run]
SignIn = Callable[[User], Client]


@pytest.fixture
def run(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


def place(run: Run) -> str:
    return reverse("run-tokens", args=[run.pk])


def make(client: Client, run: Run, **typed: str):  # type: ignore[no-untyped-def]
    address = reverse("create-token", args=[run.pk])
    sent = filled(page(client.get(place(run))), address, {"label": "pac import", **typed})
    return client.post(address, sent), sent


def copied(answer) -> list[str]:  # type: ignore[no-untyped-def]
    buttons = page(answer).all("button")
    return [b.attributes["data-copy"] for b in buttons if "data-copy" in b.attributes]


def token_in(line: str) -> str:
    (found,) = set(re.findall(r"uwt_[A-Za-z0-9_-]{43}", line))
    return str(found)


def test_a_token_for_an_entry_is_shown_once(as_ana: Client, run: Run, now: datetime) -> None:
    answer, sent = make(as_ana, run)

    row = ApiToken.objects.get()
    assert (row.scope, row.label, row.expires) == (
        "append",
        "pac import",
        now + timedelta(hours=4),
    )
    lines = copied(answer)
    token = token_in("".join(lines))
    assert row_of(token) == row
    assert len(lines) == 4
    for again in (
        as_ana.get(place(run)),
        as_ana.post(reverse("create-token", args=[run.pk]), sent),
    ):
        assert token not in again.content.decode()
    assert "not shown twice" in said(as_ana.post(reverse("create-token", args=[run.pk]), sent))
    assert ApiToken.objects.count() == 1
    before = run.version
    run.refresh_from_db()
    assert run.version == before


def test_the_line_for_curl_does_what_it_says(as_ana: Client, run: Run) -> None:
    answer, _ = make(as_ana, run)
    attempt = next(line for line in copied(answer) if line.startswith("curl") and "attempt" in line)

    words = shlex.split(attempt)
    body, address = words[words.index("-d") + 1], words[-1]

    assert address == f"http://localhost:8000/api/v1/runs/{run.pk}/attempt"
    assert json.loads(body) == {"outcome": "succeeded", "attempt": 1}
    assert send(token_in(attempt), run, "attempt", body).status_code == 201


def test_the_line_for_powershell_says_the_same(as_ana: Client, run: Run) -> None:
    answer, _ = make(as_ana, run)
    lines = [line for line in copied(answer) if line.startswith("Invoke-RestMethod")]

    attempt, note = lines
    assert f"-Uri 'http://localhost:8000/api/v1/runs/{run.pk}/attempt'" in attempt
    assert "-Method Post" in attempt
    assert f"-Headers @{{Authorization='Bearer {token_in(attempt)}'}}" in attempt
    assert "charset=utf-8" in note
    for line in lines:
        assert "\n" not in line
        parts = line.split("'")  # what single quotes hold cannot end early
        assert len(parts) % 2 == 1
        assert json.loads(parts[-2])


def test_a_token_that_reads(as_ana: Client, run: Run, now: datetime) -> None:
    answer, _ = make(as_ana, run, scope="read", hours="720")

    row = ApiToken.objects.get()
    assert (row.scope, row.expires) == ("read", now + timedelta(days=30))
    for line in copied(answer):
        assert f"http://localhost:8000/api/v1/runs/{run.pk}/'" in line
        assert read(token_in(line), run).status_code == 200
    assert "first used" in said(as_ana.get(place(run)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": " "},
        {"label": "x" * 101},
        {"label": "a\x00b"},
        {"scope": "everything"},
        {"hours": "2"},
        {"hours": "x"},
        {"scope": "append", "hours": "168"},
    ],
)
def test_what_must_be_corrected_comes_back(as_ana: Client, run: Run, wrong: dict[str, str]) -> None:
    answer, _ = make(as_ana, run, **wrong)

    assert answer.status_code == 422
    assert "is-invalid" in answer.content.decode()
    assert ApiToken.objects.count() == 0


def test_a_reader_makes_tokens_that_read(
    sign_in: SignIn, run: Run, ben: User, join: Callable[..., None]
) -> None:
    join(run, ben, Role.OBSERVER)
    client = sign_in(ben)

    shown = page(client.get(place(run)))
    assert [n.attributes["value"] for n in shown.all("input", name="scope")] == ["read"]
    assert make(client, run, scope="append")[0].status_code == 422
    assert make(client, run, scope="read")[0].status_code == 200


def test_everybody_sees_and_only_the_maker_or_a_lead_revokes(
    sign_in: SignIn,
    run: Run,
    ana: User,
    ben: User,
    join: Callable[..., None],
    now: datetime,
) -> None:
    join(run, ben, Role.OPERATOR)
    mine, theirs = (
        make_token(run, ana, now, label="Ana's"),
        make_token(run, ben, now, label="Ben's"),
    )
    as_ben, as_ana = sign_in(ben), sign_in(ana)
    revoke = reverse("revoke-token", args=[run.pk])

    def ids(client: Client) -> set[int]:
        nodes = page(client.get(place(run))).all("input", name="token")
        return {int(node.attributes["value"]) for node in nodes}

    both = {row_of(mine).pk, row_of(theirs).pk}
    assert ids(as_ana) == both
    assert ids(as_ben) == {row_of(theirs).pk}
    assert "Ana's" in said(as_ben.get(place(run)))

    def post(client: Client, token: str):  # type: ignore[no-untyped-def]
        return client.post(revoke, {"submission_key": str(uuid.uuid4()), "token": row_of(token).pk})

    assert post(as_ben, mine).status_code == 403
    assert row_of(mine).revoked_at is None
    assert post(as_ana, theirs).status_code == 302
    assert row_of(theirs).revoked_at == now
    assert read(theirs, run).status_code == 401
    assert post(as_ana, theirs).status_code == 302  # twice is once
    text = said(as_ben.get(place(run)))
    assert "1 that ended" in text
    assert "revoked" in text


def test_a_token_of_another_run_is_not_there(
    as_ana: Client, run: Run, run_at: RunAt, ana: User, now: datetime
) -> None:
    other = make_token(run_at(RunStage.PREPARING), ana, now)
    revoke = reverse("revoke-token", args=[run.pk])

    for token in (row_of(other).pk, 2**62):
        sent = {"submission_key": str(uuid.uuid4()), "token": token}
        assert as_ana.post(revoke, sent).status_code == 409
    for wrong in ("x", "0", str(2**70)):
        sent = {"submission_key": str(uuid.uuid4()), "token": wrong}
        assert as_ana.post(revoke, sent).status_code == 422
    assert row_of(other).revoked_at is None


def test_the_list_says_what_became_of_each(
    as_ana: Client, run: Run, ana: User, ben: User, join: Callable[..., None], now: datetime
) -> None:
    join(run, ben, Role.OPERATOR)
    used = make_token(run, ana, now, scope=Scope.APPEND, label="used one")
    send(used, run, "notes", {"text": "x"})
    old = make_token(run, ana, now, label="old one")
    ApiToken.objects.filter(pk=row_of(old).pk).update(expires=now)
    theirs = make_token(run, ben, now, label="of a closed account")
    User.objects.filter(pk=ben.pk).update(is_active=False)

    text = said(as_ana.get(place(run)))

    for word in ("Ended: used", "Ended: expired", "Ended: its maker left the run"):
        assert word in text
    assert "3 that ended" in text
    assert theirs


def test_a_busy_database_is_said_in_words(
    as_ana: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise Busy

    monkeypatch.setattr(tokens, "create_token", busy)
    answer, _ = make(as_ana, run)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was recorded" in said(answer)


def test_the_page_costs_the_same_with_one_token_and_with_three(
    as_ana: Client, run: Run, ana: User, now: datetime
) -> None:
    make_token(run, ana, now)
    as_ana.get(place(run))
    with CaptureQueriesContext(connection) as one:
        as_ana.get(place(run))
    make_token(run, ana, now)
    make_token(run, ana, now)
    with CaptureQueriesContext(connection) as three:
        as_ana.get(place(run))
    assert len(one) == len(three)

"""What scripts do in tests: tokens made the way people make them, and requests that carry one."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from runbook.models import ApiToken, Run, User
from runbook.services import tokens
from runbook.services.sharing import digest_of
from runbook.services.tokens import Scope, Wanted
from tests.factories import act

Answer = Any


def make_token(
    run: Run,
    maker: User,
    now: datetime,
    *,
    scope: ApiToken.Scope = Scope.READ,
    label: str = "pac import",
    hours: int = 4,
) -> str:
    """A token of the run, as the page shows it once."""
    wanted = Wanted(label=label, scope=scope, lasts=timedelta(hours=hours))
    return tokens.create_token(run_id=run.pk, act=act(maker, now=now), wanted=wanted)[1]


def row_of(token: str) -> ApiToken:
    return ApiToken.objects.get(digest=digest_of(token))


def place(run: Run | str, path: str = "") -> str:
    return f"/api/v1/runs/{run if isinstance(run, str) else run.pk}/{path}"


def read(token: str, run: Run | str, path: str = "", **more: Any) -> Answer:
    headers = {"authorization": f"Bearer {token}"}
    return (more.pop("client", None) or Client()).get(place(run, path), headers=headers, **more)


def send(token: str, run: Run | str, path: str, body: Any, *, key: str = "") -> Answer:
    """The body as JSON; bytes and texts go as they are."""
    headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(place(run, path), text, content_type="application/json", headers=headers)


def detail(answer: Answer) -> str:
    """The sentence of a refusal, which must have the form of all refusals."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    said = answer.json()
    assert set(said) == {"status", "title", "detail"}
    assert said["status"] == answer.status_code
    assert said["detail"].endswith((".", "!"))
    found: str = said["detail"]
    return found

"""The API against its own document: whatever the document allows, and much that it does not.

Examples are few and the same each time; SCHEMATHESIS_EXAMPLES asks for more.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.schemas import OpenApiSchema

from runbook.domain.vocabulary import RunStage
from runbook.models import ApiToken, Run, User
from runbook.services.sharing import digest_of
from runbook.services.tokens import Scope

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "25"))
CONFIG = {
    "checks": {
        # What a run allows today is no matter of a schema: 409; a good format may be unknown: 404.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409"]},
        "negative_data_rejection": {
            "expected-statuses": ["401", "404", "409", "413", "415", "422"]
        },
    }
}


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """As Django's own test client: the end of a request does not end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def run(run_at: Callable[[RunStage], Run]) -> Run:
    return run_at(RunStage.IMPORTING)


@pytest.fixture
def api(one_connection: None, run: Run) -> OpenApiSchema:
    config = SchemathesisConfig.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", WSGIHandler(), config=config)


def fresh_tokens(run: Run, user: User, now: datetime, *, scope: ApiToken.Scope) -> Iterator[str]:
    """One for each request, since one that appends works once."""
    for number in count(1):
        secret = f"uwt_{number:043}"
        ApiToken.objects.create(
            digest=digest_of(secret),
            run=run,
            user=user,
            scope=scope,
            label="fuzz",
            created=now,
            expires=now + timedelta(hours=1),
        )
        yield secret


def try_out(
    api: OpenApiSchema, name: str, mode: GenerationMode, *, run: Run, secrets: Iterator[str]
) -> Counter[int]:
    """Sends what the document allows, or does not allow; gives how often each status came."""
    heard: Counter[int] = Counter()
    operation = api.find_operation_by_id(name)
    # Of any other run nothing but 401 can be heard.
    place = {"run": str(run.pk)} | ({"export_format": "json"} if name == "exportRun" else {})

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=place))
    def keeps_to_the_document(case: schemathesis.Case) -> None:
        cache.clear()  # else the throttle would answer
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {next(secrets)}"})
        heard[answer.status_code] += 1

    keeps_to_the_document()
    return heard


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("readRun", GenerationMode.POSITIVE),
        ("readEvents", GenerationMode.POSITIVE),
        ("readEvents", GenerationMode.NEGATIVE),
        ("exportRun", GenerationMode.POSITIVE),
        ("addNote", GenerationMode.POSITIVE),
        ("addNote", GenerationMode.NEGATIVE),
        ("recordAttempt", GenerationMode.POSITIVE),
        ("recordAttempt", GenerationMode.NEGATIVE),
    ],
)
def test_every_operation_keeps_to_the_document(
    api: OpenApiSchema, run: Run, ana: User, now: datetime, name: str, mode: GenerationMode
) -> None:
    scope = Scope.APPEND if name in {"addNote", "recordAttempt"} else Scope.READ

    heard = try_out(api, name, mode, run=run, secrets=fresh_tokens(run, ana, now, scope=scope))

    assert sum(heard.values()) >= EXAMPLES
    assert mode is GenerationMode.NEGATIVE or {200, 201} & set(heard)
    assert mode is GenerationMode.POSITIVE or 422 in heard


def test_a_document_that_tells_less_than_happens_is_noticed(
    api: OpenApiSchema, run: Run, ana: User, now: datetime
) -> None:
    """The control: one status that is not declared, and the same examples fail."""
    secrets = fresh_tokens(run, ana, now, scope=Scope.APPEND)
    (path,) = (each for each in api.raw_schema["paths"] if each.endswith("attempt"))
    del api.raw_schema["paths"][path]["post"]["responses"]["409"]

    with pytest.raises(FailureGroup):
        try_out(api, "recordAttempt", GenerationMode.POSITIVE, run=run, secrets=secrets)

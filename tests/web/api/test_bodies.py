"""Bodies that no honest script sends: each gets a problem in words, none a failure of the product."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client, override_settings

from runbook import queries
from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User
from runbook.services.evidence import MAXIMUM
from runbook.services.tokens import Scope
from tests.web.api.calls import detail, make_token, place, read, row_of, send

RunAt = Callable[[RunStage], Run]


@pytest.fixture
def run(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


@pytest.fixture
def token(run: Run, ana: User, now: datetime) -> str:
    return make_token(run, ana, now, scope=Scope.APPEND)


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b"\xff\xfe\xfd",
        b'{"text": "\xe4"}',
        b"[" * 100_000,
        b'{"text":' * 50_000,
        b'{"text": ' + b"9" * 10_000 + b"}",
        b"NaN",
        b"text=It+rains",
    ],
    ids=range(13),
)
def test_what_is_no_object(run: Run, token: str, body: bytes) -> None:
    answer = send(token, run, "notes", body)

    assert answer.status_code == 422
    assert detail(answer)
    assert row_of(token).used_at is None


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("notes", {}, "text: Field required."),
        ("notes", {"text": ""}, "text: "),
        ("notes", {"text": None}, "text: "),
        ("notes", {"text": 1}, "text: "),
        ("notes", {"text": ["x"]}, "text: "),
        ("notes", {"text": "x" * (MAXIMUM + 1)}, "text: "),
        ("notes", {"text": "x", "step": "x" * 65}, "step: "),
        ("notes", {"text": "x", "actor": "somebody"}, "does not know"),
        ("notes", {"text": "x", "\ud800": 1}, "body"),
        ("attempt", {}, "outcome: Field required."),
        ("attempt", {"outcome": "done"}, "outcome: "),
        ("attempt", {"outcome": "failed", "error_text": "x" * (MAXIMUM + 1)}, "error_text: "),
        ("attempt", {"outcome": "failed", "no_text": "perhaps"}, "no_text: "),
        ("attempt", {"outcome": "unknown", "reason": "x" * 2_001}, "reason: "),
        ("attempt", {"outcome": "unknown", "attempt": -1}, "attempt: "),
        ("attempt", {"outcome": "unknown", "attempt": 10**30}, "attempt: "),
        ("attempt", {"outcome": "unknown", "happened_at": "2026-11-22T09:00:00"}, "happened_at: "),
        ("attempt", {"outcome": "unknown", "happened_at": "1999-12-31T23:59:59Z"}, "century"),
        ("attempt", {"outcome": "unknown", "happened_at": "0001-01-01T00:00:00+14:00"}, "century"),
        ("attempt", {"outcome": "unknown", "happened_at": "9999-12-31T23:59:59-14:00"}, "century"),
        ("attempt", {"outcome": "unknown", "happened_at": "yesterday"}, "happened_at: "),
        ("attempt", {"outcome": "unknown", "happened_at": 1e300}, "happened_at: "),
    ],
)
def test_what_must_be_corrected_is_named(
    run: Run, token: str, path: str, body: dict[str, object], sentence: str
) -> None:
    answer = send(token, run, path, body)

    assert answer.status_code == 422
    assert sentence in detail(answer)
    assert "somebody" not in detail(answer)
    assert row_of(token).used_at is None


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_character_is_no_text(run: Run, token: str, text: str) -> None:
    for path, body in (
        ("notes", {"text": text}),
        ("notes", {"text": "x", "step": text}),
        ("attempt", {"outcome": "failed", "error_text": text}),
        ("attempt", {"outcome": "cancelled", "reason": text}),
    ):
        assert send(token, run, path, body).status_code == 422


def test_characters_that_no_database_holds_are_marked(run: Run, token: str) -> None:
    answer = send(token, run, "notes", {"text": "a\x00b\x1f\u202e\U0001f6a2"})

    assert answer.status_code == 201
    run.refresh_from_db()
    (entry,) = queries.timeline_page(run, size=1)
    assert entry.event.text.endswith("a\ufffdb\x1f\u202e\U0001f6a2")  # type: ignore[union-attr]


@pytest.mark.parametrize("field", ["error_text", "reason"])
def test_nul_in_the_texts_of_an_attempt(run: Run, token: str, field: str) -> None:
    body = {"outcome": "cancelled", "reason": "x", field: "a\x00b"}

    assert send(token, run, "attempt", body).status_code == 201


def test_the_longest_text_passes_however_it_is_written(run: Run, token: str) -> None:
    body = json.dumps({"outcome": "failed", "error_text": "\U0001f6a2" * MAXIMUM})
    assert len(body) > 12 * 1024 * 1024

    assert send(token, run, "attempt", body).status_code == 201


def test_a_body_that_is_too_large_is_not_read(run: Run, token: str) -> None:
    size = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) + 1

    answer = send(token, run, "notes", b"x" * size)

    assert answer.status_code == 413
    assert "1 MiB" in detail(answer)


def test_a_limit_that_only_reading_finds_is_the_same_answer(
    run: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        monkeypatch.setattr("runbook.web.api.bearers.int", lambda _: 0, raising=False)
        answer = send(token, run, "notes", {"text": "More than ten."})

    assert answer.status_code == 413
    assert "1 MiB" in detail(answer)


@pytest.mark.parametrize("length", ["x", "-1", "٣"])
def test_a_length_that_is_no_number(run: Run, token: str, length: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    answer = Client().post(
        place(run, "notes"),
        b'{"text": "x"}',
        content_type="application/json",
        headers=headers,
        CONTENT_LENGTH=length,
    )

    assert answer.status_code in {413, 422}
    assert detail(answer)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_other_kinds_of_bodies(run: Run, token: str, kind: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    answer = Client().post(place(run, "notes"), b'{"text":"x"}', content_type=kind, headers=headers)

    assert answer.status_code == 415
    assert "application/json" in detail(answer)


def test_powershell_names_the_letters_it_uses(run: Run, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    answer = Client().post(
        place(run, "notes"),
        '{"text": "Größe"}'.encode(),
        content_type="application/json; charset=utf-8",
        headers=headers,
    )

    assert answer.status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, " "])
def test_a_key_has_a_length(run: Run, token: str, key: str) -> None:
    answer = send(token, run, "notes", {"text": "x"}, key=key)

    assert answer.status_code in {201, 422}
    if answer.status_code == 422:
        assert detail(answer).startswith("Idempotency-Key: ")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize("path", ["notes", "attempt"])
def test_other_methods(run: Run, token: str, method: str, path: str) -> None:
    answer = getattr(Client(), method)(place(run, path), headers={"authorization": token})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert method == "head" or "POST only" in detail(answer)


@pytest.mark.parametrize(
    "path", ["v1/", "v1/runs/", "v1/runs/7/", "v1/runs/{}/notes/", "v2/runs/{}/", "v1/runs/{}/x"]
)
def test_what_is_not_there(run: Run, token: str, path: str) -> None:
    address = f"/api/{path.format(run.pk)}"
    client = Client(enforce_csrf_checks=True)

    for answer in (client.get(address), client.post(address), client.delete(address)):
        assert answer.status_code == 404
        assert "no such address" in detail(answer)


def test_a_stranger_makes_nobody_read_a_body(run: Run) -> None:
    answer = send("uwt_" + "x" * 43, run, "notes", b"x" * 20_000_000)

    assert answer.status_code == 401
    assert read("", run).status_code == 401

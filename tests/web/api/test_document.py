"""The document that says what the API does, frozen, and the page that shows it to people.

After a wanted change write it anew: REWRITE_GOLDEN=1 python -m pytest tests/web/api/test_document.py
"""

import json
import os
from pathlib import Path

import pytest
from django.test import Client

from runbook.models import User
from runbook.web.api.document import document
from runbook.web.api.problems import TITLES
from tests.web.pages import page, said

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "openapi.json"


@pytest.fixture
def reader(ana: User) -> Client:
    """Anybody: the installation has an account, and this is nobody's browser."""
    return Client()


def operations() -> dict[str, dict]:  # type: ignore[type-arg]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_equals_its_golden_file(reader: Client) -> None:
    served = reader.get("/api/openapi.json")
    written = json.dumps(served.json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.write_text(written)

    assert served["Content-Type"] == "application/json"
    assert written == GOLDEN.read_text()


def test_nothing_starts_an_attempt() -> None:
    assert sorted(operations()) == [
        "GET /api/v1/runs/{run}/",
        "GET /api/v1/runs/{run}/events",
        "GET /api/v1/runs/{run}/exports/{export_format}",
        "POST /api/v1/runs/{run}/attempt",
        "POST /api/v1/runs/{run}/notes",
    ]
    assert document()["openapi"].startswith("3.1")


def test_every_operation_asks_for_a_token_and_declares_its_refusals() -> None:
    for name, operation in operations().items():
        scheme = "AppendToken" if name.startswith("POST") else "ReadToken"
        assert operation["security"] == [{scheme: []}]
        refusals = {int(s): a for s, a in operation["responses"].items() if int(s) >= 400}
        assert {401, 403, 404, 422, 429, 503} <= set(refusals)
        assert name.startswith("GET") or {409, 413, 415} <= set(refusals)
        for status, answer in refusals.items():
            assert list(answer["content"]) == ["application/problem+json"]
            assert answer["description"] == TITLES[status]
    schemes = document()["components"]["securitySchemes"]
    assert {(each["type"], each["scheme"]) for each in schemes.values()} == {("http", "bearer")}


def test_the_page_names_every_operation_and_runs_nothing(reader: Client) -> None:
    answer = reader.get("/api/")

    shown, text = page(answer), said(answer)
    for name, operation in operations().items():
        assert name in text
        assert operation["summary"] in text
    assert "Idempotency-Key" in text
    assert "error_text" in text
    scripts = [node.attributes["src"] for node in shown.all("script")]
    assert all(source.startswith("/static/") for source in scripts)
    assert "openapi.json" in answer.content.decode()


@pytest.mark.parametrize("address", ["/api/", "/api/openapi.json"])
def test_they_are_for_reading(reader: Client, address: str) -> None:
    assert reader.post(address).status_code == 405
    assert reader.head(address).status_code == 200

"""Secrets go before anything is kept; what support needs stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain import redaction
from runbook.domain.redaction import mask, redacting

JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6.eyJzdWIiOiIxMjM0NTY3ODkw.c2lnbmF0dXJl"
KEY = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYg=="
SECRETS = {
    f"Authorization: Bearer {JWT}": JWT,
    "Authorization: Basic dXNlcjpwYXNzd29yZA==": "dXNlcjpwYXNzd29yZA==",
    f"the token {JWT} was sent": JWT,
    "BEARER abcdefghijklmnopqrstuvwxyz012345": "abcdefghijklmnopqrstuvwxyz012345",
    "https://prod-1.logic.azure.com/workflows/7/invoke?api-version=1&sp=%2F&sv=1.0&sig=Ab-Cd_12": (
        "Ab-Cd_12"
    ),
    f"DefaultEndpointsProtocol=https;AccountKey={KEY};EndpointSuffix=core": KEY,
    f"Endpoint=sb://x/;SharedAccessKey={KEY}": KEY,
    "Password=hunter2;Server=x": "hunter2",
    '"client_secret": "s3cr3t-value"': "s3cr3t-value",
    "api_key=0123456789abcdef": "0123456789abcdef",
    "x-functions-key: 0123456789abcdef": "0123456789abcdef",
    "Cookie: session=0123456789; csrf=9876543210": "9876543210",
    "Set-Cookie: ARRAffinity=0123456789": "0123456789",
    "secret abc8Q~0123456789012345678901234567890123 expired": (
        "abc8Q~0123456789012345678901234567890123"
    ),
    "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----": "MIIabc",
}
KEPT = [
    "Solution import failed: The flow service answered BadGateway. Error code 0x80072031",
    "Activity ID: 5f2b1a3c-0d1e-4f2a-9b3c-7d8e9f0a1b2c",
    "x-ms-client-request-id 5f2b1a3c-0d1e-4f2a-9b3c-7d8e9f0a1b2c, version 4.50.2.10",
    "from 4.9 to 4.29.1 at 2026-11-24T12:00:00.000000Z",
    "https://learn.microsoft.com/power-platform/alm/troubleshoot?tabs=cli",
    "Read the cookies policy; the password was reset yesterday.",
    "a" * 64,
]
#: Texts in which pieces of secrets stand in any order, cut anywhere.
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([*SECRETS, *KEPT]), st.text(max_size=10), st.sampled_from("\n &;=:'\"")
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_removed_and_counted(text: str) -> None:
    masked = mask(f"before {text} after\nnext line")

    assert SECRETS[text] not in masked.text
    assert masked.removed >= 1
    assert masked.text.startswith("before ")
    assert masked.text.endswith("next line")
    assert "‹secret:" in masked.text


@pytest.mark.parametrize("text", KEPT)
def test_what_support_needs_stays(text: str) -> None:
    assert mask(text) == redaction.Masked(text=text, removed=0)


@given(text=TEXTS)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask(text)

    assert mask(once.text) == redaction.Masked(text=once.text, removed=0)


@given(text=TEXTS)
def test_no_secret_survives_among_others(text: str) -> None:
    masked = mask(f"{text}\n{next(iter(SECRETS))}\n").text

    assert JWT not in masked


def test_without_its_rules_nothing_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacting, "RULES", ())

    assert [text for text in SECRETS if mask(text).removed] == []

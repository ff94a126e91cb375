"""Sign-in services come from the environment alone, and a half-named one stops the start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook import settings as product

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
QUESTION = """
import json
from runbook import settings as s
print(json.dumps([s.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"],
                  s.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]]))
"""


def start_with(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody@/none"}
    return subprocess.run(
        [sys.executable, "-c", QUESTION],
        cwd=product.BASE_DIR,
        env={**clean, "SECRET_KEY": "x", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_word_there_is_no_service() -> None:
    assert json.loads(start_with().stdout) == [[], ["'self'"]]


def test_entra_needs_three_words() -> None:
    result = start_with(ENTRA_TENANT=TENANT, ENTRA_CLIENT_ID="a", ENTRA_CLIENT_SECRET="b")

    [[app], origins] = json.loads(result.stdout)
    assert app["settings"]["issuer"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert (app["provider_id"], app["name"]) == ("entra", "Microsoft Entra ID")
    assert (app["client_id"], app["secret"]) == ("a", "b")
    assert origins == ["'self'", "https://login.microsoftonline.com"]


def test_any_provider_needs_its_issuer_and_may_stand_beside_entra(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")

    result = start_with(
        ENTRA_TENANT=TENANT,
        ENTRA_CLIENT_ID="a",
        ENTRA_CLIENT_SECRET="b",
        OIDC_ISSUER="https://id.example:8443/realms/x",
        OIDC_CLIENT_ID="c",
        OIDC_CLIENT_SECRET_FILE=str(secret),
        OIDC_NAME="Keycloak",
    )

    [[_, app], origins] = json.loads(result.stdout)
    assert (app["provider_id"], app["name"], app["secret"]) == ("oidc", "Keycloak", "from a file")
    assert origins[1:] == ["https://id.example:8443", "https://login.microsoftonline.com"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ENTRA_TENANT": "common"}, "Set ENTRA_TENANT to the directory (tenant) ID"),
        ({"ENTRA_TENANT": "contoso.com"}, "Set ENTRA_TENANT to the directory (tenant) ID"),
        ({"ENTRA_TENANT": TENANT}, "Set ENTRA_CLIENT_ID and ENTRA_CLIENT_SECRET as well."),
        (
            {"OIDC_ISSUER": "http://id.example"},
            "OIDC_ISSUER needs an address that starts with https",
        ),
        ({"OIDC_ISSUER": "id.example"}, "OIDC_ISSUER needs an address that starts with https"),
        (
            {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "x"},
            "Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET as well.",
        ),
    ],
)
def test_what_is_missing_is_said_at_the_start(environment: dict[str, str], sentence: str) -> None:
    result = start_with(**environment)

    assert result.returncode != 0
    assert sentence in result.stderr

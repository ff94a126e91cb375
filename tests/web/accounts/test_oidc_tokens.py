"""AN-08: an answer of the sign-in service that is wrong in any one place opens nothing."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.test import Client

from runbook.models import User
from runbook.web.oidc import verified_claims
from tests.web.accounts.service import CLIENT, ISSUER, KEY, OTHER_KEY, PlayedService, unsigned

PUBLIC = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one"}


@pytest.fixture(autouse=True)
def everybody_is_welcome(settings: Any) -> None:
    """So that only the fault under test can be the reason for a refusal."""
    settings.OIDC_OPEN = True


def signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_right_answer_signs_in(service: PlayedService, client: Client, ana: User) -> None:
    """The control for all refusals below."""
    response = service.sign_in(client)

    assert response["Location"] == "/"
    assert signed_in(client)


def test_the_way_there_carries_state_nonce_and_a_challenge(
    service: PlayedService, client: Client, ana: User
) -> None:
    asked, again = service.begin(client), service.begin(client)

    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{settings.SITE_URL}/accounts/oidc/oidc/login/callback/"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 16
        assert asked[name] != again[name]


def test_a_link_cannot_add_to_what_is_asked(
    service: PlayedService, client: Client, ana: User
) -> None:
    asked = service.begin(client, auth_params="nonce=mine&prompt=none", scope="everything")

    assert asked["nonce"] != "mine"
    assert "prompt" not in asked
    assert "everything" not in asked["scope"]


@pytest.mark.parametrize("state", ["", "another-state-00"])
def test_a_wrong_state_is_refused(
    service: PlayedService, client: Client, ana: User, state: str
) -> None:
    service.begin(client)

    assert service.come_back(client, state=state).status_code == 401
    assert not signed_in(client)


def test_a_state_works_once_and_in_its_own_browser(
    service: PlayedService, client: Client, ana: User
) -> None:
    service.begin(client)
    assert service.come_back(Client()).status_code == 401

    service.come_back(client)
    client.logout()

    assert service.come_back(client).status_code == 401
    assert not signed_in(client)


NOW = int(time.time())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"nonce": "of another sign-in"}, id="nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"aud": "another-client"}, id="aud"),
        pytest.param({"aud": None}, id="no aud"),
        pytest.param({"aud": [CLIENT, "other"], "azp": "other"}, id="azp"),
        pytest.param({"iss": "https://evil.example/"}, id="iss"),
        pytest.param({"iss": f"{ISSUER}/"}, id="iss with a slash"),
        pytest.param({"iss": None}, id="no iss"),
        pytest.param({"exp": NOW - 3600}, id="expired"),
        pytest.param({"exp": None}, id="no exp"),
        pytest.param({"iat": NOW + 3600}, id="from the future"),
        pytest.param({"sub": None}, id="no sub"),
    ],
)
def test_a_token_that_says_something_wrong_is_refused(
    service: PlayedService, client: Client, ana: User, changes: dict[str, Any]
) -> None:
    service.changes = changes

    assert service.sign_in(client).status_code == 401
    assert not signed_in(client)
    assert User.objects.count() == 1


def test_a_token_signed_by_somebody_else_is_refused(
    service: PlayedService, client: Client, ana: User
) -> None:
    service.key = OTHER_KEY

    assert service.sign_in(client).status_code == 401
    assert not signed_in(client)


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", ""])
def test_a_token_without_signature_is_refused(
    service: PlayedService,
    client: Client,
    ana: User,
    algorithm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = PlayedService.token

    def without_signature(played: PlayedService) -> str:
        claims = jwt.decode(right(played), options={"verify_signature": False})
        return unsigned(claims, {"alg": algorithm, "kid": "one", "typ": "JWT"})

    monkeypatch.setattr(PlayedService, "token", without_signature)

    assert service.sign_in(client).status_code == 401
    assert not signed_in(client)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    right = {"iss": ISSUER, "aud": CLIENT, "sub": "x", "nonce": "n", "iat": now, "exp": now + 60}
    return right | changes


def read(token: str, *, nonce: str = "n", keys: list[dict[str, Any]] | None = None) -> Any:
    given = {"keys": [PUBLIC] if keys is None else keys}
    return verified_claims(token, keys=given, issuer=ISSUER, client_id=CLIENT, nonce=nonce)


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = unsigned(claims(), {"alg": "HS256", "kid": "one", "typ": "JWT"}).rstrip(".")
    mac = hmac.new(pem, body.encode(), hashlib.sha256).digest()
    token = f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    with pytest.raises(OAuth2Error):
        read(token)


def test_a_key_that_the_token_brings_along_does_not_count() -> None:
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))
    headers = {"kid": "one", "jwk": own, "jku": "https://evil.example/keys"}

    with pytest.raises(OAuth2Error):
        read(jwt.encode(claims(), OTHER_KEY, "RS256", headers=headers))


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="none"),
        pytest.param([PUBLIC | {"kid": "two"}], id="another name"),
        pytest.param([PUBLIC | {"use": "enc"}], id="for encryption"),
        pytest.param([PUBLIC, PUBLIC], id="not clear which"),
    ],
)
def test_without_exactly_one_fitting_key_a_token_is_refused(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(OAuth2Error):
        read(jwt.encode(claims(), KEY, "RS256", headers={"kid": "one"}), keys=keys)


def test_a_sign_in_without_a_nonce_takes_no_token() -> None:
    with pytest.raises(OAuth2Error):
        read(jwt.encode(claims(nonce=""), KEY, "RS256", headers={"kid": "one"}), nonce="")


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "...."])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(OAuth2Error):
        read(text)


@pytest.mark.parametrize(
    "config", [{"issuer": "https://evil.example"}, {"issuer": None}, {"jwks_uri": None}]
)
def test_a_service_that_calls_itself_otherwise_is_not_followed(
    service: PlayedService, client: Client, ana: User, config: dict[str, Any]
) -> None:
    service.config = {**service.config, **config}
    service.config = {name: value for name, value in service.config.items() if value}

    response = client.post("/accounts/oidc/oidc/login/")

    assert response.status_code == 401
    assert "You are not signed in" in response.content.decode()

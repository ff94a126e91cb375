"""An OpenID Connect provider that lives in the test: real keys and tokens, no network."""

import base64
import hashlib
import json
import time
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

ISSUER = "https://login.contoso.example/tenant/v2.0"
CLIENT, SECRET = "runbook-client", "only the two of us know"
LOGIN = "/accounts/oidc/oidc/login/"
CALLBACK = f"{LOGIN}callback/"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Answer:
    """As much of a requests.Response as allauth reads."""

    def __init__(self, data: Any) -> None:
        self.data, self.status_code = data, 200
        self.headers = {"content-type": "application/json"}

    def json(self) -> Any:
        return self.data

    def raise_for_status(self) -> None:
        pass


class PlayedService:
    """Hands out one token for each code, made of `person` and changed by `changes`."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": "b7c1",
            "email": "mona@contoso.example",
            "email_verified": True,
            "name": "Mona Maker",
            "preferred_username": "mona",
        }
        self.changes: dict[str, Any] = {}  # None takes a claim away
        self.config: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.contoso.example/authorize",
            "token_endpoint": "https://login.contoso.example/token",
            "jwks_uri": "https://login.contoso.example/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.userinfo: dict[str, Any] = {}
        self.asked: dict[str, str] = {}

    # --- what allauth sees ---

    def __enter__(self) -> "PlayedService":
        return self

    def __exit__(
        self, kind: type | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def get(self, url: str, **kwargs: Any) -> Answer:
        if url == self.config.get("jwks_uri"):
            public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
            return Answer({"keys": [public | {"kid": "one", "use": "sig"}]})
        if url == self.config.get("userinfo_endpoint"):
            return Answer(self.userinfo)
        assert url == f"{ISSUER}/.well-known/openid-configuration", url
        return Answer(self.config)

    def request(self, method: str, url: str, **kwargs: Any) -> Answer:
        sent = kwargs["data"]
        assert (method, url) == ("POST", self.config["token_endpoint"])
        assert (sent["client_id"], sent["client_secret"]) == (CLIENT, SECRET)
        proof = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(proof).decode().rstrip("=") == self.asked["code_challenge"]
        return Answer({"access_token": "a", "token_type": "Bearer", "id_token": self.token()})

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            **self.person,
            **self.changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": "one"})

    # --- what the person's browser does ---

    def begin(self, client: Client, **query: str) -> dict[str, str]:
        """Press the button; what the browser brings to the service."""
        response = client.post(LOGIN, query_params=query)
        assert response.status_code == 302, response.content.decode()
        parts = urlsplit(response["Location"])
        assert (
            f"{parts.scheme}://{parts.netloc}{parts.path}" == self.config["authorization_endpoint"]
        )
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.asked

    def come_back(self, client: Client, **changes: str) -> Any:
        query = {"code": "c", "state": self.asked["state"]} | changes
        return client.get(CALLBACK, query)

    def sign_in(self, client: Client, **query: str) -> Any:
        self.begin(client, **query)
        return self.come_back(client)


def unsigned(claims: dict[str, Any], header: dict[str, str]) -> str:
    """A token without signature, or with one that somebody else puts behind it."""
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."

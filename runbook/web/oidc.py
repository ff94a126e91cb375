"""Sign-in with an OpenID Connect provider, checked as the specification asks.

allauth leads there and back and keeps state and PKCE. It reads an ID token that came over TLS
without looking at its signature and knows no nonce, so both are added here, and what the provider
says of itself has to fit the configured issuer. People are known by issuer and subject together:
another issuer at the same place finds none of the accounts of the one before.
"""

import hashlib
from typing import Any

import jwt
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string
from requests import RequestException

# Asymmetric only: with HS256 the public key would do as the secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_CLOCKS_DIFFER = 60


def verified_claims(
    token: str, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """What an ID token says, or OAuth2Error if anything about it is not as it must be."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_signing_key(token, keys),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=_CLOCKS_DIFFER,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as fault:
        raise OAuth2Error(f"The ID token was refused: {fault}") from fault
    if not nonce or not constant_time_compare(str(claims["nonce"]), nonce):
        raise OAuth2Error("The ID token belongs to another sign-in.")
    if claims.get("azp", client_id) != client_id:
        raise OAuth2Error("The ID token was made for another application.")
    return claims


def _signing_key(token: str, keys: dict[str, Any]) -> jwt.PyJWK:
    name = jwt.get_unverified_header(token).get("kid")
    fitting = [
        key
        for key in jwt.PyJWKSet.from_dict(keys).keys
        if key.public_key_use in {None, "sig"} and name in {None, key.key_id}
    ]
    if len(fitting) != 1:
        raise OAuth2Error("The provider has no key for this ID token.")
    return fitting[0]


class Adapter(OpenIDConnectOAuth2Adapter):
    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if config.get("issuer") != self.get_provider().app.settings["issuer"]:
            raise OAuth2Error("The provider calls itself by another name than the configured one.")
        needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
        if not needed <= config.keys():
            raise OAuth2Error("The provider does not say where to go.")
        return config

    def complete_login(self, request: HttpRequest, *app_and_token: Any, **kwargs: Any) -> Any:
        app, token = app_and_token
        claims = verified_claims(
            kwargs["response"].get("id_token") or "",
            keys=self._fetch_keys(),
            issuer=app.settings["issuer"],
            client_id=app.client_id,
            nonce=self.nonce,
        )
        if not claims.get("email") and "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            # Only then it speaks of the same person.
            if more.get("sub") == claims["sub"]:
                claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _fetch_keys(self) -> dict[str, Any]:
        with self.get_provider().requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
        keys = response.json()
        if not isinstance(keys, dict):
            raise OAuth2Error("The provider's keys cannot be read.")
        return keys

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        # The address that is registered with the provider; never taken from the request.
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return f"{settings.SITE_URL}{path}"


class Provider(OpenIDConnectProvider):
    oauth2_adapter_class = Adapter
    # The browser brings codes; a token that it hands in itself is a way in that nobody asked for.
    supports_token_authentication = False

    @classmethod
    def get_package(cls) -> str:
        return OpenIDConnectProvider.get_package()

    def requests_session(self) -> Any:
        from allauth.socialaccount.adapter import get_adapter  # noqa: PLC0415 - it imports this file

        return get_adapter().get_requests_session()

    def redirect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead to the provider. What a link asks for beyond our own scope does not count."""
        nonce = get_random_string(43)
        kwargs |= {
            "scope": self.get_scope(),
            "auth_params": {**self.get_auth_params(), "nonce": nonce},
            "nonce": nonce,
        }
        try:
            return super().redirect(request, *args, **kwargs)
        except (OAuth2Error, RequestException) as fault:
            return render_authentication_error(request, self, exception=fault)

    def extract_uid(self, data: dict[str, Any]) -> str:
        return hashlib.sha256(f"{data['iss']}\n{data['sub']}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        # Enough to tell two sign-ins apart on the account page; the rest is nobody's business.
        return {name: data[name] for name in ("iss", "sub", "email", "name") if name in data}


class Callback(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        if state:
            self.adapter.nonce = state.get("nonce", "")
        return state, response


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _view(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _view(Callback, request, provider_id)


def _view(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        response: HttpResponseBase = kind.adapter_view(Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return response

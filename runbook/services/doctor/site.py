"""The settings of the site: its address, its secrets, its cookies, its proxy, its sign-in."""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

_SHORTEST_KEY, _FEWEST_SIGNS = 50, 12
_SHORTEST_SECRET = 16
_KNOWN_KEYS = ("django-insecure-", "only for development")
#: Providers with whom everybody can have an account.
_OPEN_TO_ALL = {"accounts.google.com", "login.live.com", "github.com", "gitlab.com"}
_MANY_TENANTS = {"common", "organizations", "consumers"}


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(visit: Visit) -> Iterator[Finding]:
    host = settings.SITE.hostname or ""
    if settings.HTTPS:
        yield fine(f"The site is served at {settings.SITE_URL}.")
    elif _is_local(host):
        yield warn(
            f"The site is served at {settings.SITE_URL}, for this machine only.",
            "Before others use it, put a proxy with https in front and set SITE_URL to its address.",
        )
    else:
        yield bad(
            f"The site is served at {settings.SITE_URL}: passwords cross the network in clear.",
            "Put a proxy with https in front and set SITE_URL to its https address.",
        )
    if "*" in settings.ALLOWED_HOSTS or host not in settings.ALLOWED_HOSTS:
        yield bad(
            f"ALLOWED_HOSTS is {', '.join(settings.ALLOWED_HOSTS) or 'empty'}, not {host}.",
            "Let it follow from SITE_URL: links in mails are built from the host of a request.",
        )
    origin = f"{settings.SITE.scheme}://{settings.SITE.netloc}"
    if origin not in settings.CSRF_TRUSTED_ORIGINS:
        yield bad(
            f"CSRF_TRUSTED_ORIGINS lacks {origin}, so forms are refused behind a proxy.",
            "Let it follow from SITE_URL.",
        )


def _debugging(visit: Visit) -> Iterator[Finding]:
    if settings.DEBUG:
        yield bad(
            "DEBUG is on: error pages show settings and texts to everybody.",
            "Remove DEBUG from the environment and restart.",
        )


def _secret_key(visit: Visit) -> Iterator[Finding]:
    key = settings.SECRET_KEY
    if len(key) < _SHORTEST_KEY or len(set(key)) < _FEWEST_SIGNS or key.startswith(_KNOWN_KEYS):
        yield bad(
            "SECRET_KEY is short, simple or publicly known, so sessions can be forged.",
            'Set one made by: python3 -c "import secrets; print(secrets.token_urlsafe(64))"',
        )
        return
    name = os.environ.get("SECRET_KEY_FILE", "").strip()
    if os.environ.get("SECRET_KEY", "").strip() or not name:
        yield fine("The secret key comes from the environment.")
        return
    path = (settings.BASE_DIR / name).resolve()
    if settings.HTTPS and path.is_relative_to(Path(settings.DATA_DIR).resolve()):
        yield warn(
            f"The secret key lies in {path}, beside the data: a copy of that folder holds both.",
            "Set SECRET_KEY, or let SECRET_KEY_FILE name a file elsewhere.",
        )
    else:
        yield fine(f"The secret key comes from {path}.")


def _cookies(visit: Visit) -> Iterator[Finding]:
    weak = [
        name
        for name, expected in (
            ("SESSION_COOKIE_SECURE", settings.HTTPS),
            ("CSRF_COOKIE_SECURE", settings.HTTPS),
            ("SESSION_COOKIE_HTTPONLY", True),
            ("CSRF_COOKIE_HTTPONLY", True),
        )
        if expected and not getattr(settings, name)
    ]
    weak += [
        name
        for name in ("SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE")
        if getattr(settings, name) not in {"Lax", "Strict"}
    ]
    if settings.HTTPS:
        weak += [
            name
            for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME")
            if not getattr(settings, name).startswith("__Host-")
        ]
        weak += [] if settings.SECURE_HSTS_SECONDS else ["SECURE_HSTS_SECONDS"]
    if weak:
        yield bad(
            f"{', '.join(weak)} weaken the cookies, so a session can be read or sent by others.",
            "Leave these settings as the product has them; they follow from SITE_URL.",
        )


def _proxy(visit: Visit) -> Iterator[Finding]:
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "").strip()
    if "*" in trusted:
        yield warn(
            "FORWARDED_ALLOW_IPS is *: whoever reaches the port can pretend any address and https.",
            "Name the address of the proxy there, and let nobody else reach the port.",
        )
    elif trusted and not settings.HTTPS:
        yield warn(
            "FORWARDED_ALLOW_IPS names a proxy, but SITE_URL is not https.",
            "Set SITE_URL to the address that people type, with https.",
        )
    elif settings.HTTPS:
        yield fine(
            f"The proxy is believed when it calls from {trusted or '127.0.0.1'}; "
            "FORWARDED_ALLOW_IPS says so."
        )


def _sign_in(visit: Visit) -> Iterator[Finding]:
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    services = providers.get("openid_connect", {}).get("APPS", [])
    if settings.OIDC_OPEN and not services:
        yield warn(
            "OIDC_OPEN is on, but no sign-in service is set.",
            "Set ENTRA_TENANT or OIDC_ISSUER with what belongs to it, or remove OIDC_OPEN.",
        )
    for service in services:
        yield from _service(service)


def _service(service: dict[str, Any]) -> Iterator[Finding]:
    name, issuer = service["name"], urlsplit(service["settings"].get("issuer", ""))
    if issuer.scheme != "https":
        yield bad(
            f"The sign-in service {name} is not reached by https: tokens can be forged on the way.",
            "Set its issuer to an address that starts with https://.",
        )
    if len(service.get("secret", "")) < _SHORTEST_SECRET or not service.get("client_id"):
        yield bad(
            f"The sign-in service {name} has no client ID, or a secret that can be guessed.",
            "Make a new client secret at the service and set it here.",
        )
    if _MANY_TENANTS & set(issuer.path.split("/")):
        yield bad(
            f"The sign-in service {name} knows the accounts of every organisation, not of yours.",
            "Set the issuer of your own directory; for Entra ID set ENTRA_TENANT to its ID.",
        )
    elif settings.OIDC_OPEN and issuer.hostname in _OPEN_TO_ALL:
        yield bad(
            f"OIDC_OPEN is on and everybody can have an account with {name}.",
            "Remove OIDC_OPEN and invite people, or use the directory of your organisation.",
        )


CHECKS: tuple[Check, ...] = (_address, _debugging, _secret_key, _cookies, _proxy, _sign_in)

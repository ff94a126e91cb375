"""Security headers on every answer whatever its code, and no change without a CSRF token."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.urls import include, path

from runbook.models import User
from tests.conftest import PASSWORD
from tests.routes import all_routes

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ROUTES = sorted(all_routes().items())


def faults(response: HttpResponseBase) -> list[str]:
    """What the answer's headers lack, in words."""
    found = []
    policy = response.headers.get("Content-Security-Policy", "")
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";") if part.strip())
    if parts != POLICY:
        found.append(f"Content-Security-Policy is {policy!r}")
    path = getattr(response, "request", {}).get("PATH_INFO", "")
    for name, value in FIXED.items():
        if name == "Referrer-Policy" and path.startswith(("/s/", "/shared/")):
            continue  # these tell nobody anything; see test_shared_run.py
        if response.headers.get(name) != value:
            found.append(f"{name} is {response.headers.get(name)!r}")
    if "camera=()" not in response.headers.get("Permissions-Policy", ""):
        found.append("Permissions-Policy leaves the camera on")
    if not response.headers.get("Cache-Control"):
        found.append("Cache-Control is missing")
    return found


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


# With this module as the root of addresses there is also a page that fails.
urlpatterns = [path("crash/", crash), path("", include("runbook.urls"))]


@pytest.fixture
def tolerant_client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
@pytest.mark.parametrize(("name", "address"), ROUTES)
def test_on_every_route(
    tolerant_client: Client, ana: User, method: str, name: str, address: str
) -> None:
    as_stranger = getattr(tolerant_client, method)(address)
    tolerant_client.force_login(ana)
    signed_in = getattr(tolerant_client, method)(address)

    assert faults(as_stranger) == []
    assert faults(signed_in) == []
    assert as_stranger.status_code < 500
    assert signed_in.status_code < 500


def test_on_an_unknown_address(client: Client, ana: User) -> None:
    response = client.get("/no-such-page/")

    assert response.status_code == 404
    assert faults(response) == []


def test_on_a_refused_method(client: Client, ana: User) -> None:
    client.force_login(ana)
    response = client.post("/")

    assert response.status_code == 405
    assert faults(response) == []


def test_on_a_missing_token(ana: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/")

    assert response.status_code == 403
    assert faults(response) == []


def test_on_an_unknown_host(client: Client, ana: User) -> None:
    response = client.get("/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert faults(response) == []


@pytest.mark.urls("tests.web.test_headers")
def test_on_a_crash(tolerant_client: Client, ana: User) -> None:
    response = tolerant_client.get("/crash/")

    assert response.status_code == 500
    assert faults(response) == []


def test_on_static_files_found_unchanged_and_missing(client: Client, ana: User) -> None:
    found = client.get("/static/css/tokens.css")
    assert found.getvalue()  # type: ignore[attr-defined]
    unchanged = client.get(
        "/static/css/tokens.css", headers={"if-modified-since": found["Last-Modified"]}
    )
    missing = client.get("/static/css/none.css")

    assert [found.status_code, unchanged.status_code, missing.status_code] == [200, 304, 404]
    assert faults(found) == faults(unchanged) == faults(missing) == []
    assert found["Cache-Control"] != "no-store"


def test_pages_are_never_kept_by_the_browser(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert "no-store" in client.get("/")["Cache-Control"]
    assert "no-store" in client.get("/accounts/password/change/")["Cache-Control"]


def test_the_check_itself_sees_a_missing_and_a_weak_header() -> None:
    response = HttpResponse()
    assert len(faults(response)) == len(FIXED) + 3
    response["Content-Security-Policy"] = "default-src 'none'; script-src 'unsafe-inline'"
    assert any("unsafe-inline" in fault for fault in faults(response))


#: The API takes no cookie, so nothing can be forged with one: tests/web/api/test_bearers.py.
WITH_COOKIES = [
    (name, address)
    for name, address in ROUTES
    if not address.startswith("/api/") or name in {"api-docs", "api-document"}
]


@pytest.mark.parametrize(("name", "address"), WITH_COOKIES)
def test_nothing_changes_without_a_token(ana: User, name: str, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)

    assert client.post(address).status_code == 403
    assert client.post(address, headers={"x-csrftoken": "a" * 64}).status_code == 403
    assert client.post(address, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert client.put(address).status_code == 403
    assert client.delete(address).status_code == 403


@pytest.fixture
def https() -> Iterator[None]:
    with override_settings(
        SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31536000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True
    ):
        yield


def test_https_adds_strict_transport_and_plain_http_leads_there(https: None, ana: User) -> None:
    client = Client()

    assert client.get("/")["Location"] == "https://testserver/"
    secure = client.get("/", secure=True)
    assert secure["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert faults(client.get("/")) == faults(secure) == []


def test_cookies_are_out_of_reach_for_scripts(client: Client, ana: User) -> None:
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "ana", "password": PASSWORD})

    names = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SEEN_COOKIE_NAME}
    assert set(client.cookies) == names
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]

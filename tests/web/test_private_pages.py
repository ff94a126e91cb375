"""WH-06, WH-08: no private page is kept by a browser, nobody is led off the site, foreign hosts are refused."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import RunStage
from runbook.models import Run, User
from tests.conftest import PASSWORD
from tests.web.builders import SENT, by_hand, send, step_page

LOGIN = "/accounts/login/"
RunAt = Callable[[RunStage], Run]


@pytest.mark.parametrize("htmx", [False, True])
def test_no_page_of_a_run_is_kept_by_the_browser(as_ana: Client, run_at: RunAt, htmx: bool) -> None:
    run = run_at(RunStage.STATE_UNREAD)
    headers = {"hx-request": "true"} if htmx else {}
    read = [reverse(name, args=[run.pk]) for name in ("run", "timeline", "run-report")]
    answers: list[Any] = [
        as_ana.get(target, headers=headers)
        for target in ["/", *read, step_page(run, "tidy"), step_page(run, "cellar")]
    ]
    answers += [
        as_ana.post(reverse("run-export", args=[run.pk]), {"format": name}, headers=headers)
        for name in ("markdown", "json", "none")
    ]
    answers += [
        send(as_ana, name, run, by_hand(run, typed), htmx=htmx)
        for name in sorted(SENT)
        for typed in ({}, SENT[name].typed)
    ]

    assert {answer.status_code for answer in answers} >= {200, 404, 409, 422}
    assert [a.status_code for a in answers if "no-store" not in a["Cache-Control"]] == []


def test_what_is_public_may_be_kept(client: Client, ana: User) -> None:
    """The control: the header is not simply everywhere."""
    found = client.get("/static/css/tokens.css")

    assert found.getvalue()  # type: ignore[attr-defined]
    assert "no-store" not in found["Cache-Control"]


ELSEWHERE = (
    "https://elsewhere.example/",
    "http://elsewhere.example",
    "HTTPS://ELSEWHERE.EXAMPLE",
    "//elsewhere.example",
    "///elsewhere.example",
    "////elsewhere.example/%2f..",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "\\/elsewhere.example",
    "/\\/elsewhere.example",
    "//\\elsewhere.example",
    "/\t/elsewhere.example",
    "/\n/elsewhere.example",
    "\t//elsewhere.example",
    "\x00//elsewhere.example",
    " //elsewhere.example",
    "https:elsewhere.example",
    "https:/elsewhere.example",
    "https:///elsewhere.example",
    "http:\\\\elsewhere.example",
    "https://testserver@elsewhere.example/",
    "https://testserver:x@elsewhere.example/",
    "https://testserver.elsewhere.example/",
    "https://elsewhere.example#testserver",
    "https://elsewhere.example?testserver",
    "//testserver@elsewhere.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//testserver",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "ftp://testserver/",
    "//elsewhere.example\r\nX-Injected: 1",
    "//[::1]/",
    "http://[not an address",
    "//elsewhere%E3%80%82example",
    "\u2025//elsewhere.example",
)


def leads_away(location: str) -> bool:
    """Whether a browser that follows it leaves the site; it reads a backslash as a slash."""
    tidy = "".join(c for c in location.replace("\\", "/") if c not in "\t\r\n").lstrip(" \x00")
    if tidy.startswith("//"):
        return True
    parts = urlsplit(tidy)
    return bool(parts.scheme or parts.netloc) and parts.netloc != "testserver"


def test_the_corpus_leads_away_and_own_addresses_do_not() -> None:
    assert len(ELSEWHERE) >= 30
    away = [target for target in ELSEWHERE if "[" not in target and leads_away(target)]
    assert len(away) >= 25
    assert not leads_away("/runs/?next=//elsewhere.example")
    assert not leads_away("http://testserver/runs/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_leads_off_the_site(client: Client, ana: User, target: str) -> None:
    credentials = {"login": "ana", "password": PASSWORD}
    asked = client.post(f"{LOGIN}?next={quote(target)}", credentials)
    client.logout()
    typed = client.post(LOGIN, {**credentials, "next": target})

    for response in (asked, typed):
        assert response.status_code in {302, 422, 200}
        assert not leads_away(response.get("Location", "/"))
        assert "X-Injected" not in response


@pytest.mark.parametrize("target", ELSEWHERE)
def test_who_is_signed_in_already_is_not_led_off_the_site_either(
    as_ana: Client, target: str
) -> None:
    for address in (LOGIN, "/accounts/logout/"):
        response = as_ana.get(f"{address}?next={quote(target)}")
        assert response.status_code < 500
        assert not leads_away(response.get("Location", "/"))


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_out_never_leads_off_the_site(as_ana: Client, target: str) -> None:
    response = as_ana.post("/accounts/logout/", {"next": target})

    assert response.status_code == 302
    assert not leads_away(response["Location"])


@pytest.mark.parametrize("target", ELSEWHERE[:30])
def test_no_write_follows_an_address_from_the_form(
    as_ana: Client, run_at: RunAt, target: str
) -> None:
    run = run_at(RunStage.PREPARING)
    data = by_hand(run, {"text": "It rains.", "next": target, "step": "tidy"})

    response = as_ana.post(f"{reverse('add-note', args=[run.pk])}?next={quote(target)}", data)

    assert response["Location"].startswith(f"/runs/{run.pk}/")


def test_an_own_address_is_followed(client: Client, ana: User) -> None:
    own = f"{LOGIN}?next=/knowledge/"

    response = client.post(own, {"login": "ana", "password": PASSWORD})

    assert response["Location"] == "/knowledge/"


HOSTS = (
    "elsewhere.example",
    "testserver.elsewhere.example",
    "elsewhere.example:80",
    "testserver@elsewhere.example",
    "127.0.0.2",
    "[::2]",
    "testserver/elsewhere.example",
    "testserver, elsewhere.example",
    "testserver\tx",
    "..",
    "ſtestserver",
)


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_is_refused(as_ana: Client, host: str) -> None:
    for address in ("/", LOGIN, "/knowledge/"):
        response = as_ana.get(address, headers={"host": host})
        assert response.status_code == 400
        assert "elsewhere.example" not in response.content.decode()


def test_a_forwarded_host_changes_no_address(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(RunStage.PREPARING)
    forged = {"x-forwarded-host": "elsewhere.example", "forwarded": "host=elsewhere.example"}

    made = as_ana.post(reverse("run-export", args=[run.pk]), {"format": "markdown"}, headers=forged)

    assert made.status_code == 200
    assert b"elsewhere.example" not in made.content
    assert b"testserver" in made.content

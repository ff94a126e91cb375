"""AN-03, AN-04, AN-05: where somebody is signed in, how long it lasts, and what ends it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection
from django.test import Client

from runbook.models import User
from runbook.services import accounts, sessions
from runbook.web.browsers import browser_name
from tests.conftest import PASSWORD

LIST = "/account/sign-ins/"
NEW = "nine blue lamps are lit"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
EDGE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0 Safari/537.36 Edg/143.0"
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def browser(name: str = "ana", **headers: str) -> Client:
    """A browser in which somebody has signed in at the sign-in page."""
    client = Client(headers=headers)
    response = client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert response.status_code == 302
    return client


def inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def key(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_old_cookies(client: Client) -> Client:
    copy = Client()
    for name in (settings.SESSION_COOKIE_NAME, settings.SEEN_COOKIE_NAME):
        if name in client.cookies:
            copy.cookies[name] = str(client.cookies[name].value)
    return copy


# --- what gives a session a new key ---


def test_signing_in_gives_the_session_a_new_key(client: Client, ana: User) -> None:
    """AN-03: a key that somebody planted before is worth nothing."""
    client.post("/join/", {"token": "x"})
    client.session.create()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    planted = with_old_cookies(client)

    client.post("/accounts/login/", {"login": "ana", "password": PASSWORD})

    assert key(client) != session.session_key
    assert inside(client)
    assert not inside(planted)


def change_password(client: Client) -> None:
    answers = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", answers).status_code == 302


def test_changing_the_password_gives_a_new_key_and_ends_the_others(ana: User) -> None:
    """AN-03 and AN-04."""
    here, others = browser(), [browser(), browser()]
    old = with_old_cookies(here)

    change_password(here)

    assert inside(here)
    assert not any(inside(client) for client in [old, *others])
    assert "This one" in here.get(LIST).content.decode()


# --- what ends a session: nine of nine ---


def sign_out(clients: list[Client], user: User) -> None:
    for client in clients:
        client.post("/accounts/logout/")


def close(clients: list[Client], user: User) -> None:
    accounts.close_account(user)


def set_password(clients: list[Client], user: User) -> None:
    user.set_password(NEW)
    user.save()


@pytest.mark.parametrize("deed", [sign_out, close, set_password])
def test_old_cookies_are_dead_at_the_next_request(
    ana: User, deed: Callable[[list[Client], User], None]
) -> None:
    """AN-04: signing out, closing the account, a new password; three browsers each."""
    clients = [browser() for _ in range(3)]
    old = [with_old_cookies(client) for client in clients]
    assert all(inside(client) for client in old)

    deed(clients, ana)

    assert [client.get("/account/").status_code for client in old] == [302, 302, 302]


def test_opening_an_account_again_brings_no_old_session_back(ana: User) -> None:
    client = browser()
    accounts.close_account(ana)
    accounts.open_account(ana)

    assert not inside(client)
    assert inside(browser())


# --- the list ---


def test_the_list_names_browsers_and_marks_this_one(ana: User, ben: User) -> None:
    here = browser(**{"user-agent": FIREFOX})
    browser(**{"user-agent": EDGE})
    browser("ben", **{"user-agent": "curl/8.0"})

    page = here.get(LIST).content.decode()

    assert page.index("Firefox on Windows") < page.index("This one") < page.index("Edge on macOS")
    assert "curl" not in page


def test_reading_the_list_writes_nothing(ana: User) -> None:
    here = browser()
    browser()
    here.get("/account/")  # shows, and thereby uses up, the message about having signed in

    def refuse(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        assert sql.lstrip().upper().startswith("SELECT"), sql
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        for address in (LIST, "/account/", "/", "/knowledge/"):
            assert here.get(address).status_code == 200


def test_signing_out_elsewhere(ana: User) -> None:
    here, there, third = browser(), browser(), browser()
    row = UserSession.objects.get(session_key=key(there))

    here.post(f"/account/sign-ins/{row.pk}/end/")

    assert [inside(client) for client in (here, there, third)] == [True, False, True]


def test_nobody_ends_the_sessions_of_others(ana: User, ben: User) -> None:
    hers, his = browser("ana"), browser("ben")
    row = UserSession.objects.get(session_key=key(hers))

    his.post(f"/account/sign-ins/{row.pk}/end/")
    his.post("/account/sign-ins/others/end/")

    assert inside(hers)
    assert inside(his)


def test_signing_out_everywhere_else_also_where_the_list_is_blind(ana: User, ben: User) -> None:
    here, listed, unlisted, other = browser(), browser(), browser(), browser("ben")
    UserSession.objects.filter(session_key=key(unlisted)).delete()

    here.post("/account/sign-ins/others/end/")

    assert [inside(client) for client in (here, listed, unlisted, other)] == [
        *(True, False, False, True)
    ]


def test_a_session_that_is_over_is_not_listed(ana: User, now: datetime) -> None:
    here = browser()
    gone = browser()
    gone.post("/accounts/logout/")
    with time_machine.travel(START - timedelta(days=3)):
        browser()
    ana.refresh_from_db()

    alive = sessions.sign_ins(ana, here=key(here), now=datetime.now(UTC))

    assert [place.is_here for place in alive] == [True]


def test_a_session_from_before_a_new_password_is_not_listed(ana: User) -> None:
    """Its row stays until it is cleared away, but it opens nothing any more."""
    here, other = browser(), browser()
    change_password(here)
    ana.refresh_from_db()

    places = sessions.sign_ins(ana, here=key(here), now=datetime.now(UTC))

    assert not inside(other)
    assert [place.is_here for place in places] == [True]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (EDGE, "Edge on macOS"),
        ("curl/8.0", "curl"),
        ("", "An unknown browser"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1",
            "Safari on iPhone",
        ),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str, name: str) -> None:
    assert browser_name(agent) == name


# --- how long it lasts ---

IDLE = settings.SESSION_IDLE_AGE
WHOLE = settings.SESSION_COOKIE_AGE


def test_a_session_ends_when_nobody_is_there(ana: User) -> None:
    """AN-05, idle: within a minute of the setting."""
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        clock.shift(IDLE)
        assert inside(client)
        clock.shift(IDLE + 1)
        assert not inside(client)


def test_using_it_keeps_it_and_costs_no_write(ana: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        for _ in range(4):
            clock.shift(IDLE - 60)
            assert inside(client)


def test_it_ends_after_its_hours_however_busy(ana: User) -> None:
    """AN-05, absolute."""
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        for _ in range(WHOLE // 1800 - 1):
            clock.shift(1800)
            assert (
                client.post("/account/", {"display_name": "A", "time_zone": "UTC"}).status_code
                == 302
            )
        clock.shift(1799)
        assert inside(client)
        clock.shift(2)
        assert not inside(client)


def test_changing_the_password_does_not_make_it_longer(ana: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        clock.shift(3600)
        change_password(client)
        assert inside(client)
        for _ in range(WHOLE // 3600 - 1):
            clock.shift(3600)
            client.get("/account/")
        clock.shift(1)
        assert not inside(client)


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
def test_what_a_page_fetches_by_itself_is_no_sign_of_a_person(ana: User, mode: str) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        for _ in range(5):
            clock.shift(IDLE // 4)
            client.get("/account/", headers={"sec-fetch-mode": mode})
        assert not inside(client)


@pytest.mark.parametrize("value", [None, "", "forged", "of another session"])
def test_without_its_own_cookie_a_session_is_over(ana: User, value: str | None) -> None:
    client, other = browser(), browser()
    if value is None:
        del client.cookies[settings.SEEN_COOKIE_NAME]
    elif value == "of another session":
        client.cookies[settings.SEEN_COOKIE_NAME] = other.cookies[settings.SEEN_COOKIE_NAME].value
    else:
        client.cookies[settings.SEEN_COOKIE_NAME] = value

    assert not inside(client)
    assert inside(other)


def test_signing_out_takes_the_cookie_along(ana: User) -> None:
    client = browser()
    client.post("/accounts/logout/")

    assert client.cookies[settings.SEEN_COOKIE_NAME].value == ""


def test_the_cookie_is_sent_once_a_minute_at_most(ana: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        clock.shift(59)
        assert settings.SEEN_COOKIE_NAME not in client.get("/account/").cookies
        clock.shift(1)
        assert settings.SEEN_COOKIE_NAME in client.get("/account/").cookies


def test_after_idling_a_person_comes_back_to_where_they_were(ana: User) -> None:
    with time_machine.travel(START, tick=False) as clock:
        client = browser()
        clock.shift(IDLE + 61)
        response = client.get("/knowledge/?q=gateway")

    assert response["Location"] == "/accounts/login/?next=/knowledge/%3Fq%3Dgateway"

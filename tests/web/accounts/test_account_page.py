"""The account page: name and time zone, and doors to the rest; and the people of the installation."""

from collections.abc import Callable

import pytest
from django.test import Client

from runbook.models import User
from tests.web.accounts.service import PlayedService

SignIn = Callable[[User], Client]


def test_shows_who_i_am_and_leads_to_everything(ana: User, sign_in: SignIn) -> None:
    page = sign_in(ana).get("/account/").content.decode()

    assert "ana, ana@example.org" in page
    for door in (
        "/accounts/password/change/",
        "/accounts/second-factor/",
        "/accounts/second-factor/webauthn/",
        "/account/sign-ins/",
    ):
        assert f'href="{door}"' in page
    assert "/accounts/services/" not in page
    assert "/people/" not in page


def test_a_configured_service_adds_its_door(
    ana: User, sign_in: SignIn, service: PlayedService
) -> None:
    assert 'href="/accounts/services/"' in sign_in(ana).get("/account/").content.decode()


def test_is_one_click_away_from_every_page(ana: User, sign_in: SignIn) -> None:
    assert 'href="/account/"' in sign_in(ana).get("/account/").content.decode()


def test_keeps_name_and_time_zone(ana: User, sign_in: SignIn) -> None:
    answers = {"display_name": "Ana Lead", "time_zone": "Europe/Berlin"}

    assert sign_in(ana).post("/account/", answers)["Location"] == "/account/"

    ana.refresh_from_db()
    assert (ana.display_name, ana.time_zone) == ("Ana Lead", "Europe/Berlin")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_refuses_a_time_zone_that_does_not_exist(ana: User, sign_in: SignIn, zone: str) -> None:
    response = sign_in(ana).post("/account/", {"display_name": "", "time_zone": zone})

    assert response.status_code == 422
    ana.refresh_from_db()
    assert ana.time_zone == "UTC"


def test_changes_nothing_else(ana: User, sign_in: SignIn) -> None:
    sign_in(ana).post(
        "/account/",
        {
            "display_name": "",
            "time_zone": "UTC",
            "is_staff": "1",
            "username": "root",
            "email": "x@y.z",
        },
    )

    ana.refresh_from_db()
    assert (ana.is_staff, ana.username, ana.email) == (False, "ana", "ana@example.org")


def test_an_owner_closes_and_opens_accounts(owner: User, ben: User, sign_in: SignIn) -> None:
    olga, his = sign_in(owner), sign_in(ben)
    assert "ben@example.org" in olga.get("/people/").content.decode()

    olga.post(f"/people/{ben.actor_id}/close/")
    assert his.get("/account/").status_code == 302
    assert "Closed" in olga.get("/people/").content.decode()

    olga.post(f"/people/{ben.actor_id}/open/")
    ben.refresh_from_db()
    assert ben.is_active


def test_nobody_closes_their_own_account(owner: User, sign_in: SignIn) -> None:
    assert sign_in(owner).post(f"/people/{owner.actor_id}/close/").status_code == 404

    owner.refresh_from_db()
    assert owner.is_active


def test_only_an_owner_sees_and_closes(owner: User, ana: User, ben: User, sign_in: SignIn) -> None:
    client = sign_in(ana)

    assert client.get("/people/").status_code == 403
    assert client.post(f"/people/{ben.actor_id}/close/").status_code == 403
    assert client.post(f"/people/{ben.actor_id}/open/").status_code == 403
    ben.refresh_from_db()
    assert ben.is_active

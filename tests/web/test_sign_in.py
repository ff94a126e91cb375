"""Signing in: by username or e-mail address, and not by trying passwords."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from runbook.models import User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"


@pytest.mark.parametrize("name", ["ana", "ana@example.org"])
def test_works_by_username_and_by_email_address(client: Client, ana: User, name: str) -> None:
    response = client.post(LOGIN, {"login": name, "password": PASSWORD})

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.get("/").status_code == 200


def test_refuses_a_wrong_password(client: Client, ana: User) -> None:
    response = client.post(LOGIN, {"login": "ana", "password": "wrong"})

    assert response.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_a_stranger_is_asked_to_sign_in_and_led_back(client: Client, ana: User) -> None:
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:x"]
)
def test_does_not_lead_to_another_site(client: Client, ana: User, target: str) -> None:
    response = client.post(f"{LOGIN}?next={target}", {"login": "ana", "password": PASSWORD})

    assert response["Location"] == "/"


def test_too_many_wrong_passwords_are_refused_even_with_the_right_one(
    client: Client, ana: User
) -> None:
    for _ in range(5):
        client.post(LOGIN, {"login": "ana", "password": "wrong"})

    response = client.post(LOGIN, {"login": "ana", "password": PASSWORD})

    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert "Too many failed login attempts." in response.content.decode()


def test_the_count_is_kept_where_every_process_sees_it(client: Client, ana: User) -> None:
    def rows() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM runbook_cache")
            return int(cursor.fetchone()[0])

    cache.clear()
    client.post(LOGIN, {"login": "ana", "password": "wrong"})

    assert rows() > 0


def test_nobody_can_make_an_account_for_themselves(client: Client, ana: User) -> None:
    answers = {
        "username": "eve",
        "email": "eve@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }

    client.post("/accounts/signup/", answers)

    assert not User.objects.filter(username="eve").exists()


def test_signing_out_needs_a_post(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert client.get("/").status_code == 302


def test_reading_a_page_writes_nothing(client: Client, ana: User) -> None:
    client.force_login(ana)
    with connection.execute_wrapper(_refuse_writes):
        assert client.get("/").status_code == 200


def _refuse_writes(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert sql.lstrip().upper().startswith("SELECT"), sql
    return execute(sql, params, many, context)

"""The set-up page: needed once, works once, and does not let itself be guessed."""

import threading
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from runbook.models import User
from runbook.services import accounts

ANSWERS = {
    "username": "ana",
    "display_name": "Ana",
    "email": "ana@example.org",
    "password": "correct horse battery staple",
    "password_again": "correct horse battery staple",
}


@pytest.fixture
def code(db: None) -> str:
    return accounts.new_set_up_code()


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/no-such-page/", "/accounts/signup/"])
def test_every_page_leads_to_it_while_there_is_no_account(
    client: Client, db: None, path: str
) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"] == "/set-up/"


def test_shows_the_form(client: Client, db: None) -> None:
    response = client.get("/set-up/")

    assert response.status_code == 200
    assert "Make the first account" in response.content.decode()


def test_makes_the_account_and_signs_the_person_in(client: Client, code: str) -> None:
    response = client.post("/set-up/", {**ANSWERS, "code": code})

    assert response.status_code == 302
    assert response["Location"] == "/"
    user = User.objects.get()
    assert (user.username, user.display_name, user.email) == ("ana", "Ana", "ana@example.org")
    assert user.check_password(ANSWERS["password"])
    assert len(user.actor_id) == 32
    assert not user.is_superuser
    assert client.get("/").status_code == 200


def test_is_gone_afterwards(client: Client, code: str, ana: User) -> None:
    assert client.get("/set-up/").status_code == 404
    assert client.post("/set-up/", {**ANSWERS, "code": code}).status_code == 404
    client.force_login(ana)
    assert client.get("/set-up/").status_code == 404


def test_forgives_case_and_hyphens_when_the_code_is_retyped(client: Client, code: str) -> None:
    retyped = code.lower().replace("-", " ")

    assert client.post("/set-up/", {**ANSWERS, "code": retyped}).status_code == 302


def test_refuses_a_wrong_code_with_a_sentence(client: Client, code: str) -> None:
    response = client.post("/set-up/", {**ANSWERS, "code": "ABCD-EFGH-JKMN"})

    assert response.status_code == 422
    assert "This is not the code of the running server." in response.content.decode()
    assert not User.objects.exists()


def test_refuses_every_code_before_the_server_made_one(client: Client, db: None) -> None:
    assert client.post("/set-up/", {**ANSWERS, "code": "-"}).status_code == 422
    assert not User.objects.exists()


def test_a_new_start_makes_the_old_code_useless(client: Client, code: str) -> None:
    accounts.new_set_up_code()

    assert client.post("/set-up/", {**ANSWERS, "code": code}).status_code == 422


def test_stops_listening_after_too_many_wrong_codes(client: Client, code: str) -> None:
    for _ in range(accounts.WRONG_CODES_ALLOWED):
        assert client.post("/set-up/", {**ANSWERS, "code": "wrong"}).status_code == 422

    response = client.post("/set-up/", {**ANSWERS, "code": code})

    assert response.status_code == 429
    assert "Too many wrong codes." in response.content.decode()
    assert not User.objects.exists()


def test_the_code_itself_is_stored_nowhere(code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM runbook_cache")
        stored = "".join(str(value) for (value,) in cursor.fetchall())

    assert stored
    assert code not in stored
    assert cache.get("set-up:code") != code


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password_again": "something else entirely"}, "The two passwords differ."),
        ({"password": "short", "password_again": "short"}, "This password is too short."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"username": "a b"}, "Enter a valid username."),
    ],
)
def test_explains_what_is_wrong_with_an_answer(
    client: Client, code: str, change: dict[str, str], sentence: str
) -> None:
    response = client.post("/set-up/", {**ANSWERS, "code": code, **change})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)("/set-up/").status_code == 405


def test_of_racing_posts_exactly_one_makes_an_account(committed_db: None) -> None:
    code = accounts.new_set_up_code()
    start = threading.Barrier(4)
    results: list[str] = []

    def race(name: str) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            try:
                accounts.create_first_account(
                    code=code, username=name, email=f"{name}@example.org", password="irrelevant"
                )
                results.append("made")
            except accounts.SetUpRefused as refusal:
                results.append(type(refusal).__name__)
            finally:
                connection.close()

        return run

    threads = [threading.Thread(target=race(name)) for name in ("ana", "ben", "cleo", "dora")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["AlreadySetUp", "AlreadySetUp", "AlreadySetUp", "made"]
    assert User.objects.count() == 1


def test_the_slower_of_two_is_sent_to_the_sign_in_page(
    client: Client, code: str, make_user: Callable[[str], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_before_the_other_was_done = iter([True])
    real = accounts.needs_set_up
    monkeypatch.setattr(
        accounts, "needs_set_up", lambda: next(checked_before_the_other_was_done, None) or real()
    )
    make_user("ben")
    client.force_login(User.objects.get())

    response = client.post("/set-up/", {**ANSWERS, "code": code})

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/"

"""Joining: from the link to the account or the seat, once."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from runbook.models import Membership, Team, User
from runbook.services import invitations
from tests.conftest import PASSWORD
from tests.services.crowd import at_once

JOIN, ACCEPT = "/join/", "/join/accept/"
ANSWERS = {
    "username": "mona",
    "display_name": "Mona",
    "email": "mona@example.org",
    "password": "seven green bottles hang",
    "password_again": "seven green bottles hang",
}


@pytest.fixture
def team(owner: User) -> Team:
    team = Team.objects.create(name="Platform", created=timezone.now())
    Membership.objects.create(
        team=team, user=owner, role="lead", is_owner=True, since=timezone.now()
    )
    return team


@pytest.fixture
def token(team: Team, owner: User) -> str:
    """To the team, as reviewer, for mona@example.org."""
    return invitations.invite(
        actor=owner, team=team, role="reviewer", email="mona@example.org", now=timezone.now()
    )[1]


def test_the_page_takes_the_code_without_a_script(client: Client, token: str) -> None:
    page = client.get(JOIN).content.decode()
    assert "Invitation code" in page

    response = client.post(JOIN, {"token": f" {token} "})

    assert response["Location"] == ACCEPT
    assert "uwi_" not in response["Location"]


def test_the_invitation_says_who_and_where(client: Client, token: str) -> None:
    page = client.post(JOIN, {"token": token}, follow=True).content.decode()

    assert "Olga invites you to the team <strong>Platform</strong>, as reviewer." in page
    assert 'value="mona@example.org"' in page


def test_it_makes_the_account_gives_the_seat_and_signs_in(client: Client, token: str) -> None:
    client.post(JOIN, {"token": token})
    before = client.cookies[settings.SESSION_COOKIE_NAME].value

    response = client.post(ACCEPT, ANSWERS)

    assert response["Location"] == "/"
    assert client.get("/account/").status_code == 200
    mona = User.objects.get(username="mona")
    assert mona.check_password(ANSWERS["password"])
    assert not mona.is_staff
    seat = Membership.objects.filter(user=mona).get()
    assert (seat.team.name, seat.role, seat.is_owner) == ("Platform", "reviewer", False)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert "This one" in client.get("/account/sign-ins/").content.decode()


def test_it_works_once(client: Client, token: str) -> None:
    client.post(JOIN, {"token": token})
    client.post(ACCEPT, ANSWERS)
    later = Client()

    response = later.post(JOIN, {"token": token})

    assert response.status_code == 422
    assert "This invitation is no longer open" in response.content.decode()


@pytest.mark.parametrize("token", ["uwi_" + "A" * 43, "x", "uwi_", "' OR 1=1 --", "☃"])
def test_a_wrong_code_reads_like_a_used_one(client: Client, owner: User, token: str) -> None:
    response = client.post(JOIN, {"token": token})

    assert response.status_code == 422
    assert "This invitation is no longer open" in response.content.decode()


def test_wrong_codes_are_counted(client: Client, owner: User) -> None:
    answers = [client.post(JOIN, {"token": "uwi_x"}).status_code for _ in range(21)]

    assert answers == [422] * 20 + [429]


def test_without_an_invitation_there_is_no_form(client: Client, owner: User) -> None:
    assert client.get(ACCEPT)["Location"] == JOIN
    assert client.post(ACCEPT, ANSWERS)["Location"] == JOIN
    assert User.objects.count() == 1


def test_an_invitation_that_was_withdrawn_meanwhile_makes_nothing(
    client: Client, owner: User
) -> None:
    invitation, token = invitations.invite(actor=owner, now=timezone.now())
    client.post(JOIN, {"token": token})
    invitations.withdraw(invitation.pk, actor=owner, now=timezone.now())

    assert client.post(ACCEPT, ANSWERS)["Location"] == JOIN
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"username": "OLGA"}, "Somebody has this username already."),
        ({"email": "olga@example.org"}, "An account with this address exists."),
        ({"email": "Olga@Example.org"}, "An account with this address exists."),
        ({"email": "ben@example.org"}, "An account with this address exists."),
        ({"password": "short", "password_again": "short"}, "This password is too short."),
        ({"password_again": "another one"}, "The two passwords differ."),
    ],
)
def test_it_explains_what_is_wrong(
    client: Client, token: str, ben: User, change: dict[str, str], sentence: str
) -> None:
    User.objects.filter(pk=ben.pk).update(email="Ben@example.org")
    client.post(JOIN, {"token": token})

    response = client.post(ACCEPT, ANSWERS | change)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert User.objects.count() == 2
    assert client.post(ACCEPT, ANSWERS)["Location"] == "/"


def test_a_person_who_is_here_joins_with_their_account(
    client: Client, token: str, ben: User
) -> None:
    client.force_login(ben)
    page = client.post(JOIN, {"token": token}, follow=True).content.decode()
    assert "Join as Ben" in page
    assert not Membership.objects.filter(user=ben).exists()

    client.post(ACCEPT)

    assert Membership.objects.filter(user=ben).get().role == "reviewer"
    assert Client().post(JOIN, {"token": token}).status_code == 422


def test_the_session_that_gained_a_role_gets_a_new_key(
    client: Client, token: str, ben: User
) -> None:
    """AN-03, role change."""
    client.force_login(ben)
    client.post(JOIN, {"token": token})
    before = client.cookies[settings.SESSION_COOKIE_NAME].value

    client.post(ACCEPT)

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    old = Client()
    old.cookies[settings.SESSION_COOKIE_NAME] = before
    assert old.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200


def test_signing_in_leads_back_to_the_invitation(client: Client, token: str, ben: User) -> None:
    page = client.post(JOIN, {"token": token}, follow=True).content.decode()
    assert f"/accounts/login/?next={ACCEPT}" in page

    response = client.post(
        f"/accounts/login/?next={ACCEPT}", {"login": "ben", "password": PASSWORD}, follow=True
    )

    assert "Join as Ben" in response.content.decode()


def test_an_account_alone_is_nothing_for_somebody_who_has_one(
    client: Client, owner: User, ben: User
) -> None:
    _, token = invitations.invite(actor=owner, now=timezone.now())
    client.force_login(ben)

    client.post(JOIN, {"token": token})
    page = client.post(ACCEPT).content.decode()

    assert "there is nothing to accept" in page
    assert invitations.find(token, now=timezone.now())


def test_of_many_at_once_one_gets_the_seat(
    committed_db: None, make_user: Callable[[str], User], now: datetime
) -> None:
    owner = make_user("olga")
    owner.is_staff = True
    owner.save()
    invitation, _ = invitations.invite(actor=owner, now=now)

    def take(name: str) -> Callable[[], object]:
        return lambda: invitations.make_account(
            invitation, username=name, email=f"{name}@example.org", password=PASSWORD, now=now
        )

    results = at_once([take(name) for name in ("ben", "cleo", "dora", "eve")])

    refused = [result for result in results if isinstance(result, invitations.NotOpen)]
    assert len(refused) == 3
    assert User.objects.count() == 2


def test_two_with_one_name_do_not_crash(
    committed_db: None, make_user: Callable[[str], User], now: datetime
) -> None:
    owner = make_user("olga")
    owner.is_staff = True
    owner.save()
    two = [invitations.invite(actor=owner, now=now)[0] for _ in range(2)]

    def take(invitation: object, address: str) -> Callable[[], object]:
        return lambda: invitations.make_account(
            invitation,  # type: ignore[arg-type]
            username="mona",
            email=address,
            password=PASSWORD,
            now=now,
        )

    results = at_once([take(two[0], "a@example.org"), take(two[1], "b@example.org")])

    assert sum(isinstance(result, invitations.NameTaken) for result in results) == 1
    assert User.objects.filter(username="mona").count() == 1

"""Who comes in through a sign-in service: known by issuer and subject, invited, or refused."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.conf import settings
from django.test import Client
from django.utils import timezone

from runbook.models import Membership, Team, User
from runbook.services import invitations
from tests.conftest import PASSWORD
from tests.web.accounts.service import CALLBACK, LOGIN, PlayedService


def signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_stranger_needs_an_invitation(service: PlayedService, client: Client, ana: User) -> None:
    response = service.sign_in(client)

    assert "New accounts come by invitation" in response.content.decode()
    assert not signed_in(client)
    assert User.objects.count() == 1


def test_where_everybody_is_welcome_a_stranger_gets_an_account(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    settings.OIDC_OPEN = True

    service.sign_in(client)

    mona = User.objects.get(username="mona")
    assert (mona.email, mona.display_name) == ("mona@contoso.example", "Mona Maker")
    assert not mona.has_usable_password()
    assert not mona.is_staff
    assert signed_in(client)


def test_an_invited_stranger_gets_account_and_seat(
    service: PlayedService, client: Client, ana: User
) -> None:
    team = Team.objects.create(name="Platform", created=timezone.now())
    Membership.objects.create(team=team, user=ana, role="lead", is_owner=True, since=timezone.now())
    _, token = invitations.invite(actor=ana, team=team, role="reviewer", now=timezone.now())
    client.post("/join/", {"token": token})

    response = service.sign_in(client, next="/join/accept/")

    assert response["Location"] == "/join/accept/"
    assert client.get("/join/accept/")["Location"] == "/"
    mona = User.objects.get(username="mona")
    assert Membership.objects.filter(user=mona).get().role == "reviewer"
    assert not invitations.find(token, now=timezone.now())


def test_an_invitation_that_went_in_the_meantime_brings_nothing(
    service: PlayedService, client: Client, owner: User
) -> None:
    invitation, token = invitations.invite(actor=owner, now=timezone.now())
    client.post("/join/", {"token": token})
    service.begin(client)
    invitations.withdraw(invitation.pk, actor=owner, now=timezone.now())

    service.come_back(client)

    assert User.objects.count() == 1
    assert not signed_in(client)


@pytest.mark.parametrize("verified", [False, True])
@pytest.mark.parametrize("address", ["ana@example.org", "ANA@example.org"])
def test_an_address_that_equals_a_local_account_opens_nothing(
    service: PlayedService, client: Client, ana: User, settings: Any, verified: bool, address: str
) -> None:
    """AN-08: unverified e-mail equal to a local account; a verified one is refused just the same."""
    settings.OIDC_OPEN = True
    service.person |= {"email": address, "email_verified": verified}

    response = service.sign_in(client)

    assert response.status_code == 403
    assert "Sign in with its password first, then connect Contoso" in response.content.decode()
    assert not signed_in(client)
    assert User.objects.get() == ana
    assert not SocialAccount.objects.exists()


def connect(service: PlayedService, client: Client) -> Any:
    return service.sign_in(client, process="connect")


def confirm(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def test_a_person_who_is_signed_in_connects_the_service_and_comes_in_by_it(
    service: PlayedService, client: Client, ana: User
) -> None:
    service.person |= {"email": "ana@example.org"}
    client.force_login(ana)
    confirm(client)
    connect(service, client)
    other = Client()

    service.sign_in(other)

    assert SocialAccount.objects.get().user == ana
    assert other.get("/account/").context["user"] == ana
    page = client.get("/accounts/services/").content.decode()
    assert "ana@example.org" in page
    assert "Disconnect" in page


def test_connecting_asks_for_the_password_once_more(
    service: PlayedService, client: Client, ana: User
) -> None:
    client.force_login(ana)

    response = connect(service, client)

    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()


def test_a_new_address_at_the_service_changes_nothing(
    service: PlayedService, client: Client, ana: User, ben: User, settings: Any
) -> None:
    """Joined by (issuer, subject): the address may become that of somebody else."""
    settings.OIDC_OPEN = True
    service.sign_in(client)
    service.person |= {"email": "ben@example.org"}
    other = Client()

    service.sign_in(other)

    assert other.get("/account/").context["user"].username == "mona"


def test_the_same_subject_of_another_issuer_is_somebody_else(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    settings.OIDC_OPEN = True
    service.sign_in(client)
    SocialAccount.objects.update(user=ana)
    issuer = "https://other.example"
    service.config["issuer"] = issuer
    service.changes = {"iss": issuer}
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["issuer"] = issuer
    service.person |= {"email": "else@other.example", "preferred_username": "else"}
    other = Client()

    service.sign_in(other)

    assert other.get("/account/").context["user"].username == "else"


def test_a_missing_address_is_asked_of_the_service_about_the_same_person_only(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    settings.OIDC_OPEN = True
    service.person["email"] = None
    service.config["userinfo_endpoint"] = "https://login.contoso.example/me"
    service.userinfo = {"sub": "somebody else", "email": "x@contoso.example"}
    response = service.sign_in(client)
    assert response["Location"] == "/accounts/services/signup/"
    assert client.get("/accounts/services/signup/").status_code == 200

    service.userinfo = {"sub": "b7c1", "email": "y@contoso.example"}
    service.sign_in(client)

    assert User.objects.get(username="mona").email == "y@contoso.example"


def test_a_closed_account_stays_closed(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    settings.OIDC_OPEN = True
    service.sign_in(client)
    User.objects.filter(username="mona").update(is_active=False)

    response = service.sign_in(Client())

    assert response["Location"] == "/accounts/inactive/"


def test_the_session_gets_a_new_key(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    """AN-03, the fourth of four."""
    settings.OIDC_OPEN = True
    service.begin(client)
    before = client.cookies["session"].value

    service.come_back(client)

    assert client.cookies["session"].value != before
    old = Client()
    old.cookies["session"] = before
    assert not signed_in(old)


def test_only_what_tells_two_sign_ins_apart_is_kept(
    service: PlayedService, client: Client, ana: User, settings: Any
) -> None:
    settings.OIDC_OPEN = True
    service.person["groups"] = ["finance"]
    service.sign_in(client)

    account = SocialAccount.objects.get()

    assert set(account.extra_data) == {"iss", "sub", "email", "name"}
    assert len(account.uid) == 64


def test_without_a_configured_service_there_is_no_button_and_no_way(
    client: Client, ana: User
) -> None:
    SocialApp.objects.create(
        provider="openid_connect",
        provider_id="oidc",
        name="Planted",
        client_id="x",
        settings={"server_url": "https://evil.example", "issuer": "https://evil.example"},
    )

    assert "Sign in with Planted" not in client.get("/accounts/login/").content.decode()
    assert client.post(LOGIN).status_code == 404
    assert client.get(CALLBACK).status_code == 404


def test_a_configured_service_has_a_button(
    service: PlayedService, client: Client, ana: User
) -> None:
    page = client.get("/accounts/login/?next=/knowledge/").content.decode()

    assert "Sign in with Contoso" in page
    assert "next=%2Fknowledge%2F" in page
    assert settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION is False


def test_a_get_asks_before_it_leads_away(service: PlayedService, client: Client, ana: User) -> None:
    response = client.get(LOGIN)

    assert response.status_code == 200
    assert "Sign in with Contoso" in response.content.decode()


def test_cancelling_there_is_no_error_here(
    service: PlayedService, client: Client, ana: User
) -> None:
    service.begin(client)
    response = client.get(
        CALLBACK, {"error": "access_denied", "state": service.asked["state"]}, follow=True
    )

    assert "Sign-in cancelled" in response.content.decode()

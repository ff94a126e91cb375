"""Changing the own e-mail address: after the password, and once the new one has answered."""

import re
from datetime import timedelta

import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from runbook.models import User
from tests.conftest import PASSWORD

PAGE = "/accounts/email/"
NEW = "ana.lead@example.org"


def confirmed(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def ask(client: Client, address: str = NEW) -> str:
    """The page that follows."""
    headers = {"x-forwarded-host": "evil.example"}
    return client.post(PAGE, {"email": address}, headers=headers, follow=True).content.decode()


def link() -> str:
    """The link in the last mail; it leads to the configured site."""
    text = str(mail.outbox[-1].body)
    found = re.search(rf"{settings.SITE_URL}(/account/address/\S+)", text)
    assert found, text
    assert "evil" not in text
    return found[1]


def address_of(user: User) -> str:
    user.refresh_from_db()
    return user.email


def test_it_takes_the_password_once_more(ana: User) -> None:
    client = Client()
    client.force_login(ana)

    assert client.get(PAGE)["Location"].startswith("/accounts/reauthenticate/")
    client.post(PAGE, {"email": NEW})
    assert not mail.outbox


def test_the_new_address_counts_after_it_has_answered(ana: User) -> None:
    client = confirmed(ana)
    EmailAddress.objects.create(user=ana, email="ana@example.org", primary=True)
    ask(client, "Ana.Lead@Example.org")
    assert address_of(ana) == "ana@example.org"
    assert [letter.to for letter in mail.outbox] == [[NEW]]
    address = link()
    assert NEW in client.get(address).content.decode()
    assert address_of(ana) == "ana@example.org"

    client.post(address)

    assert address_of(ana) == NEW
    assert not EmailAddress.objects.exists()
    assert mail.outbox[-1].to == ["ana@example.org"]
    login = {"login": NEW, "password": PASSWORD}
    assert Client().post("/accounts/login/", login).status_code == 302


def test_the_link_works_once_and_for_an_hour(ana: User) -> None:
    client = confirmed(ana)
    ask(client)
    address = link()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        client.post(address)
    assert address_of(ana) == "ana@example.org"

    client.post(address)
    User.objects.filter(pk=ana.pk).update(email="third@example.org")
    client.post(address)

    assert address_of(ana) == "third@example.org"


def test_the_link_is_worth_nothing_to_others(ana: User, ben: User) -> None:
    ask(confirmed(ana))

    assert Client().post(link())["Location"].startswith("/accounts/login/")
    confirmed(ben).post(link())

    assert (address_of(ana), address_of(ben)) == ("ana@example.org", "ben@example.org")


def test_an_address_of_somebody_else_is_not_taken_and_not_told(ana: User, ben: User) -> None:
    """AN-06: the page reads the same; only the mail, to the owner of the address, differs."""
    client = confirmed(ana)

    def told(address: str) -> str:
        page = ask(client, address)
        return re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", page)

    assert told(NEW) == told("BEN@example.org")
    assert mail.outbox[-1].to == ["ben@example.org"]
    assert "/account/address/" not in mail.outbox[-1].body


def test_an_address_that_somebody_took_meanwhile_is_refused(ana: User, ben: User) -> None:
    client = confirmed(ana)
    ask(client)
    User.objects.filter(pk=ben.pk).update(email=NEW.title())

    page = client.post(link(), follow=True).content.decode()

    assert "An account with this address exists by now" in page
    assert address_of(ana) == "ana@example.org"

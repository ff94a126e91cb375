"""Inviting: who may, by mail or link, shown once, and taken back."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone

from runbook.models import Invitation, Membership, Team, User
from runbook.services import invitations

INVITE = "/people/invite/"
SignIn = Callable[[User], Client]


@pytest.fixture
def team(ana: User, ben: User, now: datetime) -> Team:
    """Ana owns it, Ben is in it."""
    team = Team.objects.create(name="Platform", created=now)
    Membership.objects.create(team=team, user=ana, role="lead", is_owner=True, since=now)
    Membership.objects.create(team=team, user=ben, role="operator", since=now)
    return team


def token_of(page: str) -> str:
    found = re.search(r"#(uwi_[\w-]{43})<", page)
    assert found, page
    return found[1]


def test_an_owner_of_the_installation_gets_a_link(owner: User, sign_in: SignIn) -> None:
    page = sign_in(owner).post(INVITE).content.decode()

    assert f"{settings.SITE_URL}/join/#{token_of(page)}" in page
    assert not mail.outbox


def test_the_link_is_shown_once_and_stored_nowhere(owner: User, sign_in: SignIn) -> None:
    client = sign_in(owner)
    token = token_of(client.post(INVITE).content.decode())

    assert "uwi_" not in client.get(INVITE).content.decode()
    stored = str(list(Invitation.objects.values()))
    assert token not in stored
    assert token.removeprefix("uwi_") not in stored


def test_each_token_is_another_one(owner: User, now: datetime) -> None:
    tokens = {invitations.invite(actor=owner, now=now)[1] for _ in range(20)}

    assert len(tokens) == 20


def test_the_mail_leads_to_the_configured_site(owner: User, sign_in: SignIn) -> None:
    """AN-07 for invitations: the host of the request counts for nothing."""
    headers = {"host": "localhost:6666", "x-forwarded-host": "evil.example"}
    response = sign_in(owner).post(INVITE, {"email": "new@example.org"}, headers=headers)

    letter = mail.outbox[0]
    assert letter.to == ["new@example.org"]
    assert f"{settings.SITE_URL}/join/#{token_of(response.content.decode())}" in letter.body
    for text in ("6666", "evil.example"):
        assert text not in letter.body
        assert text not in response.content.decode()


def test_inviting_somebody_who_is_here_already_reads_the_same(
    owner: User, ben: User, sign_in: SignIn
) -> None:
    """AN-06: page and mail do not tell whether the address has an account."""
    client = sign_in(owner)

    def told(address: str) -> list[str]:
        Invitation.objects.all().delete()
        page = client.post(INVITE, {"email": address}).content.decode()
        texts = [page, str(mail.outbox[-1].body)]
        hidden = re.compile(
            rf'uwi_[\w-]{{43}}|{re.escape(address)}|withdraw/|invitations/\d+|"X-CSRFToken": "\w+"|value="\w{{64}}"'
        )
        return [hidden.sub("", text) for text in texts]

    assert told("ben@example.org") == told("new@example.org")


def test_when_the_mail_server_fails_the_link_remains(
    owner: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(backend: EmailBackend, messages: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    page = sign_in(owner).post(INVITE, {"email": "new@example.org"}).content.decode()

    assert "No mail went to new@example.org" in page
    assert token_of(page)


def test_an_owner_of_a_team_invites_to_it(team: Team, ana: User, sign_in: SignIn) -> None:
    client = sign_in(ana)
    form = client.get(f"{INVITE}?team={team.handle}").content.decode()
    assert f'<option value="{team.handle}" selected>Platform</option>' in form

    client.post(INVITE, {"team": str(team.handle), "role": "reviewer"})

    invitation = Invitation.objects.get()
    assert (invitation.team, invitation.role, invitation.invited_by) == (team, "reviewer", ana)


def test_an_owner_of_a_team_cannot_invite_without_it(
    team: Team, ana: User, sign_in: SignIn
) -> None:
    assert sign_in(ana).post(INVITE, {"team": ""}).status_code == 422
    assert not Invitation.objects.exists()


def test_an_owner_of_the_installation_owns_no_team_by_that(
    team: Team, owner: User, sign_in: SignIn, now: datetime
) -> None:
    sign_in(owner).post(INVITE, {"team": str(team.handle), "role": "lead"})
    assert not Invitation.objects.filter(team=team).exists()

    with pytest.raises(invitations.MayNotInvite):
        invitations.invite(actor=owner, team=team, role="lead", now=now)


def test_nobody_else_invites(team: Team, ben: User, sign_in: SignIn, now: datetime) -> None:
    client = sign_in(ben)

    assert client.get(INVITE).status_code == 403
    assert client.post(INVITE, {"team": str(team.handle)}).status_code == 403
    with pytest.raises(invitations.MayNotInvite):
        invitations.invite(actor=ben, now=now)
    with pytest.raises(invitations.MayNotInvite):
        invitations.invite(actor=ben, team=team, role="lead", now=now)


def test_withdrawing_closes_the_link(owner: User, sign_in: SignIn) -> None:
    invitation, token = invitations.invite(actor=owner, now=timezone.now())
    client = sign_in(owner)

    client.post(f"/people/invitations/{invitation.pk}/withdraw/")

    assert invitations.find(token, now=timezone.now()) is None
    assert "Withdraw" not in client.get(INVITE).content.decode()


def test_nobody_withdraws_what_others_sent(
    team: Team, ana: User, ben: User, owner: User, sign_in: SignIn
) -> None:
    of_team, _ = invitations.invite(actor=ana, team=team, role="lead", now=timezone.now())
    of_owner, _ = invitations.invite(actor=owner, now=timezone.now())

    for person, invitation in ((ben, of_team), (ben, of_owner), (ana, of_owner), (owner, of_team)):
        sign_in(person).post(f"/people/invitations/{invitation.pk}/withdraw/")

    assert Invitation.objects.filter(withdrawn_at=None).count() == 2
    assert [i.pk for i in invitations.open_invitations(ana, now=timezone.now())] == [of_team.pk]


def test_an_invitation_lives_for_fourteen_days(owner: User, now: datetime) -> None:
    _, token = invitations.invite(actor=owner, now=now)
    end = now + timedelta(days=14)

    assert invitations.find(token, now=end - timedelta(seconds=1))
    assert invitations.find(token, now=end) is None


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_it_ends_with_the_right_of_the_person_who_sent_it(
    owner: User, now: datetime, change: dict[str, bool]
) -> None:
    _, token = invitations.invite(actor=owner, now=now)

    User.objects.filter(pk=owner.pk).update(**change)

    assert invitations.find(token, now=now) is None


def test_an_invitation_to_a_team_ends_with_the_ownership(
    team: Team, ana: User, now: datetime
) -> None:
    _, token = invitations.invite(actor=ana, team=team, role="operator", now=now)
    assert invitations.find(token, now=now)

    Membership.objects.filter(user=ana).update(is_owner=False)

    assert invitations.find(token, now=now) is None

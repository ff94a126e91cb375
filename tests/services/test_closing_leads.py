"""Accounts of people who lead one run, closed at the same moment: somebody stays who can lead it."""

from collections.abc import Callable
from datetime import datetime

import pytest

from runbook.domain.vocabulary import Role
from runbook.models import User
from runbook.services import accounts, installation
from runbook.services.teams import By, StillLeading, TeamRefused
from tests import factories
from tests.services.crowd import at_once

pytestmark = pytest.mark.usefixtures("committed_db")
ROUNDS = 5


def closing(user: User, by: By, *, heir: User | None = None) -> Callable[[], None]:
    return lambda: accounts.close_account(user, heir=heir, by=by)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_leads_one_stays(
    ana: User, ben: User, cleo: User, now: datetime, number: int
) -> None:
    run = factories.make_run(ana, now)
    factories.add_member(run, ana, user=ben, role=Role.LEAD, now=now)
    by = By(actor=cleo, now=now)

    refused = at_once([closing(ana, by), closing(ben, by)])

    assert [type(each) for each in refused] == [StillLeading]
    assert User.objects.filter(is_active=True, username__in=["ana", "ben"]).count() == 1
    assert installation.leaderless().going_on == []


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_heir_who_is_closed_meanwhile_leaves_no_run_alone(
    ana: User, ben: User, cleo: User, now: datetime, number: int
) -> None:
    factories.make_run(ana, now)
    by = By(actor=cleo, now=now)

    refused = at_once([closing(ana, by, heir=ben), closing(ben, by)])

    assert len(refused) == 1
    assert isinstance(refused[0], TeamRefused)
    assert installation.leaderless().going_on == []


def test_two_who_name_each_other_do_not_both_go(
    ana: User, ben: User, cleo: User, now: datetime
) -> None:
    for user in (ana, ben):
        factories.make_run(user, now)
    by = By(actor=cleo, now=now)

    refused = at_once([closing(ana, by, heir=ben), closing(ben, by, heir=ana)])

    assert len(refused) == 1
    assert installation.leaderless().going_on == []

"""Teams: whoever comes or goes does so on the record of every run of the team."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import transaction

from runbook import queries
from runbook.domain.errors import TransitionRefused
from runbook.domain.vocabulary import Role
from runbook.models import Member, Membership, Run, Team, User
from runbook.services import people, runs, teams
from runbook.services.runs import Beginning
from runbook.services.teams import By, LastOwner, StillLeading, TeamRefused
from tests import factories
from tests.domain.wishes import FACTS, small_pack


@pytest.fixture
def team(db: None, ana: User, now: datetime) -> Team:
    return teams.create_team(name=" Tower   keepers ", by=By(actor=ana, now=now))


@pytest.fixture
def seat(team: Team, ana: User, now: datetime) -> Callable[..., None]:
    def give(user: User, role: Role = Role.OPERATOR) -> None:
        with transaction.atomic():
            teams.seat(team, user=user, role=role, by=By(actor=ana, now=now))

    return give


@pytest.fixture
def start(team: Team, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[User], Run]:
    monkeypatch.setattr("runbook.library.packs", lambda: {"small": small_pack()})

    def begin(user: User) -> Run:
        beginning = Beginning(
            pack="small", title="Tower 7", time_zone="UTC", answers=FACTS, team=team.handle
        )
        return runs.start_run(beginning=beginning, act=factories.act(user, now=now))

    return begin


def roles(run: Run) -> dict[str, str]:
    """Roles by username, from the table, once it is shown to equal the timeline."""
    run.refresh_from_db()
    queries.verify_run(run)
    names = dict(User.objects.values_list("actor_id", "username"))
    rows = Member.objects.filter(run=run).values_list("actor_id", "role")
    return {names[actor]: role for actor, role in rows}


def test_a_run_of_the_team_begins_with_its_members(
    team: Team,
    ana: User,
    ben: User,
    cleo: User,
    seat: Callable[..., None],
    start: Callable[[User], Run],
) -> None:
    seat(ben)
    seat(cleo, Role.REVIEWER)

    assert team.name == "Tower keepers"
    assert roles(start(ben)) == {"ben": "lead", "ana": "lead", "cleo": "reviewer"}


def test_who_joins_later_gets_the_role_on_every_run(
    ana: User, ben: User, seat: Callable[..., None], start: Callable[[User], Run]
) -> None:
    first, second = start(ana), start(ana)

    seat(ben)

    assert [roles(run) for run in (first, second)] == [{"ana": "lead", "ben": "operator"}] * 2


def test_joining_twice_changes_nothing(
    ana: User, ben: User, seat: Callable[..., None], start: Callable[[User], Run]
) -> None:
    run = start(ana)
    seat(ben)
    run.refresh_from_db()
    before = run.version

    seat(ben, Role.LEAD)

    run.refresh_from_db()
    assert run.version == before


def test_another_role_in_the_team_is_another_role_on_its_runs(
    team: Team,
    ana: User,
    ben: User,
    seat: Callable[..., None],
    start: Callable[[User], Run],
    now: datetime,
) -> None:
    seat(ben)
    run = start(ana)

    teams.change_seat(team, user=ben, role=Role.VERIFIER, is_owner=True, by=By(actor=ana, now=now))

    assert roles(run)["ben"] == "verifier"
    assert Membership.objects.get(user=ben).is_owner


def test_who_leaves_the_team_is_off_its_runs(
    team: Team,
    ana: User,
    ben: User,
    seat: Callable[..., None],
    start: Callable[[User], Run],
    now: datetime,
) -> None:
    seat(ben)
    run = start(ana)

    teams.remove_seat(team, user=ben, by=By(actor=ben, now=now))

    assert roles(run) == {"ana": "lead"}


def test_the_last_owner_stays_an_owner(
    team: Team, ana: User, ben: User, seat: Callable[..., None], now: datetime
) -> None:
    """AZ-07."""
    seat(ben)
    by = By(actor=ana, now=now)

    with pytest.raises(LastOwner):
        teams.remove_seat(team, user=ana, by=by)
    with pytest.raises(LastOwner):
        teams.change_seat(team, user=ana, role=Role.LEAD, is_owner=False, by=by)


def test_a_run_is_never_orphaned(
    team: Team,
    ana: User,
    ben: User,
    cleo: User,
    seat: Callable[..., None],
    start: Callable[[User], Run],
    now: datetime,
) -> None:
    """AZ-07: the only lead leaves only if somebody leads from then on."""
    seat(ben)
    seat(cleo)
    by = By(actor=ana, now=now)
    teams.change_seat(team, user=ben, role=Role.LEAD, is_owner=True, by=by)
    run = start(ben)
    people.give_role(
        run_id=run.pk, act=factories.act(ben, run, now=now), member=ana.actor_id, role=Role.OPERATOR
    )

    with pytest.raises(StillLeading, match="Tower 7"):
        teams.remove_seat(team, user=ben, by=by)
    assert roles(run)["ben"] == "lead"

    teams.remove_seat(team, user=ben, heir=cleo, by=by)
    assert roles(run) == {"ana": "operator", "cleo": "lead"}


def test_only_an_owner_changes_the_team(
    team: Team, ana: User, ben: User, seat: Callable[..., None], now: datetime
) -> None:
    seat(ben)
    by = By(actor=ben, now=now)

    for change in (
        lambda: teams.rename_team(team, name="Mine", by=by),
        lambda: teams.remove_seat(team, user=ana, by=by),
        lambda: teams.change_seat(team, user=ben, role=Role.LEAD, is_owner=True, by=by),
        lambda: teams.delete_team(team, by=by),
    ):
        with pytest.raises(TeamRefused, match="Only an owner"):
            change()


def test_a_team_with_runs_stays(
    team: Team, ana: User, start: Callable[[User], Run], now: datetime
) -> None:
    run = start(ana)
    with pytest.raises(TeamRefused, match="has runs"):
        teams.delete_team(team, by=By(actor=ana, now=now))
    assert roles(run) == {"ana": "lead"}


def test_an_empty_team_can_go(team: Team, ana: User, now: datetime) -> None:
    teams.delete_team(team, by=By(actor=ana, now=now))

    assert not Team.objects.exists()
    assert not Membership.objects.exists()


def test_who_is_in_no_seat_starts_no_run_in_the_team(
    team: Team, dora: User, start: Callable[[User], Run]
) -> None:
    with pytest.raises(TransitionRefused, match="not a member of this team"):
        start(dora)
    assert not Run.objects.exists()


def test_the_owner_of_the_installation_rescues_a_run_without_a_lead(
    ana: User, ben: User, start: Callable[[User], Run], now: datetime
) -> None:
    run = start(ana)
    User.objects.filter(pk=ben.pk).update(is_staff=True)
    ben.refresh_from_db()
    by = By(actor=ben, now=now)

    with pytest.raises(TransitionRefused, match="has a lead who can sign in"):
        teams.appoint_lead(run, lead=ben, by=by)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    teams.appoint_lead(run, lead=ben, by=by)

    assert roles(run) == {"ana": "lead", "ben": "lead"}

"""Use cases of teams: who is in them, and what that means for the rights on their runs.

A team is a list of people; the rights themselves are events on each run. So whoever joins, leaves
or changes the role is written onto the timeline of every run of the team, in one transaction: the
record of a run says at any time who could do what.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from runbook.domain import events as ev
from runbook.domain.decisions import people as decisions
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, Role
from runbook.models import Channel, Delivery, Invitation, Member, Membership, Run, Team, User
from runbook.services import timeline
from runbook.services.timeline import Act

LONGEST_NAME = 100
Change = Callable[[RunState], Sequence[ev.Event]]


class TeamRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


class LastOwner(TeamRefused):
    pass


class StillLeading(TeamRefused):
    """The person is the only lead of runs; `runs` names them."""

    def __init__(self, runs: Sequence[Run]) -> None:
        names = ", ".join(run.title for run in runs[:5])
        super().__init__(f"Only this person leads {names}. Name somebody who leads from now on.")
        self.runs = runs


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes a team, and when."""

    actor: User
    now: datetime

    @property
    def act(self) -> Act:
        """The same as an act on a run."""
        return Act(actor=self.actor.actor_id, now=self.now)


def create_team(*, name: str, by: By) -> Team:
    """A new team; who makes it owns it and leads its runs."""
    with transaction.atomic(durable=True):
        team = Team.objects.create(name=_name(name), created=by.now)
        Membership.objects.create(
            team=team, user=by.actor, role=Role.LEAD.value, is_owner=True, since=by.now
        )
    return team


def rename_team(team: Team, *, name: str, by: By) -> None:
    """Gives the team another name; refused to who does not own it."""
    _check_owner(team, by.actor)
    Team.objects.filter(pk=team.pk).update(name=_name(name))


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise TeamRefused("A team needs a name.")
    if len(name) > LONGEST_NAME:
        raise TeamRefused(f"Keep the name under {LONGEST_NAME} characters.")
    return name


def seat(team: Team, *, user: User, role: Role, by: By) -> None:
    """Gives a person a seat and the role on every run of the team, inside the caller's transaction.

    Somebody who sits there already keeps seat and role.
    """
    _, made = Membership.objects.get_or_create(
        team=team, user=user, defaults={"role": role.value, "since": by.now}
    )
    if made:
        _on_each_run(team, by, lambda state: _joined(state, user, role))


def _joined(state: RunState, user: User, role: Role) -> list[ev.Event]:
    if user.actor_id in state.members:
        return []  # a role given on the run itself stays
    return decisions.give_role(state, member=user.actor_id, role=role)


def change_seat(team: Team, *, user: User, role: Role, is_owner: bool, by: By) -> None:
    """Another role on the team's runs, or ownership given or taken; a last owner stays one."""

    def change() -> None:
        _check_owner(team, by.actor)
        held = _seat_of(team, user)
        if held.is_owner and not is_owner:
            _check_owner_remains(team, user)
        if role is not Role.LEAD:
            _check_leads_remain(team, user)
        Membership.objects.filter(pk=held.pk).update(role=role.value, is_owner=is_owner)
        _on_each_run(
            team,
            by,
            lambda state: (
                decisions.give_role(state, member=user.actor_id, role=role)
                if user.actor_id in state.members
                else []
            ),
        )

    timeline.patiently(change)


def remove_seat(team: Team, *, user: User, by: By, heir: User | None = None) -> None:
    """Takes the person out of the team and off its runs; `heir` leads where only they led (AZ-07).

    For an owner of the team, and for the person themself.
    """

    def remove() -> None:
        if by.actor != user:
            _check_owner(team, by.actor)
        held = _seat_of(team, user)
        _check_owner_remains(team, user)
        if heir is None:
            _check_leads_remain(team, user)
        else:
            _seat_of(team, heir)
        held.delete()
        _on_each_run(team, by, lambda state: _gone(state, user, heir))

    timeline.patiently(remove)


def _gone(state: RunState, user: User, heir: User | None) -> list[ev.Event]:
    if user.actor_id not in state.members:
        return []
    made: list[ev.Event] = []
    if heir is not None and decisions.leads_of(state) == {user.actor_id}:
        made += decisions.give_role(state, member=heir.actor_id, role=Role.LEAD)
    return [*made, ev.MemberRemoved(member=user.actor_id, reason="Left the team.")]


def delete_team(team: Team, *, by: By) -> None:
    """Removes a team that has no runs; with runs it stays, since they would be nobody's."""

    def delete() -> None:
        _check_owner(team, by.actor)
        if Run.objects.filter(team=team).exists():
            raise TeamRefused("The team has runs. They stay on record, and so does the team.")
        Delivery.objects.filter(channel__team=team).delete()
        for model in (Membership, Invitation, Channel):
            model.objects.filter(team=team).delete()
        Team.objects.filter(pk=team.pk).delete()

    timeline.patiently(delete)


def runs_led_alone(user: User) -> list[Run]:
    """The runs whose only lead is this person: nobody may close the account before that changes."""
    rows = Run.objects.filter(members__actor_id=user.actor_id, members__role=Role.LEAD.value)
    return [row for row in rows if decisions.leads_of(load_state(row.state)) == {user.actor_id}]


def appoint_lead(run: Run, *, lead: User, by: By) -> None:
    """The owner of the installation rescues a run whose lead is gone, on record."""
    if not by.actor.is_staff:
        raise TeamRefused("Only an owner of this installation can appoint a lead.")

    def decide(row: Run, state: RunState, pack: Pack) -> Sequence[ev.Event]:
        active = User.objects.filter(actor_id__in=decisions.leads_of(state), is_active=True)
        if active.exists():
            raise TransitionRefused("This run has a lead who can sign in. Ask them.")
        return decisions.give_role(state, member=lead.actor_id, role=Role.LEAD)

    timeline.record_by(
        run.pk, Action.MANAGE_MEMBERS, act=by.act, right=lambda row, state: None, decide=decide
    )


def hand_leads_over(user: User, *, heir: User, by: By) -> None:
    """Makes `heir` a lead of every run that goes on and that only this person could lead.

    Inside the caller's transaction. The person keeps the role, and gets it back with the account.
    """
    able = User.objects.select_for_update(no_key=True).filter(pk=heir.pk, is_active=True)
    if heir == user or not able.exists():
        raise TeamRefused("Choose somebody else whose account is open.")
    for run in _orphaned_by(user):
        _write(
            run.pk,
            by,
            lambda state: decisions.give_role(state, member=heir.actor_id, role=Role.LEAD),
        )


def check_leads_nothing(user: User) -> None:
    """StillLeading if a run that goes on would have no lead who can sign in without this person."""
    alone = _orphaned_by(user)
    if alone:
        raise StillLeading(alone)


def _orphaned_by(user: User) -> list[Run]:
    # Each run stays locked, so that its other lead cannot leave, or be closed out, meanwhile.
    led = Member.objects.filter(actor_id=user.actor_id, role=Role.LEAD.value)
    found = []
    for run_id in led.order_by("run_id").values_list("run_id", flat=True):
        run = timeline.locked(run_id)
        state = load_state(run.state)
        others = decisions.leads_of(state) - {user.actor_id}
        can_lead = User.objects.filter(actor_id__in=others, is_active=True)
        if not state.is_frozen and not can_lead.exists():
            found.append(run)
    return found


def _on_each_run(team: Team, by: By, change: Change) -> None:
    # In the order of their ids: two changes of teams that share no run never wait for each other.
    for run_id in Run.objects.filter(team=team).order_by("pk").values_list("pk", flat=True):
        _write(run_id, by, change)


def _write(run_id: uuid.UUID, by: By, change: Change) -> None:
    timeline.within(
        run_id,
        Action.MANAGE_MEMBERS,
        act=by.act,
        right=lambda run, state: None,
        decide=lambda run, state, pack: change(state),
    )


def _seat_of(team: Team, user: User) -> Membership:
    held = Membership.objects.select_for_update().filter(team=team, user=user).first()
    if held is None:
        raise TeamRefused("This person is not in the team.")
    return held


def _check_owner(team: Team, actor: User) -> None:
    # Locks the owners' seats, so that two owners cannot remove each other at the same moment.
    seats = Membership.objects.filter(team=team, is_owner=True)
    if actor.pk not in set(seats.select_for_update().values_list("user_id", flat=True)):
        raise TeamRefused("Only an owner of the team can do that.")


def _check_owner_remains(team: Team, user: User) -> None:
    owners = Membership.objects.filter(team=team, is_owner=True, user__is_active=True)
    if not owners.exclude(user=user).exists() and owners.filter(user=user).exists():
        raise LastOwner("A team needs an owner. Make somebody else an owner first.")


def _check_leads_remain(team: Team, user: User) -> None:
    alone = [run for run in runs_led_alone(user) if run.team_id == team.pk]
    if alone:
        raise StillLeading(alone)

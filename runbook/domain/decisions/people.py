"""Decisions about members of a run, and about who takes it over at the end of a shift."""

from collections.abc import Sequence

from runbook.domain import events as ev
from runbook.domain.access import may
from runbook.domain.decisions.steps import need_reason
from runbook.domain.errors import TransitionRefused
from runbook.domain.state import RunState
from runbook.domain.transitions import check_allowed
from runbook.domain.vocabulary import Action, Role

_LAST_LEAD = "A run needs a lead. Make somebody else the lead first."


def give_role(state: RunState, *, member: str, role: Role) -> list[ev.Event]:
    """Adds a member or changes the role; the last lead stays the lead (AZ-07)."""
    if state.members.get(member) is role:
        return []
    if member not in state.members:
        return [ev.MemberAdded(member=member, role=role)]
    if role is not Role.LEAD:
        _check_lead_remains(state, member)
    return [ev.RoleChanged(member=member, role=role)]


def remove_member(state: RunState, *, member: str, reason: str = "") -> list[ev.Event]:
    """Takes every right away; refused for the last lead, since a run must not be orphaned."""
    if member not in state.members:
        raise TransitionRefused("This person is not a member of the run.")
    _check_lead_remains(state, member)
    return [ev.MemberRemoved(member=member, reason=reason.strip())]


def _check_lead_remains(state: RunState, member: str) -> None:
    leads = {actor for actor, role in state.members.items() if role is Role.LEAD}
    if leads == {member}:
        raise TransitionRefused(_LAST_LEAD)


def leads_of(state: RunState) -> frozenset[str]:
    """The actor ids of the run's leads."""
    return frozenset(actor for actor, role in state.members.items() if role is Role.LEAD)


def offer_handover(
    state: RunState, *, giver: str, to: str, card: Sequence[str], doubts: str = ""
) -> list[ev.Event]:
    """Offers the run to a successor, with a card of how it stands; a newer offer replaces an older."""
    check_allowed(state.stage, Action.OFFER_HANDOVER)
    if to == giver:
        raise TransitionRefused("Choose somebody else; you have the run already.")
    role = state.members.get(to)
    if role is None:
        raise TransitionRefused("Only a member of the run can take it over.")
    if not may(role, Action.ACCEPT_HANDOVER):
        raise TransitionRefused(f"A {role.value} cannot take a run over. Change the role first.")
    return [ev.HandoverOffered(to=to, card=tuple(card), doubts=doubts.strip())]


def accept_handover(state: RunState, *, actor: str) -> list[ev.Event]:
    """Takes the run over: the giver's claims and, if the giver led the run, the lead as well."""
    check_allowed(state.stage, Action.ACCEPT_HANDOVER)
    offer = state.team.handover
    if offer is None or offer.to != actor:
        raise TransitionRefused("Nobody has offered you this run.")
    made: list[ev.Event] = [ev.HandoverAccepted(giver=offer.giver)]
    mine, theirs = state.members[actor], state.members.get(offer.giver)
    if theirs in {Role.LEAD, Role.OPERATOR} and mine not in {Role.LEAD, theirs}:
        made.append(ev.RoleChanged(member=actor, role=theirs))
    return made


def withdraw_handover(state: RunState, *, actor: str, reason: str) -> list[ev.Event]:
    """Takes an offer back, or declines it; for the two whose names stand on it, and for a lead."""
    check_allowed(state.stage, Action.WITHDRAW_HANDOVER)
    offer = state.team.handover
    if offer is None:
        raise TransitionRefused("There is no offer to take back.")
    if actor not in {offer.giver, offer.to} | leads_of(state):
        raise TransitionRefused("Only the two on the offer, or a lead, can take it back.")
    return [ev.HandoverWithdrawn(reason=need_reason(reason, "Say why in a few words."))]

"""Names of people, and who shares a team with whom."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from runbook.models import Membership, Run, ShareLink, Team, User

if TYPE_CHECKING:
    pass


def people(actors: Iterable[str]) -> dict[str, str]:
    """Names by actor id, of share links by their labels; an account that is gone shows as such."""
    wanted = set(actors)
    found = {user.actor_id: str(user) for user in User.objects.filter(actor_id__in=wanted)}
    found["system"] = "the product"  # reminders, and evidence whose time is over
    if wanted - set(found):
        links = ShareLink.objects.filter(actor_id__in=wanted - set(found))
        found |= {link.actor_id: f"Share link: {link.label}" for link in links}
    return {actor: found.get(actor, "a former member") for actor in wanted}


def people_of(run: Run, actors: Iterable[str], *, marked: bool = True) -> dict[str, str]:
    """Names of people on a run. In a copy nobody is known here, so the file's own names stand.

    `marked` says behind each that it comes from a file; only what is handed out does without.
    """
    if run.imported_by is None:
        return people(actors)
    told = json.loads(run.copy.people)
    names = {actor: told.get(actor) or f"person {actor[:8]}" for actor in actors}
    return {a: f"{name} (imported)" for a, name in names.items()} if marked else names


def known_to(user: User) -> list[User]:
    """The people whom the person may add to a run: who shares a team with them, by name."""
    teams = Membership.objects.filter(user=user).values("team_id")
    mates = Membership.objects.filter(team_id__in=teams).values("user_id")
    return list(User.objects.filter(pk__in=mates, is_active=True).order_by("display_name"))


def teams_of(user: User) -> list[Membership]:
    """The person's seats in teams, with the teams, by name."""
    return list(Membership.objects.filter(user=user).select_related("team").order_by("team__name"))


def seats_of(team: Team) -> list[Membership]:
    """Everybody in a team, owners first, with their accounts."""
    rows = Membership.objects.filter(team=team).select_related("user")
    return list(rows.order_by("-is_owner", "user__display_name", "user__username"))

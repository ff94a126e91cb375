"""A world outside that the outbox can send to: it takes, refuses or breaks, and keeps what it got."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from runbook.domain import events as ev
from runbook.domain.vocabulary import Action
from runbook.models import Channel, Delivery, Membership, Run, Team, User
from runbook.services import timeline
from runbook.services.outgoing import vault
from runbook.services.outgoing.message import SENT, Message, Sent, failed
from runbook.services.timeline import Act

DOWN = failed("The receiver could not be reached.", may_retry=True)
GONE = failed("The receiver answered 404, so it does not want this.", may_retry=False)


@dataclass(slots=True)
class Outside:
    """`ends` are the ends of the next tries, then everything is taken."""

    ends: list[Sent | Exception] = field(default_factory=list)
    tried: list[tuple[str, Message]] = field(default_factory=list)
    taken: list[tuple[str, Message]] = field(default_factory=list)

    def send(self, to: Channel | str, message: Message, *, now: datetime) -> Sent:
        name = to if isinstance(to, str) else to.label
        self.tried.append((name, message))
        end = self.ends.pop(0) if self.ends else SENT
        if isinstance(end, Exception):
            raise end
        if end == SENT:
            self.taken.append((name, message))
        return end

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message in self.taken]

    @property
    def keys(self) -> list[str]:
        return [message.key for _, message in self.tried]


def tell_about(run: Run, by: User, *, now: datetime, events: Iterable[ev.Event]) -> None:
    """Writes events as if a use case had decided them."""
    timeline.record(
        run.pk, Action.VIEW, act=Act(actor=by.actor_id, now=now), decide=lambda *_: list(events)
    )


def question(run: Run, by: User, *, now: datetime, number: int = 1) -> None:
    """One event that is told to everybody who operates the run, but for the asker."""
    asked = ev.QuestionAsked(number=number, about=1, text="Which lamp?")
    tell_about(run, by, now=now, events=[asked])


def channel(
    owner: User | Team, now: datetime, *, label: str = "room", kind: str = Channel.Kind.CHAT
) -> Channel:
    """A channel whose address nobody connects to."""
    return Channel.objects.create(
        kind=kind,
        user=owner if isinstance(owner, User) else None,
        team=owner if isinstance(owner, Team) else None,
        label=label,
        address=vault.encrypt("https://example.org/hook"),
        secret=vault.encrypt("secret"),
        created=now,
    )


def team_of(run: Run, owner: User, now: datetime) -> Team:
    """A team that the run belongs to."""
    team = Team.objects.create(name="Tower", created=now)
    Membership.objects.create(team=team, user=owner, role="lead", is_owner=True, since=now)
    Run.objects.filter(pk=run.pk).update(team=team)
    run.refresh_from_db()
    return team


def states(run: Run) -> list[str]:
    return list(Delivery.objects.filter(run=run).order_by("pk").values_list("state", flat=True))

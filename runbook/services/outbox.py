"""The outbox: a notice is written with its event, claimed after the commit, and told at least once.

Each receiver, a person's mail or a channel, gets its notices one after the other in the order in
which they were written: only the oldest unfinished row of a receiver can be claimed. A claim is a
conditional update with a lease; a worker that dies leaves a lease that runs out, and whoever finds
it sends the same rows again under the same key (`integrity-and-security.md` 4b.3).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from runbook.domain.notices import Notice
from runbook.domain.quiet_hours import Quiet, after_quiet, due_at
from runbook.models import Channel, Delivery, Run, User

State = Delivery.State
UNFINISHED = (State.WAITING, State.SENDING)
#: Longer than any one message can take: a mail server may use its ten seconds for each of its steps.
LEASE = timedelta(minutes=3)
#: After the first try and each further one; after the last of them a notice is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
#: What is older than this gets one try at a receiver that was given up on before.
OLD = timedelta(days=1)
_MOST_IN_A_DIGEST = 50


def quiet_of(user: User) -> Quiet:
    """When the person wants to hear nothing; a person who never said so always may be told."""
    wishes = getattr(user, "wishes", None)
    if wishes is None:
        return Quiet(zone=user.time_zone)
    return Quiet(
        zone=user.time_zone,
        begins=wishes.quiet_from,
        ends=wishes.quiet_until,
        digest_minutes=wishes.digest_minutes,
    )


def wants_mail(user: User) -> bool:
    """Whether notices go to the person's mail address."""
    wishes = getattr(user, "wishes", None)
    return bool(user.email) and (wishes is None or wishes.by_mail)


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What all rows of one notice share."""

    run: Run
    seq: int
    kind: str
    now: datetime

    def row(self, receiver: str, *, due: datetime | None = None, **more: Any) -> Delivery:
        return Delivery(
            key=f"{self.run.pk}/{self.seq}/{receiver}",
            run=self.run,
            seq=self.seq,
            kind=self.kind,
            created=self.now,
            due_at=due or self.now,
            **more,
        )


def put(run: Run, told: Sequence[tuple[int, Notice]], *, now: datetime) -> None:
    """Writes one row for each notice and receiver, in the transaction of the events."""
    people = _people(actor for _, notice in told for actor in notice.to)
    team = run.team_id if any(notice.team for _, notice in told) else None
    channels = _channels(people, team)
    windows = _windows(people)
    rows: list[Delivery] = []
    for seq, notice in told:
        about = _About(run=run, seq=seq, kind=notice.kind, now=now)
        for user in people:
            if user.actor_id in notice.to:
                due = due_at(quiet_of(user), now=now, window=windows.get(user.pk))
                rows.extend(_to_person(about, user, channels=channels, due=due))
        if notice.team and team:
            shared = channels.get(("team", team), [])
            rows.extend(about.row(f"channel-{each.pk}", channel=each) for each in shared)
    if rows:
        Delivery.objects.bulk_create(rows)


def _people(actors: Iterable[str]) -> list[User]:
    wanted = set(actors)
    if not wanted:
        return []
    found = User.objects.filter(actor_id__in=wanted, is_active=True)
    return list(found.select_related("wishes").order_by("pk"))


Owner = tuple[str, int | None]


def _channels(people: Sequence[User], team: int | None) -> Mapping[Owner, list[Channel]]:
    """The open channels of these people and of the team; one statement, none for nobody."""
    found: dict[Owner, list[Channel]] = defaultdict(list)
    if people or team:
        owners = Q(user__in=people) | (Q(team=team) if team else Q())
        for channel in Channel.objects.filter(owners, disabled_at=None).order_by("pk"):
            owner = ("team", channel.team_id) if channel.team_id else ("user", channel.user_id)
            found[owner].append(channel)
    return found


def _windows(people: Sequence[User]) -> dict[int, datetime]:
    """When the open digest of each person goes out, so that what comes now goes with it."""
    wanted = [user for user in people if quiet_of(user).digest_minutes]
    if not wanted:
        return {}
    open_ones = Delivery.objects.filter(user__in=wanted, state=State.WAITING, tries=0)
    return dict(open_ones.values_list("user").annotate(window=Min("due_at")).order_by())


def _to_person(
    about: _About, user: User, *, channels: Mapping[Owner, list[Channel]], due: datetime
) -> Iterator[Delivery]:
    reached = channels.get(("user", user.pk), [])
    for each in reached:
        yield about.row(f"channel-{each.pk}", user=user, channel=each, due=due)
    if wants_mail(user):
        yield about.row(f"mail-{user.pk}", user=user, due=due)
    elif not reached:
        # Who wants no message still finds the notice on the page of notices.
        yield about.row(f"page-{user.pk}", user=user, state=State.SENT, sent_at=about.now)


def reschedule(user: User, *, now: datetime) -> None:
    """Asks quiet hours and digest anew for what waits; to call when wishes or time zone changed."""
    waiting = Delivery.objects.filter(user=user, state=State.WAITING, tries=0, due_at__gt=now)
    quiet = quiet_of(user)
    with transaction.atomic():
        for row in waiting.select_for_update(no_key=True):
            due = after_quiet(quiet, max(now, due_at(quiet, now=row.created)))
            waiting.filter(pk=row.pk).update(due_at=due)


def heads(*, now: datetime, most: int) -> list[Delivery]:
    """What can be claimed now: of each receiver the oldest unfinished row, if it is due."""
    ahead = Delivery.objects.filter(state__in=UNFINISHED, pk__lt=OuterRef("pk"))
    in_mail = Exists(ahead.filter(channel=None, user=OuterRef("user")))
    in_channel = Exists(ahead.filter(channel=OuterRef("channel")))
    first = (Q(channel=None) & ~in_mail) | (Q(channel__isnull=False) & ~in_channel)
    return list(
        Delivery.objects.filter(claimable(now))
        .filter(first)
        .select_related("channel")
        .order_by("due_at", "pk")[:most]
    )


def claimable(now: datetime) -> Q:
    """Due and waiting, or left behind by a worker that died."""
    return Q(state=State.WAITING, due_at__lte=now) | Q(state=State.SENDING, lease_until__lte=now)


def claim(head: Delivery, *, now: datetime) -> list[Delivery]:
    """The rows that are now this worker's to send as one message; none if another was quicker.

    What was held back for a person, or failed together, goes together. A webhook gets each notice
    on its own, for its receiver tells repeats by the key of each.
    """
    with transaction.atomic():
        together = Delivery.objects.filter(
            user=head.user_id,
            channel=head.channel_id,
            state=head.state,
            lease_until=head.lease_until,
        )
        if not _held(head):
            together = together.filter(pk=head.pk)
        rows = list(
            together.filter(due_at=head.due_at, tries=head.tries)
            .select_for_update(no_key=True, of=("self",))
            .select_related("run", "user__wishes", "channel")
            .order_by("pk")[:_MOST_IN_A_DIGEST]
        )
        if not rows or rows[0].pk != head.pk or not _take(rows, head, now=now):
            return []
    for row in rows:
        row.state, row.lease_until, row.tries = State.SENDING, now + LEASE, row.tries + 1
    return rows


def _held(head: Delivery) -> bool:
    is_webhook = head.channel is not None and head.channel.kind == Channel.Kind.WEBHOOK
    return not is_webhook and head.due_at > head.created


def _take(rows: Sequence[Delivery], head: Delivery, *, now: datetime) -> bool:
    """The conditional update: all of the rows as they were seen, or none."""
    same = Delivery.objects.filter(
        pk__in=[row.pk for row in rows],
        state=head.state,
        lease_until=head.lease_until,
        tries=head.tries,
    )
    lease = now + LEASE
    won = same.update(state=State.SENDING, lease_until=lease, tries=F("tries") + 1) == len(rows)
    if not won:
        transaction.set_rollback(True)
    return won


def _mine(rows: Sequence[Delivery]) -> "QuerySet[Delivery]":
    """The rows as claimed; those that another worker took over after the lease are left out."""
    return Delivery.objects.filter(
        pk__in=[row.pk for row in rows], state=State.SENDING, lease_until=rows[0].lease_until
    )


def sent(rows: Sequence[Delivery], *, now: datetime) -> None:
    """The message went out."""
    _mine(rows).update(state=State.SENT, sent_at=now, lease_until=None, error="")


def drop(rows: Sequence[Delivery], *, reason: str) -> None:
    """The message has nobody to go to any more."""
    if rows:
        _mine(rows).update(state=State.DROPPED, lease_until=None, error=reason)


def hold(rows: Sequence[Delivery], *, until: datetime) -> None:
    """Back in the queue without having been tried: the person's quiet hours began meanwhile."""
    _mine(rows).update(state=State.WAITING, lease_until=None, due_at=until, tries=F("tries") - 1)


def failed(rows: Sequence[Delivery], *, reason: str, may_retry: bool, now: datetime) -> None:
    """Plans the next try, or gives up; a receiver that did not answer is left in peace meanwhile."""
    tries = rows[0].tries
    again = may_retry and tries <= len(PAUSES) and not _is_lost(rows[0], now=now)
    until = now + PAUSES[tries - 1 if again else 0]
    rows_now = _mine(rows)
    if again:
        rows_now.update(state=State.WAITING, due_at=until, lease_until=None, error=reason[:300])
    else:
        rows_now.update(state=State.FAILED, lease_until=None, error=reason[:300])
    if may_retry:
        # Else each of its other notices would wait for the same timeout.
        others = _receiver(rows[0]).filter(state=State.WAITING, due_at__lt=until)
        others.exclude(pk__in=[row.pk for row in rows]).update(due_at=until)


def _receiver(row: Delivery) -> "QuerySet[Delivery]":
    """All rows of the row's receiver."""
    return Delivery.objects.filter(user=row.user_id, channel=row.channel_id)


def _is_lost(row: Delivery, *, now: datetime) -> bool:
    """An old notice for a receiver that was given up on gets one try, not six: its queue must end."""
    if now - row.created <= OLD:
        return False
    ended = _receiver(row).filter(state__in=(State.SENT, State.FAILED)).order_by("-pk")
    last = ended.filter(pk__lt=row.pk).first()
    return last is not None and last.state == State.FAILED


def exhausted(rows: Sequence[Delivery]) -> bool:
    """Whether workers died over these rows, again and again."""
    return rows[0].tries > len(PAUSES) + 1


def try_again(pk: int, *, now: datetime) -> bool:
    """An owner's wish: the notice is due now, with all its tries; False if it is not in the queue."""
    stuck = Delivery.objects.filter(pk=pk, state__in=(State.FAILED, State.WAITING))
    return stuck.update(state=State.WAITING, due_at=now, tries=0, error="") == 1


def give_up(pk: int) -> bool:
    """An owner's wish: nobody gets this notice; False if it is not in the queue."""
    stuck = Delivery.objects.filter(pk=pk, state__in=(State.FAILED, State.WAITING))
    return stuck.update(state=State.DROPPED, error="Dropped by an owner of the installation.") == 1


def sweep(*, before: datetime) -> int:
    """Removes what was told, or dropped, before a moment; how many that were."""
    done = Delivery.objects.filter(state__in=(State.SENT, State.DROPPED), due_at__lt=before)
    old = list(
        done.filter(Q(sent_at=None) | Q(sent_at__lt=before)).values_list("pk", flat=True)[:500]
    )
    return Delivery.objects.filter(pk__in=old).delete()[0] if old else 0

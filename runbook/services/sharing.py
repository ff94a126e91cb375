"""Share links: reading rights on one run for whoever holds the token (4e).

The token is shown once and kept as a digest. What a link may do is asked anew on every request: it
lives no longer than the right of the person who made it. Wrong codes are counted in the shared
cache, under a lock, so that several processes count as one.
"""

import base64
import hashlib
import ipaddress
import logging
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection

from runbook import queries
from runbook.domain import events as ev
from runbook.domain.access import may
from runbook.domain.decisions import talk as decisions
from runbook.domain.errors import TransitionRefused
from runbook.domain.pack import Pack
from runbook.domain.redaction import mask
from runbook.domain.snapshot import load_state
from runbook.domain.state import RunState
from runbook.domain.vocabulary import Action, LinkScope
from runbook.models import Run, ShareLink, User
from runbook.models.accounts import new_actor_id
from runbook.services import evidence, talk, timeline
from runbook.services.timeline import Act, Right, Written

logger = logging.getLogger(__name__)

PREFIX = "uws_"  # so that scanners for leaked secrets know it
DEFAULT_DAYS = 14
WRONG_FROM_ONE_ADDRESS, WRONG_FROM_ALL = 20, 200
_WINDOW = 60
_TOLD_ONCE_IN = 600
_LOCK = 0x7577735F  # any number that no other advisory lock of the product uses
_OPEN_QUESTIONS = 20


class NoSuchLink(Exception):
    """Unknown, expired, revoked, used up, or its maker lost the right: a reader is not told which."""


class TooManyWrongCodes(Exception):
    """Somebody is guessing; nothing was looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new link may do, and for how long."""

    label: str
    scope: LinkScope
    profile: str
    days: int = DEFAULT_DAYS
    max_uses: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A run that the holder of a link may read."""

    link: ShareLink
    row: Run
    state: RunState
    pack: Pack

    @property
    def scope(self) -> LinkScope:
        """What the link allows."""
        return LinkScope(self.link.scope)


def new_token() -> str:
    """256 random bits in a form that stands in an address: 43 characters behind the prefix."""
    return PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_link(*, run_id: uuid.UUID, act: Act, wanted: Wanted) -> tuple[Written, str]:
    """Makes a link. Its token is handed out this once; for a form that came twice it is empty."""
    token, actor_id = new_token(), new_actor_id()
    label = mask(evidence.clean(wanted.label)).text[:100]
    expires = act.now + timedelta(days=wanted.days)

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        made = decisions.create_link(
            link=actor_id,
            label=label,
            scope=wanted.scope,
            profile=wanted.profile,
            expires=expires,
            now=act.now,
        )
        ShareLink.objects.create(
            actor_id=actor_id,
            run=run,
            digest=digest_of(token),
            scope=wanted.scope.value,
            profile=wanted.profile,
            label=label,
            creator=User.objects.get(actor_id=act.actor),
            created=act.now,
            expires=expires,
            max_uses=wanted.max_uses,
        )
        return made

    written = timeline.record(run_id, Action.MANAGE_LINKS, act=act, decide=decide)
    return written, "" if written.replayed else token


def revoke_link(*, run_id: uuid.UUID, act: Act, link: uuid.UUID, reason: str = "") -> Written:
    """Ends a link; whoever has its page open reads nothing more."""

    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        row = ShareLink.objects.filter(run=run, handle=link).first()
        if row is None:
            raise TransitionRefused("This run has no such link.")
        made = decisions.revoke_link(state, link=row.actor_id, reason=evidence.clean(reason))
        row.revoked_at = act.now
        row.save(update_fields=["revoked_at"])
        return made

    return timeline.record(run_id, Action.MANAGE_LINKS, act=act, decide=decide)


def links_of(run: Run) -> list[ShareLink]:
    """All links of a run, newest first, with their makers; one statement."""
    rows = ShareLink.objects.filter(run=run).select_related("creator")
    return list(rows.order_by("-created", "-pk"))


def is_alive(link: ShareLink, state: RunState, *, now: datetime) -> bool:
    """Whether the link may be read with: not ended, and its maker could make it today."""
    role = state.members.get(link.creator.actor_id)
    return (
        link.revoked_at is None
        and now < link.expires
        and link.creator.is_active
        and role is not None
        and may(role, Action.MANAGE_LINKS)
    )


def link_for(handle: uuid.UUID, *, now: datetime) -> Shared:
    """Fetches and authorises in one call, on every request of a reader."""
    link = ShareLink.objects.select_related("run", "creator").filter(handle=handle).first()
    if link is None:
        raise NoSuchLink
    state = load_state(link.run.state)
    if not is_alive(link, state, now=now):
        raise NoSuchLink
    return Shared(link=link, row=link.run, state=state, pack=queries.pack_of(link.run))


def open_link(
    *, token: str, address: str, now: datetime, opened: Collection[uuid.UUID] = ()
) -> ShareLink:
    """The link that the token belongs to; its opening goes on the timeline.

    `opened` are links that this reader has open already: they are neither used up nor told again.
    """
    _refuse_guessing(address, now=now)
    rows = ShareLink.objects.select_related("run", "creator")
    link = rows.filter(digest=digest_of(token.strip())).first()
    try:
        if link is None or not is_alive(link, load_state(link.run.state), now=now):
            raise NoSuchLink
        if link.handle not in opened:
            _use(link, now=now)
    except NoSuchLink:
        timeline.patiently(lambda: _count_wrong(address, now=now))
        raise
    return link


def _use(link: ShareLink, *, now: datetime) -> None:
    def decide(run: Run, state: RunState, pack: Pack) -> list[ev.Event]:
        row = ShareLink.objects.get(pk=link.pk)  # in the run's lock: of two last uses one counts
        if row.max_uses is not None and row.uses >= row.max_uses:
            raise NoSuchLink
        row.uses, row.last_used = row.uses + 1, now
        row.save(update_fields=["uses", "last_used"])
        return decisions.open_link(state, link=row.actor_id)

    act = Act(actor=link.actor_id, actor_kind="link", now=now)
    timeline.record_by(
        link.run_id, Action.VIEW, act=act, right=right_of(link, now=now), decide=decide
    )


def ask_question(
    *, shared: Shared, now: datetime, about: int, text: str, key: uuid.UUID | None = None
) -> Written:
    """A reader's question; on the timeline it is the link's, whoever is signed in beside it."""
    act = Act(
        actor=shared.link.actor_id,
        actor_kind="link",
        now=now,
        key=key,
        content={"about": str(about), "text": text},
    )
    commenting = right_of(shared.link, now=now, scope=LinkScope.COMMENT)

    def right(run: Run, state: RunState) -> None:
        commenting(run, state)
        mine = [each for each in state.team.questions if each.asker == shared.link.actor_id]
        if len(mine) >= _OPEN_QUESTIONS:
            raise TransitionRefused("Wait for an answer to your questions before you ask more.")

    return talk.ask_question(run_id=shared.row.pk, act=act, about=about, text=text, right=right)


def right_of(link: ShareLink, *, now: datetime, scope: LinkScope | None = None) -> Right:
    """The link's right as it is in the transaction that holds the run's lock."""

    def check(run: Run, state: RunState) -> None:
        row = ShareLink.objects.select_related("creator").filter(pk=link.pk, run=run).first()
        if row is None or not is_alive(row, state, now=now):
            raise NoSuchLink
        if scope is not None and row.scope != scope:
            raise NoSuchLink

    return check


# --- guessing -------------------------------------------------------------------------------------


def _refuse_guessing(address: str, *, now: datetime) -> None:
    """Raises TooManyWrongCodes for an address over its limit.

    While all addresses together are over theirs, an address that guessed wrong once is refused as
    well; whoever comes with the right code is let in all the same.
    """
    mine, everybody = _recent(_key(address), now), _recent(_key(""), now)
    allowed = 1 if len(everybody) >= WRONG_FROM_ALL else WRONG_FROM_ONE_ADDRESS
    if len(mine) >= allowed:
        raise TooManyWrongCodes


def _count_wrong(address: str, *, now: datetime) -> None:
    """Counts a wrong code, in a transaction; of many that come at once only the allowed pass."""
    if connection.vendor == "postgresql":  # SQLite's transactions begin with its one write lock
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    _refuse_guessing(address, now=now)
    for key, limit in ((_key(address), WRONG_FROM_ONE_ADDRESS), (_key(""), WRONG_FROM_ALL)):
        recent = [*_recent(key, now), now.timestamp()][-limit:]
        cache.set(key, recent, timeout=_WINDOW)
        if len(recent) >= limit and cache.add(f"{key}:told", True, timeout=_TOLD_ONCE_IN):
            whose = "one address" if limit == WRONG_FROM_ONE_ADDRESS else "all addresses"
            logger.warning("Share links: %s wrong codes within a minute from %s.", limit, whose)


def _recent(key: str, now: datetime) -> list[float]:
    since = now.timestamp() - _WINDOW
    return [moment for moment in cache.get(key, []) if moment > since]


def _key(address: str) -> str:
    """One key for an address; for IPv6 one for the network, since a guesser owns all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"share:wrong:{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    bits = 64 if parsed.version == 6 else 32
    return f"share:wrong:{ipaddress.ip_network((parsed, bits), strict=False)}"

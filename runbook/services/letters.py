"""From rows of the outbox to one message: who may still get it, and what it says.

The words are made when the message is sent, from the events themselves: nothing is kept twice, and
what was erased meanwhile is not told. No error text, no note and no id of the customer's goes in.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from runbook import queries
from runbook.domain import chain
from runbook.domain.notices import words_of
from runbook.models import Channel, Delivery, Member
from runbook.services import outbox
from runbook.services.outgoing.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One notice in words, and the head of the record at its event, which a mail carries outside."""

    run: str
    text: str
    when: str
    link: str
    seq: int
    head: str

    @property
    def fingerprint(self) -> str:
        """The head as people compare it."""
        return chain.fingerprint(self.head)


def reason_against(row: Delivery) -> str:
    """Why nobody may get this notice any more; empty if somebody may."""
    if row.run.events.filter(seq=1, actor_kind="import").exists():
        return "This is an example; it tells nobody."
    if row.channel is not None:
        return _against_channel(row, row.channel) or _against_person(row)
    return _against_person(row) or _against_mail(row)


def _against_channel(row: Delivery, channel: Channel) -> str:
    if channel.disabled_at is not None:
        return "The channel was switched off."
    if channel.team_id is not None and channel.team_id != row.run.team_id:
        return "The run does not belong to this team any more."
    return ""


def _against_person(row: Delivery) -> str:
    user = row.user
    if user is None:
        return ""
    if not user.is_active:
        return "The account is closed."
    if not Member.objects.filter(run=row.run_id, actor_id=user.actor_id).exists():
        return "The person is not on this run any more."
    return ""


def _against_mail(row: Delivery) -> str:
    wanted = row.user is not None and outbox.wants_mail(row.user)
    return "" if wanted else "The person wants no mail, or has no address."


def line_of(row: Delivery) -> Line | None:
    """The notice in words; None if its event was erased."""
    entry = queries.entry_at(row.run, row.seq)
    if entry is None or entry.event is None:
        return None
    pack = queries.pack_of(row.run)
    text, step = words_of(entry.event, pack)
    known = {each.slug for each in pack.runbook.steps}
    path = (
        reverse("step", args=[row.run_id, step])
        if step in known
        else reverse("run", args=[row.run_id])
    )
    zone = ZoneInfo(row.user.time_zone if row.user else "UTC")
    when = entry.recorded_at.astimezone(zone)
    return Line(
        run=row.run.title,
        text=text,
        when=f"{when:%Y-%m-%d %H:%M %Z}",
        link=f"{settings.SITE_URL}{path}",
        seq=entry.seq,
        head=entry.digest,
    )


def message_of(claimed: Sequence[Delivery], lines: Sequence[Line]) -> Message:
    """One message for all lines. Its key is that of the claim, so a repeat carries it again."""
    alone = len(claimed) == 1
    key, kind = (claimed[0].key, claimed[0].kind) if alone else (_digest_key(claimed), "digest")
    channel = claimed[0].channel is not None
    if len(lines) == 1:
        only = lines[0]
        body = only.when if channel else _rendered("notice", line=only)
        title, url = f"{only.run}: {only.text}", only.link
    else:
        body = _rendered("digest", lines=lines, channel=channel)
        title, url = _digest_title(lines), f"{settings.SITE_URL}{reverse('notices')}"
    return Message(key=key, title=title, body=body, url=url, kind=kind)


def _digest_key(claimed: Sequence[Delivery]) -> str:
    keys = "\n".join(row.key for row in claimed)
    return f"digest/{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def _digest_title(lines: Sequence[Line]) -> str:
    runs = {line.run for line in lines}
    about = next(iter(runs)) if len(runs) == 1 else f"{len(runs)} runs"
    return f"{about}: {len(lines)} notices"


def _rendered(name: str, **context: object) -> str:
    wishes = f"{settings.SITE_URL}{reverse('notice-wishes')}"
    return render_to_string(f"emails/{name}.txt", {**context, "wishes": wishes}).strip()

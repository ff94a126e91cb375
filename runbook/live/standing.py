"""What the database says about those who watch: where their runs stand, and whether they may go on.

All of it is asked for many watchers at once, so that the cost of looking again stays small.
"""

import uuid
from collections.abc import Collection
from functools import lru_cache

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from runbook.live.door import Watcher
from runbook.models import Member, Run, User


def versions(runs: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The newest event of each run."""
    return dict(Run.objects.filter(pk__in=runs).values_list("pk", "version")) if runs else {}


def still_allowed(watchers: Collection[Watcher]) -> set[Watcher]:
    """Those whose session lives, whose account is open, and who are members still."""
    keys, actors = {each.session for each in watchers}, {each.who for each in watchers}
    runs = {each.run for each in watchers}
    living = Session.objects.filter(session_key__in=keys, expire_date__gt=Now())
    sessions = dict(living.values_list("session_key", "session_data"))
    users = {user.actor_id: user for user in User.objects.filter(actor_id__in=actors)}
    rows = Member.objects.filter(run_id__in=runs, actor_id__in=actors)
    members = set(rows.values_list("run_id", "actor_id"))
    return {
        each
        for each in watchers
        if (each.run, each.who) in members
        and each.session in sessions
        and each.who in users
        and users[each.who].is_active
        and _belongs(
            sessions[each.session], pk=users[each.who].pk, password=users[each.who].password
        )
    }


@lru_cache(maxsize=2048)
def _belongs(data: str, *, pk: int, password: str) -> bool:
    """Whether the session is this person's and began under this password."""
    session = SessionStore().decode(data)
    proof = User(pk=pk, password=password).get_session_auth_hash()
    return session.get(SESSION_KEY) == str(pk) and constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), proof
    )

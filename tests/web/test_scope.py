"""AZ-06: no page reads rows of runs, or of teams, without naming whose they are."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.test import Client

from runbook.models import Evidence, User
from runbook.services import teams
from runbook.services.teams import By
from tests.web.test_canary import addresses, theirs

SignIn = Callable[[User], Client]
#: Tables with the data of one run or one team, and the columns that say whose they are.
SCOPED = {
    "runbook_event": ("run_id",),
    "runbook_evidence": ("run_id",),
    "runbook_storedfile": ("run_id", "handle"),
    "runbook_attempt": ("run_id",),
    "runbook_member": ("run_id", "actor_id"),
    "runbook_run": ("id", "team_id"),
    "runbook_sharelink": ("run_id", "handle", "digest", "actor_id"),
    "runbook_delivery": ("run_id", "user_id", "channel_id", "id"),
    "runbook_channel": ("user_id", "team_id", "id"),
    "runbook_membership": ("team_id", "user_id"),
    "runbook_apitoken": ("run_id", "digest"),
    "runbook_head": ("run_id",),
    "runbook_anchor": ("run_id",),
}
#: Pages of the installation count and list across runs; they show no content of any. Copies of
#: records from elsewhere belong to no run here: an owner finds all of them.
ACROSS = ("/owner/", "/people/", "/runs/import/")


def unscoped(sql: str) -> str:
    """The table that a statement reads without a scope, empty if there is none."""
    found = re.match(r'SELECT .*? FROM "(\w+)"(.*)', sql, re.DOTALL)
    if found is None or found[1] not in SCOPED:
        return ""
    where = found[2].partition(" WHERE ")[2]
    named = (f'"{found[1]}"."{column}"' in where for column in SCOPED[found[1]])
    return "" if any(named) else found[1]


@contextmanager
def watching() -> Iterator[list[str]]:
    """Every unscoped read while it is open."""
    caught: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if unscoped(sql):
            caught.append(sql[:300])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield caught


def test_no_page_reads_across_runs_and_teams(ana: User, sign_in: SignIn, now: datetime) -> None:
    run = theirs(ana, now)
    team = teams.create_team(name="Keepers", by=By(actor=ana, now=now))
    client = sign_in(ana)

    read: dict[str, list[str]] = {}
    for path in addresses(run, ana, team.handle):
        if "logout" in path or path.startswith(ACROSS):
            continue
        with watching() as caught:
            client.get(path)
        if caught:
            read[path] = caught
    assert read == {}


def test_a_read_of_everything_is_noticed(ana: User, now: datetime) -> None:
    run = theirs(ana, now)

    with watching() as caught:
        list(Evidence.objects.all())
    assert len(caught) == 1
    with watching() as caught:
        list(Evidence.objects.filter(run=run))
    assert caught == []

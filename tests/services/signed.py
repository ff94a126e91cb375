"""Runs that grow until something is signed."""

from datetime import datetime

from runbook.domain.vocabulary import Action
from runbook.models import Head, Run, User
from tests.domain.wishes import wish
from tests.factories import act, carry_out

NOTE = wish(Action.ADD_NOTE, text="It rains.")


def noted(run: Run, user: User, now: datetime, *, to: int) -> None:
    while run.version < to:
        carry_out(run, NOTE, act(user, now=now))
        run.refresh_from_db()


def reasons(run: Run) -> list[tuple[int, str]]:
    return list(Head.objects.filter(run=run).order_by("pk").values_list("size", "reason"))

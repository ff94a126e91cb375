"""Runs that grow until something is signed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from runbook.domain.vocabulary import Action
from runbook.models import Head, Run, User, guards
from tests.domain.wishes import wish
from tests.factories import act, carry_out

NOTE = wish(Action.ADD_NOTE, text="It rains.")


def noted(run: Run, user: User, now: datetime, *, to: int) -> None:
    while run.version < to:
        carry_out(run, NOTE, act(user, now=now))
        run.refresh_from_db()


def reasons(run: Run) -> list[tuple[int, str]]:
    return list(Head.objects.filter(run=run).order_by("pk").values_list("size", "reason"))


@contextmanager
def unguarded() -> Iterator[None]:
    """What somebody does who owns the database and took the guards off for a moment."""
    connection.check_constraints()  # else PostgreSQL alters no table before the commit
    guards.remove(connection)
    yield
    connection.check_constraints()
    guards.install(connection)


def forge(sql: str) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql)

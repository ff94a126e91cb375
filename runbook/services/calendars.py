"""Waits and windows as calendar files: one run's, or all of a person's.

What an entry looks like is settled in `exports`, so that a file, a feed and an export name the same
entry in the same way.
"""

from django.conf import settings
from django.urls import reverse

from runbook import queries
from runbook.exports.calendar_entries import planned
from runbook.exports.calendar_file import Dated, written
from runbook.models import User
from runbook.queries import OpenRun


def run_file(run: OpenRun) -> bytes:
    """The calendar of one run; once the run has ended it takes out what earlier files put in."""
    return _file([run], name=run.state.title)


def feed(user: User) -> bytes:
    """The calendar of all runs that the person is on and that go on.

    A calendar reads a feed as a whole, so what is no longer in it is gone without being cancelled.
    """
    going_on = [run for run in queries.runs_of(user) if not run.state.is_frozen]
    return _file(going_on, name="Upgrade Runbook")


def _file(runs: list[OpenRun], *, name: str) -> bytes:
    entries = [(_dated(run), entry) for run in runs for entry in planned(run.state, run.pack)]
    return written(entries, name=name)


def _dated(run: OpenRun) -> Dated:
    return Dated(
        run=str(run.row.pk),
        title=run.state.title,
        page=f"{settings.SITE_URL}{reverse('run', args=[run.row.pk])}",
        state=run.state,
        pack=run.pack,
    )

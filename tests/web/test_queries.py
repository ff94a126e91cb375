"""How many statements a page costs: few, and the same for a long run and for many runs."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from tests.domain.wishes import wish
from tests.factories import act, carry_out
from tests.web.builders import SENT, as_shown, send, step_page

RunAt = Callable[[RunStage], Run]
#: The most statements that showing a step, and recording something, may take.
TO_SHOW, TO_RECORD = 12, 16
#: An end is signed and entered into the journal of the installation as well, once in a run.
TO_END = {"close": 10, "abandon": 10}
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "SET LOCAL", "BEGIN")
STEPS = ("facts", "wiring", "ready", "tidy", "cool-down", "look-before", "import", "end")
LENGTHS = (1, 50, 500)


def statements(ask: Callable[[], object]) -> list[str]:
    """What the database was asked, without the marks of the transaction."""
    with CaptureQueriesContext(connection) as caught:
        ask()
    return [q["sql"] for q in caught.captured_queries if not q["sql"].startswith(NOT_COUNTED)]


def lengthen(run: Run, user: User, now: datetime, *, by: int) -> None:
    for number in range(by):
        carry_out(run.pk, wish(Action.ADD_NOTE, text=f"Note {number}."), act(user, now=now))


@pytest.fixture
def grown(run_at: RunAt, ana: User, now: datetime) -> Callable[[RunStage, int], Run]:
    """A run at a stage with so many notes more."""

    def make(stage: RunStage, by: int) -> Run:
        run = run_at(stage)
        lengthen(run, ana, now, by=by)
        return run

    return make


Grown = Callable[[RunStage, int], Run]


def test_a_step_costs_the_same_on_a_long_run(
    as_ana: Client, grown: Grown, ana: User, now: datetime
) -> None:
    runs = [grown(RunStage.RETRY_PLANNED, length) for length in LENGTHS]
    as_ana.get(step_page(runs[0]))
    counts = {
        step: [len(statements(lambda r=run, s=step: as_ana.get(step_page(r, s)))) for run in runs]  # type: ignore[misc]
        for step in STEPS
    }

    for step, found in counts.items():
        assert len(set(found)) == 1, (step, found)
        assert found[0] <= TO_SHOW, (step, found)


@pytest.mark.parametrize("stage", RunStage)
@pytest.mark.parametrize("htmx", [False, True])
def test_the_import_is_shown_with_few_statements_at_every_stage(
    as_ana: Client, run_at: RunAt, stage: RunStage, htmx: bool
) -> None:
    run = run_at(stage)
    headers = {"hx-request": "true"} if htmx else {}
    as_ana.get(step_page(run))

    found = statements(lambda: as_ana.get(step_page(run, "import"), headers=headers))

    assert len(found) <= TO_SHOW, "\n".join(found)


@pytest.mark.parametrize("name", sorted(set(SENT) - {"end-wait"}))
def test_recording_costs_little_and_the_same_on_a_long_run(
    as_ana: Client, grown: Grown, name: str
) -> None:
    counts = []
    for length in (1, 1, 60):  # the first end of all also registers the key
        run = grown(SENT[name].stage, length)
        data = as_shown(as_ana, name, run, SENT[name].typed)
        found = statements(lambda r=run, d=data: send(as_ana, name, r, d))  # type: ignore[misc]
        counts.append(len(found))

    assert counts[1] == counts[2]
    assert counts[1] <= TO_RECORD + TO_END.get(name, 0)


@pytest.mark.parametrize("name", sorted(set(SENT) - {"end-wait"}))
def test_with_htmx_recording_and_showing_share_what_they_read(
    as_ana: Client, run_at: RunAt, name: str
) -> None:
    run = run_at(SENT[name].stage)
    data = as_shown(as_ana, name, run, SENT[name].typed)

    found = statements(lambda: send(as_ana, name, run, data, htmx=True))

    assert len(found) <= TO_RECORD + TO_SHOW // 2 + TO_END.get(name, 0)


def test_the_timeline_costs_the_same_on_a_long_run(as_ana: Client, grown: Grown) -> None:
    short, long = (grown(RunStage.STATE_UNREAD, by) for by in (40, 300))

    def ask(run: Run) -> int:
        return len(statements(lambda: as_ana.get(reverse("timeline", args=[run.pk]))))

    ask(short)
    assert ask(short) == ask(long) <= TO_SHOW


def test_the_first_page_costs_the_same_for_one_run_and_for_three(
    as_ana: Client, run_at: RunAt
) -> None:
    run_at(RunStage.RETRY_PLANNED)
    as_ana.get("/")
    one = len(statements(lambda: as_ana.get("/")))
    for stage in (RunStage.CLOSED, RunStage.STATE_UNREAD):
        run_at(stage)

    three = len(statements(lambda: as_ana.get("/")))

    assert one == three <= 6


def test_the_count_sees_one_statement_more(as_ana: Client, run_at: RunAt) -> None:
    """The control."""
    run = run_at(RunStage.PREPARING)
    as_ana.get(step_page(run))
    plain = len(statements(lambda: as_ana.get(step_page(run))))

    def with_one_more() -> None:
        as_ana.get(step_page(run))
        Run.objects.count()

    assert len(statements(with_one_more)) == plain + 1


def test_looking_writes_nothing(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(RunStage.STATE_UNREAD)
    pages = [step_page(run, step) for step in STEPS]
    pages += [reverse(name, args=[run.pk]) for name in ("timeline", "run-report")]
    for target in [*pages, "/"]:
        found = statements(lambda t=target: as_ana.get(t))  # type: ignore[misc]
        # A long timeline is read through a cursor, which PostgreSQL is told of in words of its own.
        writes = [sql for sql in found if not re.match('SELECT|DECLARE "[^"]+" .*FOR SELECT', sql)]
        assert writes == [], target

"""RD-08: a log tells that something happened, never what people typed; a line stays one line."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse

from runbook.domain.vocabulary import Role
from runbook.models import Run, User
from runbook.services import reminders, runs, talk
from runbook.web.logs import JsonLines
from tests.domain.wishes import FACTS
from tests.factories import act, add_member, make_run
from tests.web.stories import tell

#: One for each place that takes words, so that a line would say where it came from.
CANARIES = [f"zeisig{number:02d}" for number in range(40)]
HOUR = timedelta(hours=1)
FORGED = '\r\n{"level": "ERROR", "message": "forged"}\r\n'


class Lines(logging.Handler):
    """Everything that is logged, as the product writes it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Debug lines of libraries are left out: nobody turns those on with people's data at stake."""
    handler = Lines()
    quiet = [logging.getLogger(name) for name in ("django", "runbook")]
    before = [each.level for each in quiet]
    for each in quiet:
        each.setLevel(logging.INFO)
        each.addHandler(handler)
    yield handler.lines
    for each, level in zip(quiet, before, strict=True):
        each.setLevel(level)
        each.removeHandler(handler)


def canary(number: int) -> str:
    return f"{CANARIES[number]}{FORGED}"


def address(name: str, run: Run) -> str:
    """Some are of the run, some of a step."""
    try:
        return reverse(name, args=[run.pk])
    except NoReverseMatch:
        return reverse(name, args=[run.pk, "import"])


def wrong_and_right(client: Client, run: Run) -> None:
    """What people send by hand: notes, broken forms, files, searches, sign-ins."""
    post: Callable[..., Any] = client.post
    step = reverse("step", args=[run.pk, "import"])
    for number, (name, field) in enumerate(
        (
            ("add-note", "text"),
            ("pause", "reason"),
            ("abandon", "reason"),
            ("record-attempt", "error_text"),
            ("start-attempt", "file_name"),
            ("ask-question", "text"),
            ("create-link", "label"),
            ("promise-update", "promise"),
            ("create-token", "label"),
            ("run-export", "format"),
            ("erase-evidence", "reason"),
            ("offer-handover", "doubts"),
            ("add-member", "member"),
        )
    ):
        post(address(name, run), {field: canary(number), "step": "import"})
    post(step, {"text": canary(13)})
    file = BytesIO(b"\x00\x01 no picture " + canary(14).encode())
    file.name = f"{CANARIES[15]}\r\nforged.png"
    post(reverse("work-on-step", args=[run.pk, "ready"]), {"file-picture": file})
    client.get(reverse("knowledge-index"), {"q": canary(16)})
    client.get(reverse("timeline", args=[run.pk]), {"show": canary(17), "before": canary(18)})
    client.get(reverse("run-at", args=[run.pk]), {"at": canary(19)})
    client.get(reverse("run-report", args=[run.pk]), {"profile": canary(20)})
    post(reverse("open-link"), {"code": canary(21)})
    Client().post(reverse("account_login"), {"login": canary(22), "password": canary(23)})
    Client().get(reverse("run", args=[run.pk]), headers={"User-Agent": CANARIES[24]})
    Client().post(reverse("account_reset_password"), {"email": f"{CANARIES[25]}@example.org"})
    bearer = {"Authorization": f"Bearer {CANARIES[26]}"}
    Client().get(reverse("api-run", args=[run.pk]), headers=bearer)
    Client().post(
        reverse("api-add-note", args=[run.pk]), canary(27), content_type="application/json"
    )


@pytest.fixture
def told(ana: User, now: datetime) -> Run:
    return tell(ana, now, text=f"{CANARIES[30]} {CANARIES[31]}", view=lambda name, run: None)


def test_no_log_line_quotes_what_people_typed(as_ana: Client, told: Run, logged: list[str]) -> None:
    wrong_and_right(as_ana, told)

    assert logged, "The refusals of this session are logged."
    assert [line for line in logged for each in CANARIES if each in line] == []
    assert not any("\n" in line or '"message": "forged"' in line for line in logged)


def test_a_mail_says_which_run_and_nothing_that_was_typed_on_it(
    ana: User, ben: User, now: datetime
) -> None:
    """The title is how people know the run; every other word stays in the product."""
    run = make_run(ana, now, answers={**FACTS, "solution": CANARIES[33]})
    add_member(run, ana, user=ben, role=Role.OPERATOR, now=now)
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text=CANARIES[34])
    talk.ask_question(run_id=run.pk, act=act(ana, now=now), about=1, text=CANARIES[35])
    talk.promise_update(
        run_id=run.pk, act=act(ana, now=now), promise=CANARIES[32], next_update=now + HOUR
    )
    reminders.tick(now + HOUR)
    bodies = [f"{letter.subject}\n{letter.body}" for letter in mail.outbox]

    assert any("Tower 7" in body for body in bodies)
    assert [body for body in bodies for each in CANARIES if each in body] == []


def test_a_line_that_quotes_would_be_noticed(logged: list[str]) -> None:
    logging.getLogger("runbook").warning("Refused: %s", canary(39))

    assert any(CANARIES[39] in line for line in logged)
    assert not any("\n" in line for line in logged)

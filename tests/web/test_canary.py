"""AZ-02, AZ-05: not one byte of a team's data reaches somebody of another team, by any address."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django.test import Client
from django.urls import NoReverseMatch, reverse

from runbook.domain.vocabulary import Action
from runbook.models import Run, User
from runbook.services import teams
from runbook.services.teams import By
from tests import factories
from tests.domain.history import PREPARATION, START
from tests.domain.wishes import FACTS, GATEWAY, failing, wish
from tests.routes import all_routes

SignIn = Callable[[User], Client]
CANARY = "Zanzibar-Kanarienvogel"


def theirs(ana: User, now: datetime) -> Run:
    """A run of which every text that a person can write holds the canary."""
    run = factories.make_run(ana, now, title=CANARY, answers={**FACTS, "solution": CANARY})
    for asked in (
        *PREPARATION,
        wish(Action.ADD_NOTE, text=f"{CANARY} said so."),
        wish(Action.ASK_QUESTION, about=1, text=f"{CANARY}?"),
        START,
        failing(f"{GATEWAY} {CANARY}"),
    ):
        factories.carry_out(run, asked, factories.act(ana, run, now=now))
    return run


def addresses(run: Run, ana: User, handle: object) -> list[str]:
    """Every address of the product with the ids of the other team in it."""
    parts = {
        "run_id": run.pk,
        "step": "tidy",
        "link": uuid4(),
        "handle": handle,
        "actor_id": ana.actor_id,
        "digest": run.head,
        "pack": "coe_starter_kit",
        "about": 1,
    }
    found = list(all_routes().values())
    for name in all_routes():
        for wanted in (("run_id",), ("run_id", "step"), ("run_id", "digest"), ("run_id", "link"),
                       ("handle",), ("handle", "actor_id"), ("run_id", "handle")):  # fmt: skip
            try:
                found.append(reverse(name, kwargs={each: parts[each] for each in wanted}))
            except NoReverseMatch:
                continue
    return found


def test_no_address_gives_a_stranger_a_byte_of_a_run(
    ana: User, dora: User, sign_in: SignIn, now: datetime
) -> None:
    run = theirs(ana, now)
    team = teams.create_team(name=f"{CANARY} keepers", by=By(actor=ana, now=now))
    client = sign_in(dora)

    leaks = []
    for path in addresses(run, ana, team.handle):
        if "logout" in path:
            continue
        ids = {"run": str(run.pk), "team": str(team.handle)}
        asked = {**ids, "show": "all", "seq": "3", "about": "1"}
        for answer in (
            client.get(path, asked),
            client.get(path, headers={"hx-request": "true"}),
            client.post(path, asked),
        ):
            body = b"".join(answer) if answer.streaming else answer.content
            if CANARY.encode() in body:
                leaks.append(f"{answer.request['REQUEST_METHOD']} {path}")
    assert leaks == []


def test_the_canary_sings_for_its_own_team(ana: User, sign_in: SignIn, now: datetime) -> None:
    """The control: whoever may read the run does see the word."""
    run = theirs(ana, now)

    assert CANARY in sign_in(ana).get(reverse("run", args=[run.pk])).content.decode()

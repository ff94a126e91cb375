"""AZ-01: every address has a row that says who may pass, and everybody else is turned away.

A row names the right that an address takes. `RUN` rows are tried by a stranger, each role, a member
who was removed meanwhile and a closed account; whoever lacks the right gets 404 or 403, whoever has
it never does.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from runbook.domain.access import may
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Run, Team, User
from runbook.services import people, teams
from runbook.services.teams import By
from tests import factories
from tests.routes import all_routes
from tests.test_architecture import OPEN_ROUTES

SignIn = Callable[[User], Client]

#: Addresses of a run, and the right that each takes.
RUN: Mapping[str, Action] = {
    "run": Action.VIEW,
    "step": Action.VIEW,
    "timeline": Action.VIEW,
    "run-report": Action.VIEW,
    "run-picture": Action.VIEW,
    "decide-report-cuts": Action.EXPORT,
    "run-review": Action.VIEW,
    "run-at": Action.VIEW,
    "run-people": Action.VIEW,
    "run-news": Action.VIEW,
    "run-watch": Action.VIEW,
    "run-calendar": Action.VIEW,
    "evidence-text": Action.VIEW,
    "run-evidence": Action.VIEW,
    "evidence-file": Action.VIEW,
    "erase-evidence": Action.ERASE_EVIDENCE,
    "run-export": Action.EXPORT,
    "run-packets": Action.VIEW,
    "run-packet": Action.VIEW,
    "record-packet-facts": Action.RECORD_FACTS,
    "decide-cuts": Action.EXPORT,
    "packet-file": Action.EXPORT,
    "send-packet": Action.SEND_ESCALATION,
    "forget-pseudonyms": Action.ERASE_EVIDENCE,
    "add-note": Action.ADD_NOTE,
    "pause": Action.PAUSE,
    "resume": Action.RESUME,
    "abandon": Action.ABANDON,
    "send-escalation": Action.SEND_ESCALATION,
    "work-on-step": Action.RECORD_CHECKS,
    "skip-step": Action.SKIP_STEP,
    "reopen-step": Action.REOPEN_STEP,
    "start-wait": Action.START_WAIT,
    "end-wait": Action.END_WAIT,
    "close": Action.CLOSE,
    "start-attempt": Action.START_ATTEMPT,
    "record-attempt": Action.RECORD_ATTEMPT,
    "choose-diagnosis": Action.CHOOSE_DIAGNOSIS,
    "read-state": Action.READ_STATE,
    "record-retry-checks": Action.RECORD_CHECKS,
    "override-retry": Action.OVERRIDE_RETRY,
    "record-repair": Action.RECORD_REPAIR,
    "record-removal": Action.RECORD_REMOVAL,
    "claim-step": Action.CLAIM_STEP,
    "release-claim": Action.RELEASE_CLAIM,
    "take-over-claim": Action.TAKE_OVER_CLAIM,
    "sign-off-step": Action.SIGN_OFF_STEP,
    "ask-question": Action.ASK_QUESTION,
    "answer-question": Action.ANSWER_QUESTION,
    "add-member": Action.MANAGE_MEMBERS,
    "change-role": Action.MANAGE_MEMBERS,
    "remove-member": Action.MANAGE_MEMBERS,
    "leave-run": Action.LEAVE,
    "assign-steps": Action.ASSIGN_STEPS,
    "offer-handover": Action.OFFER_HANDOVER,
    "accept-handover": Action.ACCEPT_HANDOVER,
    "withdraw-handover": Action.WITHDRAW_HANDOVER,
    "run-links": Action.MANAGE_LINKS,
    "create-link": Action.MANAGE_LINKS,
    "revoke-link": Action.MANAGE_LINKS,
    "promise-update": Action.PROMISE_UPDATE,
    "run-tokens": Action.VIEW,
    "create-token": Action.VIEW,  # for an appending one the right to add a note
    "revoke-token": Action.VIEW,  # an own one; of others, the right to manage members
}
#: Addresses of a team: a stranger is told nothing.
TEAM = {
    "team",
    "rename-team",
    "delete-team",
    "change-seat",
    "remove-seat",
    "team-channels",
    "team-figures",
    "team-figures-data",
}
#: Addresses of who owns the installation; nobody else learns that they exist, or is refused.
OWNER = {
    "owner",
    "owner-health",
    "owner-teams",
    "owner-packs",
    "owner-storage",
    "owner-deliveries",
    "try-delivery",
    "drop-delivery",
    "appoint-lead",
    "everybody",
    "close-account",
    "open-account",
    "invite",
}
#: What everybody who is signed in does for themselves, and pages without anybody's data.
OWN = {
    "home",
    "account",
    "sign-ins",
    "end-other-sign-ins",
    "end-sign-in",
    "notices",
    "notice-wishes",
    "add-channel",
    "renew-feed",
    "end-feed",
    "test-channel",
    "remove-channel",
    "teams",
    "make-demonstration",
    "new-run",
    "adopt-run",
    "import-record",
    "confirm-address",
    "withdraw-invitation",  # an invitation of others reads as one that is not open any more
    "knowledge-index",
    "add-knowledge-note",
    "withdraw-knowledge-note",
    "knowledge-pack",
    "knowledge-codes",
    "knowledge-code",
    "knowledge-family",
}
#: Pages of the sign-in library; they know only the person who is signed in.
LIBRARY = ("account_", "mfa_", "socialaccount_", "openid_connect_")
ROLES = {
    "operator": Role.OPERATOR,
    "verifier": Role.VERIFIER,
    "reviewer": Role.REVIEWER,
    "observer": Role.OBSERVER,
}


def test_every_address_has_a_row() -> None:
    known = {*RUN, *TEAM, *OWNER, *OWN, *OPEN_ROUTES}
    unknown = {name for name in all_routes() if name not in known and not name.startswith(LIBRARY)}

    assert unknown == set()
    assert {*RUN, *TEAM, *OWNER, *OWN} <= set(all_routes())


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return factories.make_run_at(RunStage.PREPARING, ana, now)


def address(name: str, run: Run) -> str:
    """The address for this run, at its step to tidy; other parts are made up."""
    made_up = {
        "step": "tidy",
        "link": uuid4(),
        "digest": "0" * 64,
        "recipient": "workshop",
        "handle": uuid4(),
    }
    shapes: list[dict[str, object]] = [{}, *({part: value} for part, value in made_up.items())]
    for parts in ({"run_id": run.pk, **shape} for shape in shapes):
        try:
            return reverse(name, kwargs=parts)
        except Exception:  # noqa: S112 - the next shape of arguments
            continue
    raise AssertionError(f"Say in this test which arguments {name} takes.")


def answers(client: Client, path: str) -> tuple[int, int]:
    return client.get(path).status_code, client.post(path).status_code


def turned_away(found: tuple[int, int]) -> bool:
    """No method lets the person do anything: absent, forbidden, or no such method."""
    return set(found) <= {403, 404, 405} and bool(set(found) & {403, 404})


@pytest.mark.parametrize("role", ROLES)
def test_a_role_passes_exactly_where_it_has_the_right(
    role: str, run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    factories.add_member(run, ana, user=ben, role=ROLES[role], now=now)
    client = sign_in(ben)
    wrong = []
    for name, action in RUN.items():
        if name == "leave-run":
            continue  # it would end the membership in the middle of the test
        found = answers(client, address(name, run))
        if may(ROLES[role], action):
            if 403 in found:
                wrong.append(f"{name}: {role} is forbidden {found}")
        elif not turned_away(found):
            wrong.append(f"{name}: {role} passes {found}")
    assert wrong == []


def test_a_stranger_is_told_of_no_run(run: Run, dora: User, sign_in: SignIn) -> None:
    client = sign_in(dora)

    assert {
        name: found
        for name in RUN
        if set(found := answers(client, address(name, run))) - {404, 405} or 404 not in found
    } == {}


def test_who_was_removed_meanwhile_is_a_stranger(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    factories.add_member(run, ana, user=ben, role=Role.LEAD, now=now)
    client = sign_in(ben)
    assert client.get(address("run", run)).status_code == 200
    run.refresh_from_db()
    people.remove_member(run_id=run.pk, act=factories.act(ana, run, now=now), member=ben.actor_id)

    assert {
        name: found
        for name in RUN
        if set(found := answers(client, address(name, run))) - {404, 405}
    } == {}


def test_a_closed_account_is_signed_out_everywhere(run: Run, ana: User, sign_in: SignIn) -> None:
    client = sign_in(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    passed = {}
    for name in RUN:
        answer = client.get(address(name, run))
        if answer.status_code not in {302, 405} or "/accounts/login/" not in answer.headers.get(
            "Location", "/accounts/login/"
        ):
            passed[name] = answer.status_code
    assert passed == {}


def test_a_team_of_others_does_not_exist(
    ana: User, dora: User, sign_in: SignIn, now: datetime
) -> None:
    team = teams.create_team(name="Keepers", by=By(actor=ana, now=now))
    client = sign_in(dora)

    assert {
        name: f for name in TEAM if 404 not in (f := answers(client, at_team(name, team, ana)))
    } == {}


def at_team(name: str, team: Team, user: User) -> str:
    parts: dict[str, object] = {"handle": team.handle}
    if name in {"change-seat", "remove-seat"}:
        parts["actor_id"] = user.actor_id
    return reverse(name, kwargs=parts)


def test_only_an_owner_sees_the_installation(dora: User, sign_in: SignIn) -> None:
    client = sign_in(dora)
    routes = all_routes()

    assert {
        name: found for name in OWNER if not turned_away(found := answers(client, routes[name]))
    } == {}


def test_nobody_is_told_whether_a_foreign_run_exists(run: Run, dora: User, sign_in: SignIn) -> None:
    """AZ-03: a run of others and a run that never was give the same answer, byte by byte."""
    client = sign_in(dora)
    for name in ("run", "run-report", "run-people", "timeline", "run-links"):
        theirs = client.get(reverse(name, args=[run.pk]))
        nothing = client.get(reverse(name, args=[uuid4()]))
        assert theirs.status_code == nothing.status_code == 404
        assert without_keys(theirs.content) == without_keys(nothing.content), name


def without_keys(page: bytes) -> str:
    """The page without the tokens against forged requests, in which any two pages differ."""
    return re.sub(r"[A-Za-z0-9]{64}", "", page.decode())


def test_without_the_check_of_rights_a_stranger_would_pass(
    run: Run, dora: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.queries.runs.role_of", lambda *_: Role.LEAD)

    assert sign_in(dora).get(address("run", run)).status_code == 200


def test_a_form_takes_nothing_that_it_does_not_show(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    """AZ-04: rights, numbers and times do not come from a form."""
    factories.add_member(run, ana, user=ben, role=Role.REVIEWER, now=now)
    client = sign_in(ben)
    page = client.get(address("run", run))
    key = str(page.context["forms"]["note"]["submission_key"].value())
    more = {
        "role": "lead",
        "team": "1",
        "owner": ben.actor_id,
        "version": "0",
        "seq": "1",
        "status": "closed",
        "stage": "closed",
        "created_at": "2020-01-01",
        "recorded_at": "2020-01-01",
        "is_staff": "1",
        "actor": ana.actor_id,
    }
    before = run.version

    client.post(address("add-note", run), {"submission_key": key, "text": "Mine.", **more})

    run.refresh_from_db()
    ben.refresh_from_db()
    assert (run.version, run.stage, ben.is_staff) == (before + 1, "preparing", False)
    assert run.members.get(actor_id=ben.actor_id).role == "reviewer"
    newest = client.get(address("run", run)).context["entries"][0]
    assert newest.actor == ben.actor_id
    assert newest.recorded_at.year > 2020

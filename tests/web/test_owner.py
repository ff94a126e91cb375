"""Pages of the installation: for its owners only, and nothing of a run's content on them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Delivery, Evidence, Membership, Run, Team, User
from runbook.services import accounts, doctor
from runbook.services.doctor import Finding, Level
from tests import factories
from tests.domain.wishes import wish

SignIn = Callable[[User], Client]
PAGES = ("owner", "owner-health", "owner-teams", "owner-packs", "owner-storage")
TITLE, CANARY = "title-canary-7f3a", "content-canary-91bc"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def olga(make_user: Callable[[str], User]) -> User:
    """Owns the installation and is on no run."""
    user = make_user("olga")
    user.is_staff = True
    user.save()
    return user


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    """Led by Ana alone, with canaries in its title, its notes, its evidence and a message."""
    made = factories.make_run(ana, now, title=TITLE)
    note = wish(Action.ADD_NOTE, text=CANARY)
    factories.carry_out(made, note, factories.act(ana, made, now=now))
    Evidence.objects.create(run=made, digest="d" * 64, salt=b"s", text=CANARY, created=now)
    Evidence.objects.create(run=made, digest="e" * 64, salt=b"s", text="ä" * 5000, created=now)
    Delivery.objects.create(
        key="k", run=made, seq=1, kind="x", created=now, due_at=now, error=CANARY, user=ana
    )
    made.refresh_from_db()
    return made


def read(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


def newest(run: Run) -> queries.TimelineEntry:
    run.refresh_from_db()
    found = queries.entry_at(run, run.version)
    assert found
    return found


@pytest.mark.parametrize("name", PAGES)
def test_for_everybody_else_the_pages_do_not_exist(
    ana: User, olga: User, sign_in: SignIn, client: Client, name: str
) -> None:
    assert sign_in(ana).get(reverse(name)).status_code == 404
    assert sign_in(ana).post(reverse(name)).status_code == 404
    assert client.get(reverse(name))["Location"].startswith("/accounts/login/")
    assert sign_in(olga).get(reverse(name)).status_code == 200
    assert sign_in(olga).post(reverse(name)).status_code == 405


def test_the_menu_leads_owners_there_and_nobody_else(
    ana: User, olga: User, sign_in: SignIn
) -> None:
    link = f'href="{reverse("owner")}"'

    assert link in sign_in(olga).get("/").content.decode()
    assert link not in sign_in(ana).get("/").content.decode()


def test_nothing_of_a_run_can_be_read_on_any_page(run: Run, olga: User, sign_in: SignIn) -> None:
    client = sign_in(olga)
    before = run.version

    for name in PAGES:
        page = read(client, name)
        assert CANARY not in page, name
        assert TITLE not in page, name
    assert client.get(f"/runs/{run.pk}/").status_code == 404
    run.refresh_from_db()
    assert run.version == before


def test_health_says_what_is_wrong_and_what_to_do(
    olga: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = Finding(level=Level.BAD, sentence="The disk is full.", remedy="Free some <b>space</b>.")
    monkeypatch.setattr(doctor, "examine", lambda **asked: [ill])

    page = read(sign_in(olga), "owner-health")

    assert "The disk is full." in page
    assert "Free some &lt;b&gt;space&lt;/b&gt;." in page
    assert "To look at" not in page


def test_health_looks_for_real(olga: User, sign_in: SignIn) -> None:
    page = read(sign_in(olga), "owner-health")

    assert "To mend" in page
    assert "The guards of the timeline are in place." in page


def test_teams_are_counted(
    run: Run, ana: User, ben: User, olga: User, now: datetime, sign_in: SignIn
) -> None:
    team = Team.objects.create(name="Night <shift>", created=now)
    for user in (ana, ben):
        Membership.objects.create(team=team, user=user, role=Role.LEAD.value, since=now)
    Run.objects.filter(pk=run.pk).update(team=team)

    page = read(sign_in(olga), "owner-teams")

    assert "Night &lt;shift&gt;" in page
    assert 'data-label="People">2<' in page
    assert 'data-label="Runs">1<' in page


def test_the_teams_page_asks_as_often_for_three_teams_as_for_one(
    olga: User, now: datetime, sign_in: SignIn, django_assert_num_queries: Callable[..., object]
) -> None:
    client = sign_in(olga)
    for count in (1, 2):
        for number in range(count):
            Team.objects.create(name=f"Team {count} {number}", created=now)
        with django_assert_num_queries(3):  # type: ignore[attr-defined]
            read(client, "owner-teams")


def test_packs_tell_their_revision_and_who_goes_by_it(
    run: Run, ana: User, olga: User, now: datetime, sign_in: SignIn
) -> None:
    factories.make_run(ana, now, pack="dataverse", answers={})

    page = read(sign_in(olga), "owner-packs")

    assert "<dt>Runs on this revision</dt><dd>1</dd>" in page
    assert "<dt>Runs on this revision</dt><dd>0</dd>" in page
    assert "No longer shipped" in page, "the small pack of the tests is no part of the product"
    assert "<code>small</code>" in page


def test_storage_counts_bytes_and_names_runs_by_their_id(
    run: Run, olga: User, sign_in: SignIn
) -> None:
    page = read(sign_in(olga), "owner-storage")

    assert str(run.pk) in page
    assert "9.8\xa0KB" in page, "5000 letters of two bytes each, and the canary"
    assert f"<dt>Events</dt><dd>{run.version}</dd>" in page


def test_storage_says_that_evidence_is_kept_for_ever(olga: User, sign_in: SignIn) -> None:
    assert "For ever." in read(sign_in(olga), "owner-storage")


def test_storage_says_how_long_evidence_is_kept_and_what_is_next(
    ana: User, olga: User, now: datetime, sign_in: SignIn, settings: Any
) -> None:
    settings.KEEP_EVIDENCE_MONTHS = 1
    held = factories.make_run(ana, now)
    settings.KEEP_EVIDENCE_RUNS = frozenset({held.pk})
    ended = factories.make_run_at(RunStage.CLOSED, ana, now)

    with time_machine.travel(now, tick=False) as clock:
        page = read(sign_in(olga), "owner-storage")
        clock.shift(timedelta(days=31))
        later = read(sign_in(olga), "owner-storage")

    assert "is erased 1 month after its end" in page
    assert "<dd>nothing</dd>" in page
    assert f"22 December 2026</time>, the run <code>{ended.pk}</code>" in page
    assert f"<dt>Exempt from it</dt><dd><code>{held.pk}</code></dd>" in page
    assert "<dd>1 run, erased by the worker within a day</dd>" in later
    assert "no other run waits for it" in later
    assert ended.title not in page + later


def test_a_run_with_a_lead_is_not_to_be_rescued(
    run: Run, ben: User, olga: User, sign_in: SignIn
) -> None:
    before = run.version
    answer = sign_in(olga).post(reverse("appoint-lead", args=[run.pk]), {"lead": ben.actor_id})

    assert answer.status_code == 409
    assert "This run has a lead who can sign in" in answer.content.decode()
    assert newest(run).seq == before


@pytest.fixture
def orphan(run: Run, ana: User) -> Run:
    """As if the lead's account had been closed by the database's own tools."""
    User.objects.filter(pk=ana.pk).update(is_active=False)
    return run


def test_the_rescue_of_a_run_stands_on_its_record(
    orphan: Run, ben: User, olga: User, sign_in: SignIn
) -> None:
    client = sign_in(olga)
    page = read(client, "owner")
    assert TITLE in page
    assert CANARY not in page

    answer = client.post(
        reverse("appoint-lead", args=[orphan.pk]), {"lead": ben.actor_id}, follow=True
    )

    assert "Ben leads the run now" in answer.content.decode()
    assert TITLE not in read(client, "owner")
    said = newest(orphan)
    assert (said.type, said.actor) == ("member.added", olga.actor_id)
    assert sign_in(ben).get(f"/runs/{orphan.pk}/").status_code == 200
    assert client.get(f"/runs/{orphan.pk}/").status_code == 404
    assert queries.verify_run(orphan)[0] == said.seq


def test_the_rescue_is_refused_to_others_and_without_a_person(
    orphan: Run, ben: User, olga: User, sign_in: SignIn
) -> None:
    address, before = reverse("appoint-lead", args=[orphan.pk]), orphan.version

    assert sign_in(ben).post(address, {"lead": ben.actor_id}).status_code == 404
    assert sign_in(olga).get(address).status_code == 405
    for lead in ("", "nobody", orphan.members.get().actor_id):
        assert sign_in(olga).post(address, {"lead": lead}).status_code == 422
    unknown = reverse("appoint-lead", args=[NOBODY])
    assert sign_in(olga).post(unknown, {"lead": ben.actor_id}).status_code == 404
    assert newest(orphan).seq == before


def close(client: Client, user: User, **fields: str) -> tuple[int, str]:
    answer = client.post(reverse("close-account", args=[user.actor_id]), fields, follow=True)
    user.refresh_from_db()
    return answer.status_code, answer.content.decode()


def test_the_account_of_the_last_lead_is_not_closed(
    run: Run, ana: User, olga: User, sign_in: SignIn
) -> None:
    client, before = sign_in(olga), run.version
    assert "Nobody else leads their runs" in read(client, "everybody")

    status, page = close(client, ana)

    assert (status, ana.is_active) == (409, True)
    assert f"Only this person leads {TITLE}" in page
    assert newest(run).seq == before


def test_a_successor_takes_the_runs_over_on_record(
    run: Run, ana: User, ben: User, olga: User, sign_in: SignIn
) -> None:
    client = sign_in(olga)

    status, page = close(client, ana, heir=ben.actor_id)

    assert (status, ana.is_active) == (200, False)
    assert "The account of Ana is closed" in page
    said = newest(run)
    assert (said.type, said.actor) == ("member.added", olga.actor_id)
    assert set(run.members.values_list("actor_id", "role")) == {
        (ana.actor_id, "lead"),
        (ben.actor_id, "lead"),
    }
    assert TITLE not in read(client, "owner")


@pytest.mark.parametrize("who", ["herself", "a closed account", "nobody known"])
def test_not_everybody_can_be_the_successor(
    run: Run, ana: User, ben: User, olga: User, sign_in: SignIn, who: str
) -> None:
    accounts.close_account(ben)
    heirs = {"herself": ana.actor_id, "a closed account": ben.actor_id, "nobody known": "x"}

    status, _ = close(sign_in(olga), ana, heir=heirs[who])

    assert (status, ana.is_active) == (422, True)


def test_another_lead_who_cannot_sign_in_does_not_count(
    run: Run, ana: User, ben: User, olga: User, now: datetime, sign_in: SignIn
) -> None:
    factories.add_member(run, ana, user=ben, role=Role.LEAD, now=now)
    client = sign_in(olga)

    assert close(client, ben)[0] == 200
    assert close(client, ana)[0] == 409


def test_who_led_ended_runs_only_can_go(
    ana: User, olga: User, now: datetime, sign_in: SignIn
) -> None:
    ended = factories.make_run_at(RunStage.CLOSED, ana, now)

    assert close(sign_in(olga), ana)[0] == 200
    assert ana.is_active is False
    page = read(sign_in(olga), "owner")
    assert "Ended runs without a lead" in page
    assert ended.title in page


def test_people_who_lead_nothing_are_closed_with_one_press(
    run: Run, ben: User, olga: User, sign_in: SignIn
) -> None:
    assert close(sign_in(olga), ben)[0] == 200
    assert ben.is_active is False

"""Figures of a team: what they count, who sees them, what they cost, and the file behind them."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import Action, Outcome, Role
from runbook.exports.cells import original
from runbook.models import Run, Team, User
from runbook.services import people, runs, teams
from runbook.services.runs import Beginning
from runbook.services.teams import By
from runbook.services.timeline import Act
from runbook.web.figures_page import ROWS
from tests import factories
from tests.domain.history import START, SUCCESS
from tests.domain.wishes import BEFORE_RETRY, FACTS, small_pack, wish
from tests.web.pages import Node, page, said
from tests.web.payloads import XSS
from tests.web.shapes import dangers
from tests.web.test_queries import statements
from tests.web.upgrades import MET, PREPARED, ROLLED_BACK, play, upgrade

SignIn = Callable[[User], Client]
Begin = Callable[..., Run]


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def team(ana: User, ben: User, now: datetime) -> Team:
    """Ana leads, Ben is an operator."""
    by = By(actor=ana, now=now)
    made = teams.create_team(name="Keepers", by=by)
    with transaction.atomic():
        teams.seat(made, user=ben, role=Role.OPERATOR, by=by)
    return made


@pytest.fixture
def begin(team: Team, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A run of the team on the small pack, begun so many days ago."""
    monkeypatch.setattr("runbook.library.packs", lambda: {"small": small_pack()})

    def make(title: str = "Tower 7", *, days: int = 2, kind: str = "user") -> Run:
        beginning = Beginning(
            pack="small", title=title, time_zone="UTC", answers=FACTS, team=team.handle
        )
        when = now - timedelta(days=days)
        who = Act(actor=ana.actor_id, now=when, actor_kind=kind)
        return runs.start_run(beginning=beginning, act=who)

    return make


@pytest.fixture
def as_ana(ana: User, sign_in: SignIn) -> Client:
    return sign_in(ana)


def figures(client: Client, team: Team, query: str = "") -> Node:
    answer = client.get(reverse("team-figures", args=[team.handle]) + query)
    assert answer.status_code == 200
    return page(answer)


def card(tree: Node, name: str) -> str:
    """What one figure says, without the data behind it."""
    section = tree.one("section", aria_labelledby=f"small-{name}")
    folded = section.all("details")
    words = section.text.replace(folded[0].text, "") if folded else section.text
    return " ".join(words.split())


def data(tree: Node, name: str) -> list[list[str]]:
    """The rows behind one figure."""
    section = tree.one("section", aria_labelledby=f"small-{name}")
    table = section.one("table", class_="data").one("tbody")
    return [[" ".join(td.text.split()) for td in tr.all("td")] for tr in table.all("tr")]


def table(client: Client, team: Team, query: str = "") -> list[dict[str, str]]:
    answer = client.get(reverse("team-figures-data", args=[team.handle]) + query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_one_upgrade_is_told_by_its_single_values(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    upgrade(begin(), ana)
    tree = figures(as_ana, team)

    assert "Prepare 55 min n = 1 Import 2 h n = 1 Verify Nothing yet n = 0" in card(tree, "phases")
    assert "Not counted, 1 phase: 1 not done yet." in card(tree, "phases")
    assert "n = 1 run" in card(tree, "attempts")
    assert "2 attempts 1 run" in card(tree, "attempts")
    assert "n = 2: 1 succeeded, 1 failed." in card(tree, "attempts")
    assert "n = 1 attempt in 1 run" in card(tree, "failures")
    assert "1 only proposed by the engine" in card(tree, "failures")
    assert "Asked for 10 min n = 1 Really passed 1 h n = 1" in card(tree, "waits")
    assert "Median" not in tree.by_id("main").text
    assert "%" not in tree.by_id("main").text


def test_three_upgrades_are_told_by_median_and_range(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    for days in (2, 3, 4):
        upgrade(begin(days=days), ana)
    run = begin(days=9)
    play(run, ana, (*PREPARED, (0, START), (30, SUCCESS)))
    tree = figures(as_ana, team)

    assert "Prepare 55 min each time n = 3" in card(tree, "phases")
    assert "1 attempt 1 run 2 attempts 3 runs Median 2, from 1 to 2." in card(tree, "attempts")
    assert "n = 3 pauses in 3 runs" in card(tree, "waits")
    assert "Begun before the asked-for wait was over: none of 3." in card(tree, "waits")


def test_behind_each_figure_stand_the_runs_with_link_value_and_dates(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    run = begin()
    upgrade(run, ana)
    tree = figures(as_ana, team)

    first = ["Tower 7", "Prepare", "55 min", "2026-11-20 09:30 UTC", "2026-11-20 10:25 UTC"]
    assert data(tree, "phases")[0] == first
    assert data(tree, "waits")[0][1:4] == ["before attempt 2", "10 min", "1 h"]
    section = tree.one("section", aria_labelledby="small-waits")
    assert section.one("tbody", hx_disable="").one("a").attributes["href"] == f"/runs/{run.pk}/"


def test_notes_do_not_lengthen_a_phase_and_a_claim_begins_it(
    as_ana: Client, team: Team, begin: Begin, ana: User, now: datetime
) -> None:
    run = begin()
    upgrade(run, ana)
    act = factories.act(ana, now=now)
    factories.carry_out(run, wish(Action.ADD_NOTE, text="Late.", step="facts"), act)
    factories.carry_out(run, wish(Action.CLAIM_STEP, step="look-after"), act)
    later = factories.act(ana, now=now + timedelta(minutes=7))
    factories.carry_out(run, wish(Action.CLAIM_STEP, step="end"), later)

    rows = {row["What"]: row for row in table(as_ana, team) if row["Unit"] == "seconds"}
    assert rows["Prepare"]["Value"] == str(55 * 60)
    assert (rows["Verify"]["Value"], rows["Verify"]["Counted"]) == (str(7 * 60), "")


def test_the_wait_that_was_asked_for_last_is_the_one_that_counts(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    run = begin()
    chosen = wish(Action.CHOOSE_DIAGNOSIS, family="broken-lens", reason="It is broken.")
    repaired = wish(Action.RECORD_REPAIR, text="A new lens.")
    asked = (chosen, ROLLED_BACK, repaired, ROLLED_BACK, BEFORE_RETRY, START)
    play(run, ana, (*PREPARED, *MET, *((1, each) for each in asked)))
    tree = figures(as_ana, team)

    assert "n = 0 pauses" in card(tree, "waits")
    assert "Not counted, 1 pause: 1 no wait was asked for." in card(tree, "waits")
    assert "1 settled by a person" in card(tree, "failures")


def test_examples_and_runs_outside_the_team_do_not_count(
    as_ana: Client, team: Team, begin: Begin, ana: User, now: datetime
) -> None:
    begin("An example", kind="import")
    factories.make_run(ana, now, title="My own")

    assert "Nothing yet" in said(as_ana.get(reverse("team-figures", args=[team.handle])))
    begin("A real one")
    assert {row["Title"] for row in table(as_ana, team)} == {"A real one"}


def test_a_team_without_runs_says_that_there_is_nothing_yet(as_ana: Client, team: Team) -> None:
    told = said(as_ana.get(reverse("team-figures", args=[team.handle])))

    assert "Nothing yet Figures appear with the team's first run." in told
    assert "CSV" not in told
    assert table(as_ana, team) == []


@pytest.mark.parametrize("name", ["team-figures", "team-figures-data"])
def test_only_who_has_a_seat_in_the_team_sees_its_figures(
    name: str,
    team: Team,
    begin: Begin,
    ana: User,
    ben: User,
    dora: User,
    sign_in: SignIn,
    now: datetime,
) -> None:
    begin()
    teams.create_team(name="Dora's own", by=By(actor=dora, now=now))
    address = reverse(name, args=[team.handle])

    assert Client().get(address)["Location"].startswith("/accounts/login/")
    assert sign_in(dora).get(address).status_code == 404
    member = sign_in(ben)
    assert (member.get(address).status_code, member.post(address).status_code) == (200, 405)
    teams.remove_seat(team, user=ben, heir=None, by=By(actor=ana, now=now))
    assert member.get(address).status_code == 404


def test_a_run_that_the_member_may_not_read_is_in_no_figure(
    team: Team, begin: Begin, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    begin("Open to both")
    closed = begin("Without Ben")
    people.remove_member(
        run_id=closed.pk, act=factories.act(ana, closed, now=now), member=ben.actor_id
    )

    assert {row["Title"] for row in table(sign_in(ben), team)} == {"Open to both"}
    assert {row["Title"] for row in table(sign_in(ana), team)} == {"Open to both", "Without Ben"}
    shown = said(sign_in(ben).get(reverse("team-figures", args=[team.handle])))
    assert "1 run looked at" in shown
    assert "Without Ben" not in shown


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"New", "Older", "Old"}),
        ("?period=12m", {"New", "Older"}),
        ("?period=90d", {"New"}),
        ("?pack=small&period=90d", {"New"}),
    ],
)
def test_runs_are_chosen_by_product_and_period(
    as_ana: Client, team: Team, begin: Begin, query: str, titles: set[str]
) -> None:
    for title, days in (("New", 89), ("Older", 91), ("Old", 366)):
        begin(title, days=days)

    assert {row["Title"] for row in table(as_ana, team, query)} == titles
    tree = figures(as_ana, team, query)
    assert {row[0] for row in data(tree, "phases")} == titles
    assert tree.one("a", href=reverse("team-figures-data", args=[team.handle]) + query)


def test_a_choice_that_no_run_fits_is_no_empty_figure(
    as_ana: Client, team: Team, begin: Begin
) -> None:
    begin(days=100)

    answer = as_ana.get(reverse("team-figures", args=[team.handle]) + "?period=90d")

    assert "No run of the team that you may read fits the choice above." in said(answer)


@pytest.mark.parametrize("name", ["team-figures", "team-figures-data"])
def test_a_choice_that_is_not_on_the_list_is_refused_with_a_sentence(
    as_ana: Client, team: Team, begin: Begin, name: str
) -> None:
    begin()

    answer = as_ana.get(reverse(name, args=[team.handle]), {"pack": "<b>", "period": "soon"})

    assert answer.status_code == 422
    assert "Choose one of the products on the list." in said(answer)
    assert "Choose one of the periods on the list." in said(answer)


def test_hostile_titles_stay_text(as_ana: Client, team: Team, begin: Begin, ana: User) -> None:
    hostile = [payload[:200] for payload in XSS[:ROWS]]
    for title in hostile:
        begin(title)
    answer = as_ana.get(reverse("team-figures", args=[team.handle]))

    assert dangers(answer.content.decode()) == []
    shown = {row[0] for row in data(page(answer), "attempts")}
    assert shown == {" ".join(title.split()) for title in hostile}


@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-2", "@SUM(A1)", 'a","=1+1', "\t=1"])
def test_no_cell_of_the_file_is_a_formula(
    as_ana: Client, team: Team, begin: Begin, title: str
) -> None:
    begin(title)
    rows = table(as_ana, team)

    assert rows
    kept = {row["Title"] for row in rows}
    assert {original(each) for each in kept} == {Run.objects.get().title}
    assert not any(cell.lstrip()[:1] in {*"=+-@"} for row in rows for cell in row.values() if cell)


def test_the_file_is_saved_and_never_run(as_ana: Client, team: Team) -> None:
    answer = as_ana.get(reverse("team-figures-data", args=[team.handle]))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="team-figures.csv"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_the_file_holds_what_is_not_counted_with_the_reason(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    upgrade(begin(), ana)
    rows = table(as_ana, team)

    told = [(row["Figure"], row["What"], row["Value"], row["Counted"]) for row in rows]
    assert told == [
        ("duration of a phase", "Prepare", "3300", "yes"),
        ("duration of a phase", "Import", "7200", "yes"),
        ("duration of a phase", "Verify", "0", ""),
        ("attempts per upgrade", "attempts", "2", "yes"),
        ("failure", rows[4]["What"], "1", "yes"),
        ("wait between attempts", "before attempt 2", "3600", "yes"),
    ]
    assert rows[2]["Why not"] == "not done yet"
    assert rows[5]["Asked for, seconds"] == "600"


def test_the_page_costs_the_same_for_one_run_and_for_three_long_ones(
    as_ana: Client, team: Team, begin: Begin, ana: User, now: datetime
) -> None:
    address = reverse("team-figures", args=[team.handle])
    upgrade(begin(), ana)
    as_ana.get(address)
    one = statements(lambda: as_ana.get(address))
    for days in (3, 4):
        run = begin(days=days)
        upgrade(run, ana)
        for number in range(30):
            note = wish(Action.ADD_NOTE, text=f"Note {number}.")
            factories.carry_out(run, note, factories.act(ana, now=now))

    three = statements(lambda: as_ana.get(address))

    assert len(one) == len(three) <= 6
    assert not any('"payload"."body"' in sql.split(" FROM ")[0] for sql in three)


def test_more_runs_than_are_looked_at_are_named(
    as_ana: Client, team: Team, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (queries, queries.figures):
        monkeypatch.setattr(place, "MOST_RUNS", 2)
    for days in (1, 2, 3):
        begin(f"Day {days}", days=days)

    told = said(as_ana.get(reverse("team-figures", args=[team.handle])))

    assert "these are the newest 2." in told
    assert {row["Title"] for row in table(as_ana, team)} == {"Day 1", "Day 2"}


def test_the_team_page_leads_to_its_figures(as_ana: Client, team: Team) -> None:
    tree = page(as_ana.get(reverse("team", args=[team.handle])))

    assert tree.one("a", href=reverse("team-figures", args=[team.handle]))


def test_an_attempt_without_outcome_is_open_in_the_figures(
    as_ana: Client, team: Team, begin: Begin, ana: User
) -> None:
    run = begin()
    play(run, ana, (*PREPARED, (0, START)))

    assert "All attempts on record, n = 1: 1 open." in card(figures(as_ana, team), "attempts")
    ended = wish(Action.RECORD_ATTEMPT, outcome=Outcome.UNKNOWN, reason="Nobody looked.")
    play(run, ana, ((9, ended),))
    assert "1 without any text on record" in card(figures(as_ana, team), "failures")

"""What a reading token is told: the run as it stands, its events page by page, its exports."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runbook import queries
from runbook.domain import chain
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from runbook.services import erasing, exports, runs
from runbook.services.timeline import Busy
from tests.domain.wishes import NEW, OLD
from tests.factories import act, make_run
from tests.web.api.calls import detail, make_token, read, row_of

RunAt = Callable[[RunStage], Run]


@pytest.fixture
def run(run_at: RunAt) -> Run:
    return run_at(RunStage.RETRY_PLANNED)


@pytest.fixture
def token(run: Run, ana: User, now: datetime) -> str:
    return make_token(run, ana, now)


def note(run: Run, ana: User, now: datetime, text: str = "It rains.") -> None:
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text=text)
    run.refresh_from_db()


def test_the_run_as_it_stands(run: Run, ana: User, token: str, now: datetime) -> None:
    said = read(token, run).json()

    opened = queries.run_for(ana, run.pk, action=Action.VIEW)
    assert (said["run"], said["seq"], said["head"]) == (str(run.pk), run.version, run.head)
    assert (said["title"], said["stage"], said["time_zone"]) == (
        run.title,
        "retry planned",
        "Europe/Berlin",
    )
    assert said["pack"]["digest"] == opened.pack.digest
    assert [step["slug"] for step in said["steps"]] == list(opened.state.steps)
    assert {step["slug"]: step["state"] for step in said["steps"]}["import"] == "waiting"
    assert said["next_step"] == "import"
    (attempt,) = said["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["operator"]) == (1, "failed", "Ana")
    assert said["versions"]["source"] == OLD
    assert said["versions"]["target"] == NEW
    assert said["versions"]["installed_state"]
    (wait,) = said["waits"]
    assert wait["step"] is None
    assert opened.state.retry
    assert datetime.fromisoformat(wait["due"]) == opened.state.retry.due
    assert wait["over"] is (opened.state.retry.due <= now)


def test_a_wait_is_over_by_the_clock_of_the_server(
    run: Run, token: str, clock: time_machine.Traveller
) -> None:
    assert read(token, run).json()["waits"][0]["over"] is False
    clock.shift(timedelta(hours=3))
    assert read(token, run).json()["waits"][0]["over"] is True


@pytest.mark.parametrize("stage", RunStage)
def test_every_stage_can_be_read(run_at: RunAt, ana: User, now: datetime, stage: RunStage) -> None:
    run = run_at(stage)
    token = make_token(run, ana, now)

    answer = read(token, run)

    assert answer.status_code == 200
    assert answer.json()["stage"] == stage.value
    assert "no-store" in answer["Cache-Control"]


def test_events_come_in_pages_and_none_twice(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    seen: list[dict] = []  # type: ignore[type-arg]
    after: int | None = 0
    pages = 0
    while after is not None:
        page = read(token, run, f"events?after={after}&limit=3").json()
        seen += page["events"]
        assert len(page["events"]) <= 3
        if pages == 1:
            note(run, ana, now)  # somebody writes between two pages
        after, pages = page["next"], pages + 1

    assert [event["header"]["seq"] for event in seen] == list(range(1, run.version + 1))
    assert pages == -(-run.version // 3)
    assert seen[-1]["hash"] == run.head


def test_a_page_that_ends_with_the_timeline_has_no_next(run: Run, token: str) -> None:
    whole = read(token, run, f"events?limit={run.version}").json()

    assert (len(whole["events"]), whole["next"]) == (run.version, None)
    assert read(token, run, f"events?after={run.version}").json() == {"events": [], "next": None}
    assert len(read(token, run, f"events?limit={run.version - 1}").json()["events"]) == (
        run.version - 1
    )
    assert read(token, run, f"events?limit={run.version - 1}").json()["next"] == run.version - 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=" + "9" * 30, "after"),
        ("after=%00", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
    ],
)
def test_a_page_that_cannot_be(run: Run, token: str, asked: str, field: str) -> None:
    answer = read(token, run, f"events?{asked}")

    assert answer.status_code == 422
    assert detail(answer).startswith(f"{field}: ")


def test_a_slip_in_a_name_is_told(run: Run, token: str) -> None:
    answer = read(token, run, "events?since=3")

    assert answer.status_code == 422
    assert "“after”" in detail(answer)


def test_an_event_is_its_header_word_for_word(run: Run, token: str) -> None:
    events = read(token, run, "events?limit=100").json()["events"]

    for event, link in zip(events, queries.chain_links(run), strict=True):
        assert event["header"] == json.loads(link.header)
        assert chain.event_hash(chain.canonical(event["header"])) == event["hash"]
        assert event["payload"] == json.loads(link.body or "null")
        assert event["name"] == "Ana"


def test_secrets_are_cut_by_the_rules_of_today(
    run: Run, token: str, ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"
    with monkeypatch.context() as before:
        before.setattr("runbook.services.timeline._without_secrets", lambda event: event)
        note(run, ana, now, text=f"Authorization: Bearer {secret}")
    (event,) = read(token, run, f"events?after={run.version - 1}").json()["events"]

    assert "‹secret:" in event["payload"]["data"]["text"]
    assert secret not in json.dumps(event)
    # The control: as stored it is there, and the page would have shown it.
    monkeypatch.setattr("runbook.web.api.reading.without_secrets", lambda value: value)
    assert secret in read(token, run, f"events?after={run.version - 1}").content.decode()


def test_an_erased_payload_is_null(run: Run, token: str, ana: User, now: datetime) -> None:
    kinds = {row["type"]: row["seq"] for row in run.events.values("type", "seq")}
    erasing.erase_evidence(
        run_id=run.pk, act=act(ana, now=now), seq=kinds["evidence.added"], reason="A name."
    )

    events = read(token, run, "events?limit=100").json()["events"]

    gone = {event["header"]["type"] for event in events if event["payload"] is None}
    assert gone == {"evidence.added"}
    assert read(token, run).status_code == 200


def test_the_cost_does_not_grow_with_the_timeline(
    run: Run, token: str, ana: User, now: datetime
) -> None:
    def count(path: str) -> int:
        read(token, run, path)
        with CaptureQueriesContext(connection) as asked:
            assert read(token, run, path).status_code == 200
        return len(asked)

    before = count(""), count("events?limit=1"), count("events?limit=100")
    for number in range(30):
        note(run, ana, now, text=f"Note {number}.")

    assert (count(""), count("events?limit=1"), count("events?limit=100")) == before
    assert before[1] == before[2]


@pytest.mark.parametrize(("slug", "begins"), [("json", b"{"), ("markdown", b"#")])
def test_an_export_is_handed_out_and_recorded(
    run: Run, token: str, slug: str, begins: bytes, now: datetime
) -> None:
    before = run.version

    answer = read(token, run, f"exports/{slug}")

    run.refresh_from_db()
    assert (answer.status_code, run.version) == (200, before + 1)
    assert answer.content.startswith(begins)
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert (
        f'filename="run-{str(run.pk)[:8]}-{run.version}-20261122.' in answer["Content-Disposition"]
    )
    newest = queries.timeline_page(run, size=1)[0]
    assert (newest.type, newest.name) == ("export.made", "Ana")


def test_a_large_export_goes_out_piece_by_piece(
    token: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that takes a long record must not cost the server its memory."""
    monkeypatch.setattr(exports, "IN_MEMORY", 100)
    answer = read(token, run, "exports/markdown")

    assert answer.streaming
    assert answer["Content-Length"] == str(len(answer.getvalue()))
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_an_export_leads_to_the_report_of_this_installation(run: Run, token: str) -> None:
    made = read(token, run, "exports/json").json()

    assert made["address"] == f"http://localhost:8000/runs/{run.pk}/report/"


def test_there_is_no_such_format(run: Run, token: str) -> None:
    answer = read(token, run, "exports/stone")

    assert answer.status_code == 404
    assert "json" in detail(answer)
    before = run.version
    run.refresh_from_db()
    assert run.version == before


def test_a_busy_database_says_when_to_come_again(
    run: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise Busy

    monkeypatch.setattr("runbook.services.exports.export", busy)
    answer = read(token, run, "exports/json")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "send it again" in detail(answer)


def test_the_first_use_is_kept_and_no_later_one(
    run: Run, token: str, now: datetime, clock: time_machine.Traveller
) -> None:
    assert row_of(token).used_at is None
    read(token, run)
    clock.shift(60)
    with CaptureQueriesContext(connection) as asked:
        read(token, run)

    assert row_of(token).used_at == now
    assert not [q for q in asked if q["sql"].startswith(("UPDATE", "INSERT"))]


def test_reading_goes_on_while_nobody_can_write(
    run: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> None:
        raise Busy

    monkeypatch.setattr("runbook.services.timeline.patiently", busy)

    assert read(token, run).status_code == 200
    assert row_of(token).used_at is None


def test_what_people_typed_cannot_break_the_answer(ana: User, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        run = make_run(ana, now, title='<script>"\u2028\u202e é')
        token = make_token(run, ana, now)
        answer = read(token, run)

    assert answer.json()["title"] == run.title
    assert answer["Content-Type"].startswith("application/json")

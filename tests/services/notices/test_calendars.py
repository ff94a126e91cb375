"""Calendar files: read by a strict parse of our own, and by the clock of their readers."""

from datetime import UTC, datetime, timedelta

import pytest

from runbook import queries
from runbook.domain.vocabulary import Action, InstalledState
from runbook.models import Run, User
from runbook.services import calendars, channels, talk
from tests.domain.history import START
from tests.domain.wishes import GATEWAY, failing, looking, wish
from tests.factories import act, carry_out, make_run
from tests.services.notices.ics import Component, parse

WINDOW = {"window_begins": "2026-12-05T22:00", "window_ends": "2026-12-06T02:00"}


def opened(user: User, run: Run) -> queries.OpenRun:
    return queries.run_for(user, run.pk, action=Action.VIEW)


def entries(user: User, run: Run) -> dict[str, Component]:
    """The entries of the run's file by the part of their UID that tells them apart."""
    calendar = parse(calendars.run_file(opened(user, run)))
    found = {each.one("UID"): each for each in calendar.all("VEVENT")}
    assert len(found) == len(calendar.all("VEVENT"))
    return {uid.removeprefix(f"{run.pk}-"): found[uid] for uid in found}


@pytest.fixture
def waiting(run: Run, ana: User, now: datetime) -> Run:
    carry_out(run.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))
    talk.promise_update(
        run_id=run.pk,
        act=act(ana, now=now),
        promise="More tomorrow.",
        next_update=now + timedelta(days=1),
    )
    return run


def test_a_wait_and_a_promise_stand_at_their_moments_in_utc(
    waiting: Run, ana: User, now: datetime
) -> None:
    found = entries(ana, waiting)

    assert set(found) == {"wait-cool-down", "update"}
    wait = found["wait-cool-down"]
    assert wait.moment("DTSTART") == now + timedelta(minutes=30)
    assert wait.one("SUMMARY") == "Tower 7: The wait is over: Let the lamp cool down"
    assert wait.one("URL") == f"http://localhost:8000/runs/{waiting.pk}/steps/cool-down/"
    assert wait.one("TRANSP") == "TRANSPARENT"
    assert wait.all("VALARM")[0].one("ACTION") == "DISPLAY"
    assert found["update"].moment("DTSTART") == now + timedelta(days=1)


def test_a_planned_retry_stands_at_its_not_before_and_no_error_text_with_it(
    run: Run, ana: User, now: datetime
) -> None:
    for asked in (START, failing(GATEWAY), looking(InstalledState.ROLLED_BACK)):
        carry_out(run.pk, asked, act(ana, now=now))
    state = opened(ana, run).state

    found = entries(ana, run)
    assert state.retry is not None
    assert found["retry"].moment("DTSTART") == state.retry.due
    body = calendars.run_file(opened(ana, run)).decode()
    assert "bridge" not in body.replace("\r\n ", "")


def test_a_window_is_read_in_the_runs_zone(ana: User, now: datetime) -> None:
    run = make_run(ana, now, pack="coe_starter_kit", answers=_facts(WINDOW))
    found = entries(ana, run)

    window = found["planned-window"]
    assert window.moment("DTSTART") == datetime(2026, 12, 5, 21, 0, tzinfo=UTC)
    assert window.moment("DTEND") == datetime(2026, 12, 6, 1, 0, tzinfo=UTC)
    assert window.one("TRANSP") == "OPAQUE"
    assert window.one("URL").endswith("/steps/window/")


@pytest.mark.parametrize(
    "answers",
    [
        {"window_begins": "2026-12-05T22:00"},
        {"window_begins": "tonight", "window_ends": "late"},
        {"window_begins": "2026-12-06T02:00", "window_ends": "2026-12-05T22:00"},
        {"window_begins": "0001-01-01T00:00", "window_ends": "9999-12-31T23:59"},
    ],
)
def test_a_window_that_cannot_be_read_is_left_out(
    ana: User, now: datetime, answers: dict[str, str]
) -> None:
    run = make_run(ana, now, pack="coe_starter_kit", answers=_facts(answers))

    assert entries(ana, run) == {}


def test_what_moves_keeps_its_uid_and_counts_up(waiting: Run, ana: User, now: datetime) -> None:
    before = entries(ana, waiting)["update"]
    later = now + timedelta(days=3)
    talk.promise_update(
        run_id=waiting.pk, act=act(ana, now=now), promise="Later.", next_update=later
    )
    after = entries(ana, waiting)["update"]

    assert after.one("UID") == before.one("UID")
    assert int(after.one("SEQUENCE")) > int(before.one("SEQUENCE"))
    assert after.moment("DTSTART") == later


def test_a_run_that_ended_takes_out_what_an_earlier_file_put_in(
    waiting: Run, ana: User, now: datetime
) -> None:
    before = entries(ana, waiting)
    carry_out(waiting.pk, wish(Action.ABANDON, reason="Storm."), act(ana, now=now))
    after = entries(ana, waiting)

    assert set(after) == set(before) == {"wait-cool-down", "update"}
    for slug, entry in after.items():
        assert entry.one("UID") == before[slug].one("UID")
        assert int(entry.one("SEQUENCE")) > int(before[slug].one("SEQUENCE"))
        assert entry.one("STATUS") == "CANCELLED"
        assert entry.all("VALARM") == []
        assert before[slug].all("VALARM")


def test_a_feed_leaves_out_a_run_that_ended(waiting: Run, ana: User, now: datetime) -> None:
    """A calendar takes a feed as a whole, so what is missing is gone."""
    assert len(parse(calendars.feed(ana)).all("VEVENT")) == 2
    carry_out(waiting.pk, wish(Action.ABANDON, reason="Storm."), act(ana, now=now))

    assert parse(calendars.feed(ana)).all("VEVENT") == []


def test_a_calendar_with_nothing_to_show_still_holds_a_component(run: Run, ana: User) -> None:
    """RFC 5545, section 3.6: at least one."""
    found = parse(calendars.run_file(opened(ana, run)))

    assert [child.name for child in found.children] == ["VTIMEZONE"]


def test_a_title_cannot_add_a_line_of_its_own(ana: User, now: datetime) -> None:
    title = "Tower\r\nEND:VCALENDAR;,\\ “7” " + "ü" * 100
    run = make_run(ana, now, title=title)
    talk.promise_update(
        run_id=run.pk, act=act(ana, now=now), promise="x", next_update=now + timedelta(1)
    )

    found = entries(ana, run)["update"].one("SUMMARY")
    assert found == f"{title.replace(chr(13) + chr(10), ' ')}: An update was promised"


def test_the_feed_holds_all_runs_of_the_person_and_no_others(
    waiting: Run, ana: User, ben: User, dora: User, now: datetime
) -> None:
    other = make_run(ana, now, title="Tower 8")
    carry_out(other.pk, wish(Action.START_WAIT, step="cool-down"), act(ana, now=now))

    assert len(parse(calendars.feed(ana)).all("VEVENT")) == 3
    assert len(parse(calendars.feed(ben)).all("VEVENT")) == 2
    assert parse(calendars.feed(dora)).all("VEVENT") == []


def test_a_token_is_kept_as_a_digest_and_ends_when_a_new_one_is_made(ana: User) -> None:
    first = channels.new_feed_token(ana)
    assert channels.reader_of_feed(first) == ana
    assert first not in str(vars(channels.wishes_of(ana)))

    second = channels.new_feed_token(ana)
    assert len(second) >= 43
    assert channels.reader_of_feed(first) is None
    assert channels.reader_of_feed(second) == ana
    channels.end_feed(ana)
    assert channels.reader_of_feed(second) is None
    assert channels.reader_of_feed("") is None


def test_the_feed_of_a_closed_account_is_gone(ana: User) -> None:
    token = channels.new_feed_token(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    assert channels.reader_of_feed(token) is None


def _facts(answers: dict[str, str]) -> dict[str, str]:
    solution = "CenterofExcellenceCoreComponents"
    versions = {"source_version": "4.29", "target_version": "4.50.6"}
    return {"solution": solution, **versions, **answers}


@pytest.mark.parametrize(
    "body",
    [
        b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n",
        b"BEGIN:VCALENDAR\r\nPRODID:x\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\nX:1\r\n",
        b"BEGIN:VCALENDAR\r\nX:" + b"y" * 80 + b"\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ],
)
def test_the_parse_of_these_tests_is_strict(body: bytes) -> None:
    """The control."""
    with pytest.raises((ValueError, KeyError)):
        parse(body)

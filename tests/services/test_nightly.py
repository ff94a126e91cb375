"""Each nightly duty is done once a day, by one of several workers, whatever happens to the others."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache

from runbook.domain.vocabulary import RunStage
from runbook.models import Head, JournalEntry, Run, User
from runbook.services import nightly
from tests.factories import act, carry_out, make_run_at
from tests.services.crowd import at_once
from tests.services.test_retention import GIVE_UP, pieces_left

Done = list[str]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    """What was done, in order; two duties that do nothing else."""
    seen: Done = []

    def duty(name: str) -> nightly.Duty:
        def do(now: datetime) -> list[str]:
            seen.append(name)
            return []

        return do

    monkeypatch.setattr(nightly, "DUTIES", {name: duty(name) for name in ("wind", "rain")})
    return seen


def at(moment: datetime) -> nightly.Clock:
    return lambda: moment


def test_each_is_done_once_a_day(db: None, done: Done, now: datetime) -> None:
    for hours in (0, 0.2, 5, 12):
        nightly.work(at(now + timedelta(hours=hours)))
    assert done == ["wind", "rain"]

    nightly.work(at(now + timedelta(days=1)))
    assert done == ["wind", "rain"] * 2


def test_the_day_begins_at_two(db: None, done: Done, now: datetime) -> None:
    nightly.work(at(now))
    nightly.work(at(now.replace(day=23, hour=1, minute=59)))
    assert done == ["wind", "rain"]
    nightly.work(at(now.replace(day=23, hour=2, minute=0)))
    assert done == ["wind", "rain"] * 2


def test_of_many_workers_at_once_one_does_it(committed_db: None, done: Done, now: datetime) -> None:
    deeds: list[Callable[[], list[str]]] = [lambda: nightly.work(at(now))] * 6

    told = at_once(deeds)

    assert sorted(done) == ["rain", "wind"]
    assert sorted(name for names in told if isinstance(names, list) for name in names) == [
        "rain",
        "wind",
    ]


def test_without_the_claim_each_of_them_would_do_it(
    committed_db: None, done: Done, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same crowd, and nobody asks who came first."""
    forgetful = SimpleNamespace(add=lambda *_: True, get=lambda *_: None, set=lambda *_: None)
    monkeypatch.setattr(nightly, "cache", forgetful)

    at_once([lambda: nightly.work(at(now))] * 6)

    assert len(done) == 12


def test_who_looked_before_another_claimed_does_not_claim_as_well(
    db: None, done: Done, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race made certain: both looked when nobody had claimed the day yet."""
    early = SimpleNamespace(add=cache.add, get=lambda *_: None, set=cache.set)
    monkeypatch.setattr(nightly, "cache", early)

    assert nightly.work(at(now)) == ["wind", "rain"]
    assert nightly.work(at(now)) == []
    assert done == ["wind", "rain"]


def fail(now: datetime) -> list[str]:
    raise RuntimeError("words of somebody")


def test_one_that_fails_stops_no_other_and_is_tried_again(
    db: None, done: Done, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "DUTIES", {"snow": fail, **nightly.DUTIES})

    nightly.work(at(now))
    assert done == ["wind", "rain"]
    told = nightly.newest("snow")
    assert told is not None
    assert told.found == ("It stopped with RuntimeError; the log says where.",)

    assert nightly.work(at(now + timedelta(minutes=59))) == []
    for hour in range(1, 9):
        nightly.work(at(now + timedelta(hours=hour)))
    tries = [cache.get(f"nightly/snow/2026-11-22/{number}") for number in range(1, 8)]
    assert [bool(each) for each in tries] == [True] * nightly.TRIES + [False]
    assert done == ["wind", "rain"]


def test_what_a_duty_finds_wrong_is_remembered_until_it_goes_well(
    db: None, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [["Run 7 was not signed: no key."], []]
    monkeypatch.setattr(nightly, "DUTIES", {"sign": lambda now: answers.pop(0)})

    nightly.work(at(now))
    told = nightly.newest("sign")
    assert told is not None
    assert told.found == ("Run 7 was not signed: no key.",)
    assert "no key" in caplog.text

    nightly.work(at(now + timedelta(hours=1)))
    told = nightly.newest("sign")
    assert told is not None
    assert told.is_done
    assert nightly.work(at(now + timedelta(hours=2))) == []


class Killed(BaseException):
    """The worker ends in the middle."""


def test_a_duty_whose_worker_died_is_taken_over_when_its_lease_is_over(
    db: None, done: Done, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(now: datetime) -> list[str]:
        raise Killed

    living = nightly.DUTIES
    monkeypatch.setattr(nightly, "DUTIES", {"wind": die})
    with pytest.raises(Killed):
        nightly.work(at(now))
    monkeypatch.setattr(nightly, "DUTIES", living)

    nightly.work(at(now + nightly.LEASE - timedelta(seconds=1)))
    assert done == ["rain"]
    nightly.work(at(now + nightly.LEASE))
    assert done == ["rain", "wind"]


def test_the_real_duties_erase_then_sign_then_clear_sessions(
    db: None, ana: User, now: datetime, settings: Any
) -> None:
    settings.KEEP_EVIDENCE_MONTHS = 12
    run = make_run_at(RunStage.IMPORTING, ana, now)
    carry_out(run, GIVE_UP, act(ana, now=now))
    assert pieces_left(run) == 1
    later = now + timedelta(days=400)
    for key, days in (("old", -1), ("new", 1)):
        ends = later + timedelta(days=days)
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
        UserSession.objects.create(
            user=ana, session_key=key, ip="192.0.2.1", user_agent="A browser"
        )

    assert nightly.work(at(later)) == ["erase old evidence", "sign heads", "clear sessions"]

    run = Run.objects.get(pk=run.pk)
    assert pieces_left(run) == 0
    assert Head.objects.filter(run=run, size=run.version).exists()
    assert JournalEntry.objects.filter(type="daily.root").count() == 1
    for rows in (Session.objects, UserSession.objects):
        assert list(rows.values_list("session_key", flat=True)) == ["new"]


def test_a_day_that_is_done_costs_one_look_for_each_duty(
    db: None, done: Done, now: datetime, django_assert_num_queries: Any
) -> None:
    nightly.work(at(now))
    with django_assert_num_queries(2):
        nightly.work(at(now))

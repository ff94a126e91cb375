"""What people may read, page by page, and which definition their run follows (SM-13)."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

import pytest

from runbook import library, queries
from runbook.domain.errors import ForbiddenAction
from runbook.domain.vocabulary import Action, InstalledState, Role, RunStage
from runbook.models import PackRevision, User
from runbook.services import projection
from tests.domain.wishes import looking, small_pack, wish
from tests.factories import act, add_member, carry_out, make_run, make_run_at


def test_fetching_a_run_is_asking_for_permission(
    ana: User, cleo: User, dora: User, now: datetime
) -> None:
    run = make_run(ana, now)
    add_member(run, ana, user=cleo, role=Role.REVIEWER, now=now)

    assert queries.run_for(ana, run.pk, action=Action.CLOSE).role is Role.LEAD
    assert queries.run_for(cleo, run.pk, action=Action.ADD_NOTE).role is Role.REVIEWER
    with pytest.raises(ForbiddenAction):
        queries.run_for(cleo, run.pk, action=Action.PAUSE)
    for person, run_id in ((dora, run.pk), (ana, uuid.uuid4())):
        with pytest.raises(queries.RunNotFound):
            queries.run_for(person, run_id, action=Action.VIEW)


def test_a_list_shows_the_runs_of_the_person_newest_first(
    ana: User, ben: User, now: datetime
) -> None:
    first, second = make_run(ana, now), make_run(ana, now + timedelta(hours=1))
    make_run(ben, now)
    assert [run.row for run in queries.runs_of(ana)] == [second, first]

    note = wish(Action.ADD_NOTE, text="It rains.")
    carry_out(first, note, act(ana, now=now + timedelta(hours=2)))
    assert [run.row for run in queries.runs_of(ana)] == [first, second]


def test_the_timeline_comes_in_pages_newest_first(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    first = queries.timeline_page(run, size=5)
    second = queries.timeline_page(run, before=first[-1].seq, size=5)

    seqs = [entry.seq for entry in (*first, *second)]
    assert seqs == list(range(run.version, run.version - 10, -1))
    assert {entry.name for entry in first} == {"Ana"}


def test_the_timeline_can_be_narrowed_to_types(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)

    found = queries.timeline_page(run, types=("attempt.started", "attempt.failed"))
    assert [entry.type for entry in found] == ["attempt.failed", "attempt.started"]


def test_a_run_follows_the_definition_it_began_with_for_life(
    ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run_at(RunStage.STATE_UNREAD, ana, now)
    changed = replace(small_pack(), revision=2, families=small_pack().families[:1], digest="f" * 64)
    monkeypatch.setattr(library, "packs", lambda: {"small": changed})
    monkeypatch.setattr(queries.runs, "_pack", lru_cache(queries.runs._pack.__wrapped__))

    pack = queries.pack_of(run)
    assert pack == small_pack()
    assert library.digest_of(pack) == pack.digest == run.pack_id
    carry_out(run, looking(InstalledState.ROLLED_BACK), act(ana, now=now))
    run.refresh_from_db()
    assert projection.differences(run) == []


def test_a_definition_that_follows_the_disk_would_be_noticed(
    ana: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: taking the pack by its name gives the changed one."""
    run = make_run(ana, now)
    changed = replace(small_pack(), revision=2, digest="f" * 64)
    monkeypatch.setattr(library, "packs", lambda: {"small": changed})
    monkeypatch.setattr(queries, "pack_of", lambda row: library.packs()[row.pack.slug])

    assert queries.pack_of(run).digest != run.pack_id


def test_the_stored_definition_is_the_pack_word_for_word(ana: User, now: datetime) -> None:
    for slug in ("small", *library.packs()):
        run = make_run(ana, now, pack=slug)
        stored = library.parse_pack(PackRevision.objects.get(pk=run.pack_id).body)

        assert stored == {**library.packs(), "small": small_pack()}[slug]
        assert library.digest_of(stored) == run.pack_id


def test_somebody_who_left_has_no_name_but_keeps_their_events(ana: User, now: datetime) -> None:
    run = make_run(ana, now)
    actor = ana.actor_id
    ana.delete()

    assert queries.people([actor]) == {actor: "a former member"}
    assert len(queries.all_entries(run)) == run.version

"""The quiet status page: phase, promise and next update; and the run as it stood at a moment."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.stakeholders import WHERE
from runbook.domain.vocabulary import Action, LinkScope, RunStage
from runbook.models import Run, User
from runbook.services import runs, talk
from tests.domain.history import WAYS
from tests.exports.records import stored_run
from tests.factories import act, carry_out, make_run, make_run_at
from tests.shares import make_link, open_it, page_of
from tests.web.pages import page, said

SignIn = Callable[[User], Client]
ERROR = "Flow server error c4na7y 80097376 and 0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def status(run: Run, ana: User, now: datetime, **more: str) -> tuple[Client, str]:
    link, token = make_link(run, ana, now, scope=LinkScope.STATUS, **more)  # type: ignore[arg-type]
    return open_it(token), page_of(link)


@pytest.mark.parametrize("profile", ["public", "internal"])
def test_no_error_text_and_no_id_is_on_the_page(ana: User, now: datetime, profile: str) -> None:
    run = stored_run(ana, now, title="c4na7y title", text=ERROR)
    runs.add_note(run_id=run.pk, act=act(ana, now=now), text="c4na7y note")
    runs.send_escalation(
        run_id=run.pk, act=act(ana, now=now), recipient="microsoft-support", ticket="c4na7y-1"
    )
    client, address = status(run, ana, now, profile=profile)
    answer = client.get(address)
    text = answer.content.decode()

    assert "c4na7y" in queries.evidence_texts(run).__repr__()
    for canary in ("c4na7y", "80097376", "0f8fad5b", str(run.pk), run.pk.hex, run.head, "Ana"):
        assert canary not in text, canary
    for actor in (
        ana.actor_id,
        *queries.run_for(ana, run.pk, action=Action.VIEW).state.team.links,
    ):
        assert actor not in text
    assert WHERE[RunStage.STATE_UNREAD] in said(answer)


@pytest.mark.parametrize("stage", WAYS)
def test_each_stage_has_its_page(ana: User, now: datetime, stage: RunStage) -> None:
    run = make_run_at(stage, ana, now)
    client, address = status(run, ana, now)

    text = said(client.get(address))

    words = "left open" if stage is RunStage.CLOSED else WHERE[stage]
    assert words in text
    assert "Tower 7" not in text
    assert stage.value == "closed" or "No time was promised." in text or stage.value == "abandoned"


def test_promise_and_next_update_in_both_clocks(
    ana: User, now: datetime, standing: time_machine.Traveller
) -> None:
    run = make_run_at(RunStage.RETRY_PLANNED, ana, now)
    talk.promise_update(
        run_id=run.pk,
        act=act(ana, now=now),
        promise="Back by noon; ask it-admin@contoso.example.",
        next_update=now + timedelta(hours=1),
    )
    client, address = status(run, ana, now)

    text = said(client.get(address))

    assert "Back by noon; ask" in text
    assert "contoso.example" not in text
    assert "2026-11-22 11:30 CET (2026-11-22 10:30 UTC)" in text
    assert "expected by now" not in text
    standing.shift(timedelta(minutes=61))
    assert "expected by now" in said(client.get(address))


def test_what_changed_since_the_last_visit(
    ana: User, now: datetime, standing: time_machine.Traveller
) -> None:
    run = make_run(ana, now)
    for asked in WAYS[RunStage.PREPARING]:
        carry_out(run, asked, act(ana, now=now))
    client, address = status(run, ana, now)
    assert "Since your last visit" not in said(client.get(address))

    standing.shift(timedelta(hours=1))
    assert "Nothing new since 2026-11-22 10:30 CET." in said(client.get(address))
    later = now + timedelta(hours=1, minutes=30)
    talk.promise_update(run_id=run.pk, act=act(ana, now=later), promise="Soon.")
    carry_out(run, WAYS[RunStage.IMPORTING][-1], act(ana, now=later))
    standing.shift(timedelta(hours=1))

    answer = client.get(address)
    again = client.get(address)

    for seen in (answer, again):  # a reload is the same visit
        assert "2 new since 2026-11-22 11:30 CET." in said(seen)
        fresh = [item for item in page(seen).all("li") if item.attributes.get("class") == "fresh"]
        assert [" ".join(item.text.split())[13:] for item in fresh] == [
            "new The new version is being installed.",
            "new “Soon.”",
        ]


# --- the run at a moment --------------------------------------------------------------------------


def test_the_run_as_it_stood(
    ana: User, now: datetime, sign_in: SignIn, standing: time_machine.Traveller
) -> None:
    run = make_run(ana, now)
    for number, asked in enumerate(WAYS[RunStage.RETRY_PLANNED]):
        carry_out(run, asked, act(ana, now=now + timedelta(minutes=number)))
    run.refresh_from_db()
    client, address = sign_in(ana), reverse("run-at", args=[run.pk])
    started = next(e for e in queries.all_entries(run) if e.type == "attempt.started")
    failed = next(e for e in queries.all_entries(run) if e.type == "attempt.failed")

    newest = said(client.get(address))
    then = client.get(f"{address}?seq={started.seq}")
    by_clock = client.get(f"{address}?when=2026-11-22T10:36")

    assert f"after entry {run.version} of {run.version}" in newest
    assert "Attempt 1 failed" in newest
    for answer in (then, by_clock):
        text = said(answer)
        assert "As it stood at 2026-11-22 10:36" in text
        assert f"after entry {started.seq} of {run.version}" in text
        assert "Importing" in text
        assert "Attempt 1 failed" not in text.replace("Attempt failed", "")
        later = [a for a in page(answer).all("a") if a.attributes.get("rel") == "next"]
        assert later[0].attributes["href"].endswith(f"?seq={started.seq + 1}")
    assert failed.seq == started.seq + 1


def test_odd_moments_are_answered_in_words(ana: User, now: datetime, sign_in: SignIn) -> None:
    run = make_run_at(RunStage.CLOSED, ana, now)
    client, address = sign_in(ana), reverse("run-at", args=[run.pk])

    codes = {
        query: client.get(f"{address}?{query}").status_code
        for query in (
            "seq=1",
            "seq=0",
            "seq=-3",
            "seq=x",
            "when=yesterday",
            "when=0001-01-01T00:00",
        )
    }
    early = said(client.get(f"{address}?when=2020-01-01T00:00"))
    beyond = said(client.get(f"{address}?seq={run.version + 100}"))
    late = said(client.get(f"{address}?when=2030-01-01T00:00"))

    assert list(codes.values()) == [200, 422, 422, 422, 422, 422]
    assert "nothing was written down before" in early
    assert "after entry 1 of" in early
    assert f"after entry {run.version} of" in beyond
    assert f"after entry {run.version} of" in late


def test_a_reader_by_link_winds_back_as_well(ana: User, now: datetime) -> None:
    run = make_run_at(RunStage.CLOSED, ana, now)
    link, token = make_link(run, ana, now)

    text = said(open_it(token).get(page_of(link, "shared-at") + "?seq=2"))

    assert "after entry 2 of" in text
    assert "Ana" not in text
    assert "Lead (lead)" in text

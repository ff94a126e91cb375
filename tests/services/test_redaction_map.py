"""The pseudonyms of a run: kept across hand-outs, decisions for each profile, erased as a whole."""

import json
from datetime import datetime

import pytest
from django.utils import timezone

from runbook.domain.redaction import RULES_VERSION, Decision, Kind, Profile, Pseudonyms
from runbook.domain.report import RunReport
from runbook.models import PseudonymMap, Run, User
from runbook.services import record_reading, redaction, runs
from runbook.services.redaction import Kept
from runbook.services.timeline import Act, Busy
from tests.exports.records import ERROR, stored_run

MORE = "\nhost 10.2.3.4\nCreated by: Ben Ode\nWrite to ana.keller@contoso.example\n"


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return stored_run(ana, now, text=ERROR + MORE)


def report(run: Run) -> RunReport:
    row = Run.objects.get(pk=run.pk)
    return record_reading.build_report(row, made_at=timezone.now(), address="https://x.example/")


def text_of(made: RunReport) -> str:
    return made.errors[0].text or ""


def test_nothing_is_kept_before_the_first_hand_out(run: Run) -> None:
    assert redaction.kept_for(run) == Kept()
    redaction.redacted(report(run), Profile.PUBLIC, kept=Kept())
    assert not PseudonymMap.objects.exists()


def test_a_thing_keeps_its_mark_whatever_comes_before_it_later(
    run: Run, ana: User, now: datetime
) -> None:
    first = redaction.handed_out(run.pk, Profile.PUBLIC, report=report(run))
    row = PseudonymMap.objects.get(run=run)
    runs.add_note(
        run_id=run.pk, act=Act(actor=ana.actor_id, now=now), text="aaa@another.example called"
    )
    second = redaction.handed_out(run.pk, Profile.PUBLIC, report=report(run))

    numbers = dict(first.pseudonyms.numbers)
    assert numbers.items() < dict(second.pseudonyms.numbers).items()
    assert text_of(second.report) == text_of(first.report)
    assert row.rules_version == RULES_VERSION
    assert json.loads(row.body)["numbers"] == numbers


def test_profiles_share_marks_and_not_decisions(run: Run) -> None:
    said = {"10.2.3.4": Decision.KEEP}
    public = redaction.decide(run.pk, Profile.PUBLIC, said=said, report=report(run))
    support = redaction.handed_out(run.pk, Profile.MICROSOFT_SUPPORT, report=report(run))

    assert "10.2.3.4" in text_of(public.report)
    kept = redaction.kept_for(run)
    assert kept.said(Profile.PUBLIC) == said
    assert kept.said(Profile.MICROSOFT_SUPPORT) == {}
    mail = "user:ana.keller@contoso.example"
    assert support.pseudonyms.numbers[mail] == public.pseudonyms.numbers[mail]


def test_a_decision_can_be_taken_back(run: Run) -> None:
    redaction.decide(run.pk, Profile.PUBLIC, said={"10.2.3.4": Decision.KEEP}, report=report(run))
    again = redaction.decide(
        run.pk, Profile.PUBLIC, said={"10.2.3.4": Decision.CUT}, report=report(run)
    )

    assert "10.2.3.4" not in text_of(again.report)


def test_two_hand_outs_at_once_never_give_one_number_to_two_things(run: Run) -> None:
    before = redaction.kept_for(run)
    mine = Kept(pseudonyms=Pseudonyms().having_seen([(Kind.USER, "a@x.example")]))
    theirs = Kept(pseudonyms=Pseudonyms().having_seen([(Kind.USER, "b@x.example")]))

    assert redaction.keep(run.pk, before=before, after=theirs)
    assert not redaction.keep(run.pk, before=before, after=mine)
    assert redaction.kept_for(run) == theirs


def test_what_did_not_change_is_not_written(run: Run) -> None:
    assert redaction.keep(run.pk, before=Kept(), after=Kept())
    assert not PseudonymMap.objects.exists()


def test_who_never_gets_a_turn_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "keep", lambda *_, **__: False)

    with pytest.raises(Busy):
        redaction.handed_out(run.pk, Profile.PUBLIC, report=report(run))


def test_erasing_leaves_nothing_and_the_next_counts_anew(run: Run) -> None:
    redaction.decide(run.pk, Profile.PUBLIC, said={"10.2.3.4": Decision.KEEP}, report=report(run))
    redaction.forget(run.pk)

    assert not PseudonymMap.objects.exists()
    assert redaction.kept_for(run) == Kept()
    redaction.forget(run.pk)  # twice is no error


def test_the_record_does_not_change(run: Run) -> None:
    before = Run.objects.get(pk=run.pk).head
    redaction.handed_out(run.pk, Profile.PUBLIC, report=report(run))
    redaction.forget(run.pk)

    assert Run.objects.get(pk=run.pk).head == before

"""Every event becomes a sentence for people, with titles instead of slugs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runbook.domain import events as ev
from runbook.domain.diagnosis.family import Reading
from runbook.domain.presenting import Line, answer_words, fill, lasting, present, question_of
from runbook.domain.readiness import Base, Sighting, YesNo
from runbook.domain.state import replay
from runbook.domain.vocabulary import (
    CheckResult,
    Disposition,
    ImportOption,
    InstalledState,
    Method,
    RetryRule,
    Role,
)
from tests.exports.records import ANSWERS, LEAD, PACK, PEOPLE, READING, START, failed_run

DUE = datetime(2026, 11, 22, 1, 25, tzinfo=UTC)
KINDS = {"", "good", "bad", "warn", "doubt", "note", "system"}
STATE = replay(
    ev.Recorded(
        seq=seq,
        event=event,
        recorded_at=START + timedelta(minutes=minute),
        happened_at=START + timedelta(minutes=minute),
        actor=actor,
    )
    for seq, (minute, event, actor) in enumerate(failed_run(), start=1)
)
SIGHTING = Sighting(base=Base.OLD, holding=YesNo.NO, running=YesNo.NO)

TOLD: list[tuple[ev.Event, str, str, str]] = [
    (
        ev.RunStarted(
            title="Contoso",
            pack="kettle",
            pack_digest="d",
            runbook_version=1,
            steps=(),
            time_zone="UTC",
        ),
        "Run started: Contoso",
        "Kettle firmware",
        "",
    ),
    (
        ev.RunAdopted(report="It broke.", before_record=("facts", "look")),
        "Run adopted in the middle",
        "2 steps count as done before this record. It broke.",
        "warn",
    ),
    (ev.MemberAdded(member=LEAD, role=Role.REVIEWER), "Ana joined as reviewer", "", "system"),
    (
        ev.FactsRecorded(step="facts", answers={"solution": "Core", "environment_name": ""}),
        "Facts recorded: Facts of this run",
        "Which solution: Core; Name of the environment: taken back",
        "",
    ),
    (
        ev.DecisionRecorded(step="look", answers={"unasked": "x"}, reason="Because."),
        "Decided: Look around",
        "unasked: x. Because",
        "",
    ),
    (
        ev.CheckRecorded(step="look", check="health", result=CheckResult.PASSED, note="Fine."),
        "Check passed: Health of Contoso",
        "Fine",
        "good",
    ),
    (
        ev.CheckRecorded(step="flash", check="quiet", result=CheckResult.BY_HAND, attempt=2),
        "Check verified by hand: Nothing else is running",
        "Before attempt 2",
        "warn",
    ),
    (ev.NoteAdded(text="Hm", step="look"), "Note on: Look around", "Hm", "note"),
    (
        ev.NoteAdded(text="Not so", corrects=7, after_close=True),
        "Correction of entry 7 (after the end of the run)",
        "Not so",
        "note",
    ),
    (
        ev.EvidenceAdded(step="look", slot="plate", digest="e", size=1, secrets_removed=2),
        "Evidence added: Picture of the plate",
        "1 byte, 2 secrets removed",
        "",
    ),
    (
        ev.EvidenceAdded(
            step="look", slot="gone", digest="", size=3, kind="png", name="p.png", caption="Old."
        ),
        "Evidence added: gone",
        "Old. p.png. 3 bytes. picture",
        "",
    ),
    (
        ev.EvidenceErased(added=4, reason="A face", step="look", slot="plate", kind="png"),
        "Evidence erased: Picture of the plate",
        "A face",
        "warn",
    ),
    (
        ev.EvidenceErased(added=4, reason="A name", attempt=2),
        "Error text of attempt 2 erased",
        "A name",
        "warn",
    ),
    (
        ev.PayloadErased(seq=4, reason="A face"),
        "Content of entry 4 erased",
        "A face",
        "system",
    ),
    (ev.StepCompleted(step="look"), "Step done: Look around", "", "good"),
    (
        ev.StepSkipped(step="gone", reason="No time"),
        "Step skipped: gone",
        "No time",
        "warn",
    ),
    (
        ev.StepReopened(step="look", reason="Wrong"),
        "Step opened again: Look around",
        "Wrong",
        "warn",
    ),
    (
        ev.StateRead(
            step="flash",
            state=InstalledState.ROLLED_BACK,
            retry=RetryRule.IF_FAMILY_ALLOWS,
            sighting=SIGHTING,
            base_version="4.50.2",
            last_result="Failed",
            operation_minutes=75,
        ),
        "Installed state read: Rolled back",
        "base 4.50.2, operation open for 1 h 15 min, last result Failed",
        "",
    ),
    (
        ev.StateRead(
            step="flash",
            state=InstalledState.BASE_GONE,
            retry=RetryRule.NO,
            sighting=replace(SIGHTING, base=Base.ABSENT, holding=YesNo.YES),
            holding_version="4.50.6",
        ),
        "Installed state read: S4",
        "base not listed, holding solution 4.50.6",
        "bad",
    ),
    (
        ev.AttemptStarted(
            number=2,
            method=Method.CLI,
            option=ImportOption.UPGRADE,
            tool_version="1.2",
            file_sha256="f0",
        ),
        "Attempt 2 started",
        "cli 1.2, upgrade, SHA-256 f0",
        "",
    ),
    (ev.AttemptSucceeded(number=1), "Attempt 1 succeeded after 16 min", "", "good"),
    (
        ev.AttemptFailed(number=1, no_text=True),
        "Attempt 1 failed after 16 min",
        "No error text was shown.",
        "bad",
    ),
    (ev.AttemptFailed(number=9), "Attempt 9 failed", "", "bad"),
    (
        ev.AttemptUnknown(number=1, reason="Browser lost"),
        "Attempt 1 ended unknown after 16 min: nobody saw how",
        "Browser lost",
        "doubt",
    ),
    (
        ev.AttemptCancelled(number=1, reason="Stopped"),
        "Attempt 1 cancelled after 16 min",
        "Stopped",
        "warn",
    ),
    (
        ev.ErrorCaptured(number=1, digest="e", size=10, secrets_removed=1),
        "Error text of attempt 1 captured",
        "10 bytes, 1 secret removed",
        "",
    ),
    (
        ev.DiagnosisMade(
            number=1, pack_digest="d", reading=READING, disposition=Disposition.WAIT_AND_RETRY
        ),
        "Attempt 1 looks like: The line was busy",
        "Certain: The text says BadGateway",
        "doubt",
    ),
    (
        ev.DiagnosisChosen(
            number=1, family="busy", revision=2, disposition=Disposition.WAIT_AND_RETRY
        ),
        "Attempt 1 settled as: The line was busy",
        "",
        "",
    ),
    (
        ev.RetryScheduled(number=2, due=DUE, family="busy", reason="Ten minutes"),
        "Attempt 2 not before 2026-11-22 02:25 CET",
        "Ten minutes",
        "",
    ),
    (
        ev.RetryOverridden(number=2, reason="Window ends"),
        "Wait before attempt 2 overridden",
        "Window ends",
        "warn",
    ),
    (
        ev.WaitStarted(step="look", due=DUE, reason="Hot"),
        "Wait until 2026-11-22 02:25 CET: Look around",
        "Hot",
        "",
    ),
    (ev.WaitEnded(step="look"), "Wait over: Look around", "", ""),
    (ev.RepairRecorded(text="New fuse"), "Repair recorded", "New fuse", "good"),
    (
        ev.RemovalRecorded(solution="Core_Upgrade", version="4.50.6", backup_reference="B1"),
        "Solution removed: Core_Upgrade 4.50.6",
        "Backup: B1",
        "warn",
    ),
    (
        ev.EscalationDrafted(rules=("unknown-error", "other")),
        "Help is needed",
        "Nobody knows this error. other",
        "warn",
    ),
    (
        ev.EscalationSent(recipient="workshop", ticket="T-1"),
        "Handed to: The workshop",
        "Reference T-1",
        "",
    ),
    (ev.RunPaused(reason="Sleep"), "Run paused", "Sleep", "warn"),
    (ev.RunResumed(), "Run resumed", "", ""),
    (ev.RunClosed(partial=False), "Run closed", "", "good"),
    (ev.RunClosed(partial=True, reason="Late"), "Run closed as partial", "Late", "warn"),
    (ev.RunAbandoned(reason="No use"), "Run abandoned", "No use", "bad"),
    (ev.ExportMade(format="json"), "Record handed out as json", "", "system"),
]


@pytest.mark.parametrize(
    ("event", "headline", "detail", "kind"), TOLD, ids=[headline for _, headline, *_ in TOLD]
)
def test_an_event_is_told(event: ev.Event, headline: str, detail: str, kind: str) -> None:
    line = present(event, pack=PACK, time_zone="Europe/Berlin", state=STATE, people=PEOPLE)

    assert line == Line(headline=headline, detail=detail, kind=kind)
    assert line.kind in KINDS


def test_every_class_of_event_is_told_somewhere() -> None:
    others = {
        cls for cls in ev.EVENT_CLASSES.values() if not cls.__module__.endswith("team_events")
    }

    assert {type(event) for event, *_ in TOLD} >= others


@pytest.mark.parametrize(
    "event", [event for event, *_ in TOLD], ids=[headline for _, headline, *_ in TOLD]
)
def test_an_event_can_be_told_with_the_pack_alone(event: ev.Event) -> None:
    assert present(event, pack=PACK).headline


def test_an_erased_event_is_named_as_such() -> None:
    assert present(None, pack=PACK).headline == "Content erased"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "less than a minute"),
        (1, "1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (125, "2 h 5 min"),
        (1440, "1 d"),
        (4565, "3 d 4 h"),
        (-3, "less than a minute"),
    ],
)
def test_a_length_of_time_reads_as_people_say_it(minutes: int, words: str) -> None:
    assert lasting(timedelta(minutes=minutes)) == words


def test_a_value_is_filled_and_a_missing_one_is_seen() -> None:
    text = "{{ run.solution }} {{run.backup_reference}} {{ run. }} {{ user.x }}"

    assert fill(text, {**ANSWERS, "x": "y"}) == (
        "KettleCore ‹backup reference› {{ run. }} {{ user.x }}"
    )
    assert fill("{{ run.a }}", {"a": "{{ run.b }}", "b": "c"}) == "{{ run.b }}"


def test_an_answer_without_a_question_is_the_answer() -> None:
    assert answer_words(question_of(PACK, "none"), "x") == "x"


def test_a_text_that_no_family_fits_is_told() -> None:
    made = ev.DiagnosisMade(
        number=1,
        pack_digest="d",
        reading=Reading(is_import_error=True),
        disposition=Disposition.NONE,
    )

    assert present(made, pack=PACK) == Line(headline="Attempt 1: no family fits", kind="doubt")

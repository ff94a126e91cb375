"""Reports for the tests of packets, on the real packs, made of events alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from runbook import library
from runbook.domain import events as ev
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.pack import Pack
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.readiness import Base, Sighting, YesNo
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.state import replay
from runbook.domain.vocabulary import (
    CheckResult,
    ImportOption,
    InstalledState,
    Method,
    Outcome,
    RetryRule,
    Role,
)

LEAD, OPERATOR = "a" * 32, "b" * 32
PEOPLE = {LEAD: "Ana Keller", OPERATOR: "Ben Ode"}
START = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
ACTIVITIES = (
    "927d610b-2f2c-4c1a-8a55-0d8b1c3fbe99",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
)
TENANT = "41263d72-4dea-ee11-9048-000d3a341e15"
ENVIRONMENT = "7b2f1c9e-55aa-4e0b-9d3e-2f6a1b0c4d5e"
GATEWAY = (
    'Solution "Center of Excellence - Core Components" failed to import: ImportAsHolding failed with '
    "exception :Error while importing workflow {1edb4715-b85b-ed11-9561-0022480819d7} type ModernFlow "
    'name HELPER - Add User to Security Role: Flow server error returned with status code "BadGateway" '
    'and details "".\nError code: 80097376\nActivity Id: '
)
DLP = GATEWAY.replace(
    "HELPER - Add User to Security Role", "DLP Request | Sync Policy to Dataverse (Child)"
)
LOST = (
    "This operation completed without reporting its status. The end time is unknown and has been set "
    "to the start time. You can safely retry the operation.\nError code: 80072031\nActivity Id: "
)
ANSWERS = {
    "solution": "CenterofExcellenceCoreComponents",
    "environment_name": "Contoso CoE production",
    "environment_url": "https://contoso-coe.crm4.dynamics.com",
    "environment_id": ENVIRONMENT,
    "tenant_id": TENANT,
    "region": "North Europe",
    "environment_type": "production",
    "managed_environment": "yes",
    "is_production": "yes",
    "source_version": "4.50.2",
    "target_version": "4.50.6",
    "package_file": "CenterofExcellenceCoreComponents_4.50.6_managed.zip",
    "package_sha256": "3f1c5d2a9b8e7f60415263748596a7b8c9d0e1f2031425364758697a8b9cadbe",
    "creator_kit_version": "1.0.20241119.01",
    "installed_by": "coe-service@contoso.example",
    "licence": "Power Apps Premium, Power Automate per user",
}
LATER = {
    "test_result": "passed",
    "backup_reference": "CoE before 4.50.6",
    "window_ends": "2026-11-22T06:00",
    "uses_dlp": "no",
}
HANDOVER = {
    "business_impact": "Makers cannot request environments since midnight.",
    "severity": "serious",
    "works_elsewhere": "The same file went into the sandbox yesterday.",
    "contact": "Ana Keller, 8 to 17 h",
    "support_plan": "Unified 4711",
    "decision_needed": "Wait until 04:00, or give the window back?",
    "inventory_method": "cloud-flows",
    "searched_before": "yes",
    "platform_version": "9.2.24114.162",
    "import_job_id": "6a2f4d1e-1111-4222-8333-94c5d6e7f801",
}

Told = tuple[int, ev.Event, str]


@lru_cache(maxsize=4)
def shipped(slug: str = "coe_starter_kit") -> Pack:
    return library.load_packs()[slug]


def began(answers: Mapping[str, str], pack: Pack) -> list[Told]:
    steps = tuple(step.slug for step in pack.runbook.steps)
    started = ev.RunStarted(
        title="Contoso CoE production",
        pack=pack.slug,
        pack_digest=pack.digest,
        runbook_version=1,
        steps=steps,
        time_zone="Europe/Berlin",
    )
    return [
        (0, started, LEAD),
        (0, ev.FactsRecorded(step="facts", answers=dict(answers)), LEAD),
        (1, ev.MemberAdded(member=OPERATOR, role=Role.OPERATOR), LEAD),
    ]


def tried(
    number: int, minute: int, text: str, pack: Pack, *, option: ImportOption = ImportOption.UPGRADE
) -> list[Told]:
    """An attempt that failed 16 minutes after it began, its text diagnosed."""
    whole = text + ACTIVITIES[number - 1]
    reading = diagnose(whole, pack)
    best = reading.diagnoses[0]
    started = ev.AttemptStarted(
        number=number,
        method=Method.MAKER_PORTAL,
        option=option,
        file_name=ANSWERS["package_file"],
        file_version="4.50.6",
    )
    return [
        (minute, started, OPERATOR),
        (minute + 16, ev.AttemptFailed(number=number), OPERATOR),
        (minute + 16, ev.ErrorCaptured(number=number, digest=f"{number}" * 64, size=1), OPERATOR),
        (
            minute + 16,
            ev.DiagnosisMade(
                number=number,
                pack_digest=pack.digest,
                reading=reading,
                disposition=best.disposition,
            ),
            OPERATOR,
        ),
    ]


def seen(minute: int) -> list[Told]:
    """Service health looked at, and the old version alone installed."""
    reading = ev.StateRead(
        step="import",
        state=InstalledState.ROLLED_BACK,
        retry=RetryRule.IF_FAMILY_ALLOWS,
        sighting=Sighting(base=Base.OLD, holding=YesNo.NO, running=YesNo.NO),
        base_version="4.50.2",
    )
    return [
        (minute, reading, OPERATOR),
        (minute + 2, health("import", CheckResult.PASSED, attempt=2), OPERATOR),
    ]


def health(step: str, result: CheckResult, *, note: str = "", attempt: int = 0) -> ev.Event:
    return ev.CheckRecorded(
        step=step, check="service-health", result=result, note=note, attempt=attempt
    )


def whole_story(pack: Pack | None = None, *, text: str = GATEWAY) -> RunReport:
    """Two failures with a wait between them, and everything answered that anybody asks for."""
    pack = pack or shipped()
    asked = {each.slug for step in pack.runbook.steps for each in step.questions}
    told = [
        *began({k: v for k, v in {**ANSWERS, **LATER, **HANDOVER}.items() if k in asked}, pack),
        (3, health("pre-import", CheckResult.PASSED, note="No incident listed"), OPERATOR),
        (
            4,
            ev.CheckRecorded(
                step="pre-import", check="unmanaged-layers", result=CheckResult.PASSED, note=""
            ),
            OPERATOR,
        ),
        *(
            (4, _kept(step, slot), OPERATOR)
            for step, slot in (
                *(("facts", "solution-list"), ("import", "import-log")),
                *(("import", "history-detail"), ("import", "import-notes")),
            )
        ),
        *tried(1, 10, text, pack),
        *seen(30),
        *tried(2, 100, text, pack),
        *seen(120),
        (125, ev.RepairRecorded(text="Stopped the Driver flow"), LEAD),
        (126, ev.NoteAdded(text="Same flow named twice", step="import"), OPERATOR),
        (127, ev.EscalationDrafted(rules=("health-clear-but-failing",)), OPERATOR),
    ]
    return report_of(told, pack, texts={1: text + ACTIVITIES[0], 2: text + ACTIVITIES[1]})


def _kept(step: str, slot: str) -> ev.Event:
    return ev.EvidenceAdded(step=step, slot=slot, digest="c" * 64, size=10)


def short_story(pack: Pack | None = None) -> RunReport:
    """One failure whose text names nothing, and only the facts that a run begins with."""
    pack = pack or shipped()
    text = "Import failed. Something went wrong."
    first = ("solution", "environment_name", "source_version", "target_version")
    told = [
        *began({slug: ANSWERS[slug] for slug in first}, pack),
        (10, ev.AttemptStarted(number=1, method=Method.CLI, option=ImportOption.UPGRADE), OPERATOR),
        (26, ev.AttemptFailed(number=1), OPERATOR),
        (26, ev.ErrorCaptured(number=1, digest="1" * 64, size=len(text)), OPERATOR),
        (
            26,
            ev.DiagnosisMade(
                number=1,
                pack_digest=pack.digest,
                reading=diagnose(text, pack),
                disposition=diagnose(text, pack).diagnoses[0].disposition,
            ),
            OPERATOR,
        ),
    ]
    return report_of(told, pack, texts={1: text})


def report_of(told: Sequence[Told], pack: Pack, *, texts: Mapping[int, str]) -> RunReport:
    """The report of events by minute after the start."""
    recorded = [
        ev.Recorded(
            seq=seq,
            event=event,
            recorded_at=START + timedelta(minutes=minute),
            happened_at=START + timedelta(minutes=minute),
            actor=actor,
        )
        for seq, (minute, event, actor) in enumerate(told, start=1)
    ]
    state = replay(recorded)
    return RunReport(
        run="11111111-1111-4111-8111-111111111111",
        address="https://runbook.example.org/runs/1/report/",
        instance="22222222-2222-4222-8222-222222222222",
        pack=pack,
        state=state,
        standings=standings(state, pack),
        lines=tuple(_line(entry, pack, state) for entry in recorded),
        errors=tuple(
            ErrorText(attempt=each.number, digest=each.error_digest, text=texts.get(each.number))
            for each in state.attempts
            if each.error_digest
        ),
        people=PEOPLE,
        head="f" * 64,
        genesis="0" * 64,
        made_at=START + timedelta(hours=3),
        product_version="0.0.0",
    )


def _line(entry: ev.Recorded, pack: Pack, state: object) -> ReportLine:
    told = present(entry.event, pack=pack, time_zone="Europe/Berlin", state=state, people=PEOPLE)  # type: ignore[arg-type]
    return ReportLine(
        seq=entry.seq,
        event_type=entry.event.type,
        headline=told.headline,
        detail=told.detail,
        actor=PEOPLE[entry.actor],
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        late=False,
        digest="9" * 64,
    )


def with_answers(report: RunReport, **answers: str) -> RunReport:
    state = replace(report.state, answers={**report.state.answers, **answers})
    return replace(report, state=state)


def with_outcome(report: RunReport, outcome: Outcome) -> RunReport:
    last = replace(report.state.attempts[-1], outcome=outcome)
    attempts = (*report.state.attempts[:-1], last)
    return replace(report, state=replace(report.state, attempts=attempts))

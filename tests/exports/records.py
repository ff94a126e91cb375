"""Records to write: one made of values alone, and one stored through the real services."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook import library
from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.conditions import StepResolved
from runbook.domain.decisions.attempts import Plan
from runbook.domain.decisions.times import is_late
from runbook.domain.diagnosis.family import Component, Diagnosis, ErrorFamily, Ids, Reading
from runbook.domain.pack import (
    EscalationRule,
    Lifecycle,
    Maintenance,
    Pack,
    Recipient,
)
from runbook.domain.presenting import present
from runbook.domain.progress import standings
from runbook.domain.readiness import Base, Readiness, ReadinessRow
from runbook.domain.report import ErrorText, ReportLine, RunReport
from runbook.domain.state import replay
from runbook.domain.steps import Check, EvidenceSlot, Gate, Phase, Question, Runbook, Step
from runbook.domain.vocabulary import (
    CheckResult,
    Confidence,
    Disposition,
    ImportOption,
    ImportPhase,
    InstalledState,
    Method,
    Outcome,
    RetryRule,
    Role,
    StepKind,
)
from runbook.exports.format import Handout
from runbook.models import Run, User
from runbook.services import runs
from runbook.services.timeline import Act

LEAD, OPERATOR = "a" * 32, "b" * 32
PEOPLE = {LEAD: "Ana", OPERATOR: "Ben"}
RUN_ID = "11111111-1111-4111-8111-111111111111"
INSTANCE = "22222222-2222-4222-8222-222222222222"
START = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
DIGEST = "e" * 64
ERROR = (
    "Error while importing workflow {1edb4715-b85b-ed11-9561-0022480819d7} type ModernFlow name "
    'HELPER - Add User: Flow server error returned with status code "BadGateway"\n'
    "Activity Id: 0f8fad5b-d9cb-469f-a165-70867728950e\n"
    "```\nfixes #1, thanks @octocat\n```\n</details>\n![seen](https://example.org/x.png)\n"
)

PACK = Pack(
    slug="kettle",
    title="Kettle firmware",
    product="Kettle",
    revision=3,
    verified_on="2026-10-01",
    lifecycle=Lifecycle(
        maintenance=Maintenance.UNMAINTAINED, since="2026-05-07", summary="Nobody mends it now."
    ),
    runbook=Runbook(
        version=1,
        title="Upgrade a kettle",
        phases=(
            Phase(
                slug="prepare",
                title="Prepare",
                steps=(
                    Step(
                        slug="facts",
                        title="Facts of this run",
                        kind=StepKind.FACTS,
                        guide="Read the plate.",
                        done_when="Written down.",
                        questions=(
                            Question(slug="solution", label="Which solution?"),
                            Question(slug="source_version", label="Installed version"),
                            Question(slug="target_version", label="Version in the file"),
                            Question(slug="environment_name", label="Name of the environment"),
                        ),
                    ),
                    Step(
                        slug="look",
                        title="Look around",
                        kind=StepKind.CHECKS,
                        guide="Look at {{ run.environment_name }}.",
                        done_when="All answered.",
                        checks=(
                            Check(slug="health", text="Health of {{ run.environment_name }}"),
                            Check(slug="storage", text="More than 10 % of storage is free"),
                        ),
                        slots=(EvidenceSlot(slug="plate", label="Picture of the plate"),),
                    ),
                ),
            ),
            Phase(
                slug="import",
                title="Import",
                steps=(
                    Step(
                        slug="flash",
                        title="Import",
                        kind=StepKind.IMPORT,
                        guide="Press the button.",
                        done_when="The lamp is green.",
                        gate=(Gate(needs=StepResolved(resolved="facts"), refusal="Facts first."),),
                    ),
                ),
            ),
        ),
    ),
    readiness=Readiness(
        rows=(
            ReadinessRow(
                state=InstalledState.ROLLED_BACK,
                title="Rolled back",
                seen="The old one only.",
                meaning="Nothing came in.",
                retry=RetryRule.IF_FAMILY_ALLOWS,
                do="Wait.",
                never="Delete it.",
                base=(Base.OLD,),
            ),
        ),
        before_retry=(Check(slug="quiet", text="Nothing else is running"),),
        removal_warning="The water will be gone.",
    ),
    families=(
        ErrorFamily(
            slug="busy",
            title="The line was busy",
            revision=2,
            disposition=Disposition.WAIT_AND_RETRY,
            retry_helps="yes",
            summary="Somebody else boils water.",
            explanation="It happens.",
            first_action="Wait.",
        ),
    ),
    sources=(),
    fallback_family="busy",
    unknown_outcome_family="busy",
    not_an_error_family="busy",
    recipients=(Recipient(slug="workshop", title="The workshop", text="Mends.", facts=()),),
    escalation_rules=(EscalationRule(slug="unknown-error", text="Nobody knows this error."),),
)
PACK = replace(PACK, digest=library.digest_of(PACK))

READING = Reading(
    is_import_error=True,
    diagnoses=(
        Diagnosis(
            family="busy",
            revision=2,
            confidence=Confidence.CERTAIN,
            disposition=Disposition.WAIT_AND_RETRY,
            quote="BadGateway",
            reason="The text says BadGateway.",
            matched_by="pattern",
        ),
    ),
    codes=("80097376", "8004F01F"),
    status="BadGateway",
    phase=ImportPhase.HOLDING_IMPORT,
    component=Component(type="ModernFlow", name="HELPER | Add User", id="1edb4715"),
    ids=Ids(activity="0f8fad5b-d9cb-469f-a165-70867728950e"),
)
ANSWERS = {
    "solution": "KettleCore",
    "source_version": "4.50.2",
    "target_version": "4.50.6",
    "environment_name": "Contoso",
}

Told = tuple[int, ev.Event, str]


def failed_run() -> list[Told]:
    """Minutes after the start, event, actor: a run that failed and now waits."""
    return [
        (0, _started(), LEAD),
        (0, ev.FactsRecorded(step="facts", answers=ANSWERS), LEAD),
        (1, ev.MemberAdded(member=OPERATOR, role=Role.OPERATOR), LEAD),
        (2, ev.StepCompleted(step="facts"), LEAD),
        (5, _check("health", CheckResult.PASSED), OPERATOR),
        (6, _check("storage", CheckResult.BY_HAND, note="Looked at the disk"), OPERATOR),
        (7, ev.StepSkipped(step="look", reason="Seen an hour ago"), LEAD),
        (
            10,
            ev.AttemptStarted(
                number=1,
                method=Method.MAKER_PORTAL,
                option=ImportOption.UPGRADE,
                file_name="KettleCore_4_50_6_managed.zip",
                file_version="4.50.6",
            ),
            OPERATOR,
        ),
        (26, ev.AttemptFailed(number=1), OPERATOR),
        (26, ev.ErrorCaptured(number=1, digest=DIGEST, size=len(ERROR)), OPERATOR),
        (
            26,
            ev.DiagnosisMade(
                number=1,
                pack_digest=PACK.digest,
                reading=READING,
                disposition=Disposition.WAIT_AND_RETRY,
            ),
            OPERATOR,
        ),
        (30, ev.NoteAdded(text="Called @octocat about #123", step="flash"), LEAD),
    ]


def _started() -> ev.RunStarted:
    return ev.RunStarted(
        title="Contoso kettle",
        pack=PACK.slug,
        pack_digest=PACK.digest,
        runbook_version=1,
        steps=("facts", "look", "flash"),
        time_zone="Europe/Berlin",
    )


def _check(slug: str, result: CheckResult, *, note: str = "") -> ev.CheckRecorded:
    return ev.CheckRecorded(step="look", check=slug, result=result, note=note)


def handout(
    told: Sequence[Told] = (), *, pack: Pack = PACK, error: str | None = ERROR, late: int = 0
) -> Handout:
    """A handout made of values alone; the newest event is written down `late` minutes after."""
    recorded, links = _chained(told or failed_run(), late=late)
    state = replay(recorded)
    head = links[-1].digest
    report = RunReport(
        run=RUN_ID,
        address="https://runbook.example.org/runs/1/",
        instance=INSTANCE,
        pack=pack,
        state=state,
        standings=standings(state, pack),
        lines=tuple(
            _line(entry, link, state_of=state, pack=pack)
            for entry, link in zip(recorded, links, strict=True)
        ),
        errors=tuple(
            ErrorText(attempt=each.number, digest=each.error_digest, text=error)
            for each in state.attempts
            if each.error_digest
        ),
        people=PEOPLE,
        head=head,
        genesis=_genesis(),
        made_at=START + timedelta(hours=2),
        product_version="0.0.0",
    )
    return Handout(report=report, links=tuple(links))


def _genesis() -> str:
    return chain.genesis(instance=INSTANCE, run=RUN_ID, created=START, plan_digest=PACK.digest)


def _chained(told: Sequence[Told], *, late: int) -> tuple[list[ev.Recorded], list[chain.Link]]:
    recorded: list[ev.Recorded] = []
    links: list[chain.Link] = []
    previous = _genesis()
    for seq, (minute, event, actor) in enumerate(told, start=1):
        happened = START + timedelta(minutes=minute)
        at = happened + timedelta(minutes=late if seq == len(told) else 0, microseconds=seq)
        salt = hashlib.sha256(str(seq).encode()).digest()
        body = chain.canonical(
            {
                "schema": ev.PAYLOAD_SCHEMA,
                "happened_at": chain.format_time(happened),
                "data": ev.to_payload(event),
            }
        )
        header = chain.header_text(
            chain.Header(
                run=RUN_ID,
                seq=seq,
                prev=previous,
                type=event.type,
                at=at,
                at_flag=None,
                actor=actor,
                actor_kind="user",
                run_version=seq,
                payload_commit=chain.commitment(salt, body),
            )
        )
        previous = chain.event_hash(header)
        links.append(chain.Link(seq=seq, header=header, digest=previous, salt=salt, body=body))
        recorded.append(
            ev.Recorded(seq=seq, event=event, recorded_at=at, happened_at=happened, actor=actor)
        )
    return recorded, links


def _line(entry: ev.Recorded, link: chain.Link, *, state_of: Any, pack: Pack) -> ReportLine:
    told = present(entry.event, pack=pack, time_zone="Europe/Berlin", state=state_of, people=PEOPLE)
    return ReportLine(
        seq=entry.seq,
        event_type=entry.event.type,
        headline=told.headline,
        detail=told.detail,
        actor=PEOPLE[entry.actor],
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        late=is_late(entry.happened_at, entry.recorded_at),
        digest=link.digest,
    )


STORED_ANSWERS: Mapping[str, str] = {
    "solution": "CenterofExcellenceCoreComponents",
    "environment_name": "Contoso",
    "environment_url": "https://contoso.crm.dynamics.com",
    "source_version": "4.50.2",
    "target_version": "4.50.6",
}


def stored_run(lead: User, now: datetime, *, title: str = "Contoso", text: str = ERROR) -> Run:
    """A run of somebody who came with a failed import, through the real services."""
    return runs.start_run(
        beginning=runs.Beginning(
            pack="coe_starter_kit",
            title=title,
            time_zone="Europe/Berlin",
            answers=STORED_ANSWERS,
        ),
        report=runs.Report(
            account="It failed at night.",
            plan=Plan(method=Method.MAKER_PORTAL, option=ImportOption.UPGRADE),
            started_at=now - timedelta(minutes=40),
            ended_at=now - timedelta(minutes=20),
            outcome=Outcome.FAILED,
            error_text=text,
        ),
        act=Act(actor=lead.actor_id, now=now),
    )

"""A report for a recipient: one set of pseudonyms over all texts, and nothing left in any of them."""

from dataclasses import replace

import pytest

from runbook.domain import events as ev
from runbook.domain.redaction import Decision, Kind, Profile, Pseudonyms
from runbook.domain.redaction.reports import LEFT, redact_report
from runbook.domain.report import RunReport
from runbook.exports import FORMATS
from tests.exports.records import ANSWERS, LEAD, OPERATOR, PEOPLE, failed_run, handout

TENANT = "41263d72-4dea-ee11-9048-000d3a341e15"
ACTIVITY = "0f8fad5b-d9cb-469f-a165-70867728950e"
ERROR = (
    f"Solution import failed in tenant '{TENANT}' (Fabrikam kettles). Activity Id: {ACTIVITY}\n"
    f"https://fabrikam.crm4.dynamics.com/main.aspx?tid={TENANT}&appid=7\n"
    f"The connection of ana.keller@fabrikam.example is broken; see {{{TENANT}}} and password=lamp-77-x\n"
)
TOLD = [
    *failed_run()[:1],
    (
        0,
        ev.FactsRecorded(
            step="facts",
            answers={
                **ANSWERS,
                "environment_name": "Fabrikam kettles",
                "tenant_id": TENANT,
                "source_version": "4.50.2.10",
            },
        ),
        LEAD,
    ),
    *failed_run()[2:],
    (31, ev.NoteAdded(text=f"Ana wrote to ana.keller@fabrikam.example about {TENANT}"), OPERATOR),
    (32, ev.RunPaused(reason="C:\\Users\\akeller\\x is locked on 10.2.3.4"), LEAD),
]


def golden() -> RunReport:
    return handout(late=9).report


def telling() -> RunReport:
    return handout(TOLD, error=ERROR).report


def written(report: RunReport) -> str:
    """All that a reader of the Markdown sees, without the marks that keep it inert."""
    text = FORMATS["markdown"].render(replace(handout(), report=report)).decode()
    return text.replace("\\", "").replace("\u2060", "")


def test_inside_the_team_the_golden_report_stays_as_it_is() -> None:
    done = redact_report(golden(), Profile.INTERNAL)

    assert done.report == golden()
    assert done.pseudonyms == Pseudonyms()


def test_the_golden_report_for_the_public_names_nobody() -> None:
    text = written(redact_report(golden(), Profile.PUBLIC).report)

    for hidden in ("Contoso", "| Ana |", "| Ben |", "Lead: Ana"):
        assert hidden in written(golden())
        assert hidden not in text
    for kept in (ACTIVITY, "80097376", "4.50.6", "KettleCore", "1edb4715-b85b-ed11", "BadGateway"):
        assert kept in text
    assert "‹person-" in text
    assert "‹environment-" in text
    assert golden().head in text


@pytest.mark.parametrize("profile", [Profile.INTERNAL, Profile.MICROSOFT_SUPPORT, Profile.PARTNER])
def test_whoever_works_with_the_team_sees_its_names(profile: Profile) -> None:
    assert redact_report(golden(), profile).report.people == PEOPLE


HIDDEN = {
    Profile.INTERNAL: ["lamp-77-x"],
    Profile.MICROSOFT_SUPPORT: ["lamp-77-x", "ana.keller", "akeller"],
    Profile.PARTNER: ["lamp-77-x", "ana.keller", "akeller", TENANT],
    Profile.PUBLIC: [
        *(
            "lamp-77-x",
            "ana.keller",
            "akeller",
            TENANT,
            "fabrikam",
            "kettles",
            "10.2.3.4",
            "Ana",
            "Ben",
        )
    ],
}
SHOWN = {
    Profile.INTERNAL: [TENANT, "ana.keller", "fabrikam.crm4", "Fabrikam kettles", "10.2.3.4"],
    Profile.MICROSOFT_SUPPORT: [TENANT, "fabrikam.crm4", "Fabrikam kettles", "10.2.3.4"],
    Profile.PARTNER: ["fabrikam.crm4", "Fabrikam kettles", "Ana", "10.2.3.4"],
    Profile.PUBLIC: [ACTIVITY, "4.50.2.10"],
}


@pytest.mark.parametrize("profile", Profile)
def test_every_text_of_the_report_keeps_to_the_profile(profile: Profile) -> None:
    text = written(redact_report(telling(), profile).report).replace("A: ", "")

    assert [hidden for hidden in HIDDEN[profile] if hidden in text] == []
    assert [shown for shown in SHOWN[profile] if shown not in text] == []
    assert ACTIVITY in text


def test_one_thing_has_one_pseudonym_in_all_texts() -> None:
    done = redact_report(telling(), Profile.PUBLIC)
    tenant = done.report.state.answers["tenant_id"]
    error = done.report.errors[0].text or ""

    assert tenant.startswith("‹tenant-")
    assert f"tenant '{tenant}'" in error
    assert f"see {{{tenant}}}" in error
    assert any(
        tenant in line.detail for line in done.report.lines if line.event_type == "note.added"
    )
    assert [name for kind, name in done.pseudonyms.originals() if kind is Kind.TENANT] == [
        TENANT.replace("-", "")
    ]


def test_redacting_a_report_twice_changes_nothing() -> None:
    once = redact_report(telling(), Profile.PUBLIC)

    assert redact_report(once.report, Profile.PUBLIC).report == once.report
    assert redact_report(telling(), Profile.PUBLIC) == once
    again = redact_report(telling(), Profile.PUBLIC, pseudonyms=once.pseudonyms)
    assert again.report == once.report


def test_what_is_asked_is_listed_and_may_be_decided() -> None:
    asked = redact_report(telling(), Profile.PUBLIC).asked
    kept = redact_report(telling(), Profile.PUBLIC, decisions={"10.2.3.4": Decision.KEEP})

    assert [(each.kind, each.words, each.cut) for each in asked] == [
        (Kind.ADDRESS, "10.2.3.4", True)
    ]
    assert "10.2.3.4" in written(kept.report)
    assert [each.cut for each in kept.asked] == [False]


def test_common_names_tear_no_holes() -> None:
    report = golden()
    answers = {**report.state.answers, "environment_name": "Test"}
    named = replace(
        report,
        state=replace(report.state, answers=answers, ticket="Test of the Test"),
        people={**PEOPLE, LEAD: "Al"},
    )

    done = redact_report(named, Profile.PUBLIC).report

    assert done.state.ticket == "Test of the Test"
    assert done.people[LEAD].startswith("‹person-")


@pytest.mark.parametrize(
    ("title", "stays"),
    [("Fabrikam, the second try", False), ("Test", True), ("Kettle", True), ("", True)],
)
def test_the_title_goes_out_only_where_names_of_environments_do(title: str, stays: bool) -> None:
    """It may name a customer; one that names the product or nothing says nothing of anybody."""
    report = golden()
    named = replace(report, state=replace(report.state, title=title, ticket=f"{title} again"))

    public = redact_report(named, Profile.PUBLIC).report.state
    support = redact_report(named, Profile.MICROSOFT_SUPPORT).report.state

    assert support.title == title
    assert (public.title == title) is stays
    assert ("Fabrikam" in public.ticket) is False


def test_an_erased_text_stays_erased() -> None:
    done = redact_report(handout(error=None).report, Profile.PUBLIC)

    assert done.report.errors[0].text is None


def test_a_field_is_left_alone_only_by_name() -> None:
    """A new field is redacted until somebody says that it holds no words of people."""
    report = telling()
    changed = redact_report(
        replace(report, state=replace(report.state, ticket="for ana@fabrikam.example")),
        Profile.PUBLIC,
    )

    assert "ana@" not in changed.report.state.ticket
    assert "ticket" not in LEFT
    assert changed.report.state.pack == report.state.pack
    assert changed.report.head == report.head

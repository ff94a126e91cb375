"""What must not leave stands in no file for the public, whatever its format (EX-08)."""

from dataclasses import replace

import pytest

from runbook.domain import events as ev
from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import redact_report
from runbook.domain.report import RunReport
from runbook.domain.vocabulary import CheckResult, ImportOption, Method
from runbook.exports import FORMATS
from runbook.exports.format import Format, Handout
from tests.exports.reading import readable, without_blanks
from tests.exports.records import ANSWERS, LEAD, OPERATOR, Told, failed_run, handout

#: What each planted thing looks like in a text, and the part of it that must be gone.
CANARIES = {
    "password=canary-pw-01": "canary-pw-01",
    "client_secret: Ab8Q~canarysecret02canarysecret02canar": "canarysecret02",
    "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjAzfQ.Y2FuYXJ5MDNjYW5hcnkwMw": "eyJjYW5hcnkiOjAzfQ",
    "AccountKey=Q2FuYXJ5MDRDYW5hcnkwNENhbmFyeTA0Q2FuYXJ5MDRDYW5hcnkwNENhbmFyeTA0Q2FuYXJ5MDQ=": "Q2FuYXJ5MDRD",
    "https://prod-05.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig=canarysig05AbCdEf": "canarysig05",
    "api-key: canarykey06canarykey06canarykey06": "canarykey06",
    "pwd=Canary07!": "Canary07",
    "Cookie: session=canarycookie08canarycookie08": "canarycookie08",
    "ana.canary09@fabrikam.example": "canary09",
    "ben.canary10_fabrikam.example#EXT#@contoso.onmicrosoft.com": "canary10",
    "canary11.onmicrosoft.com": "canary11",
    "https://canary12.crm4.dynamics.com/main.aspx": "canary12",
    "https://canary13.sharepoint.com/sites/coe": "canary13",
    "https://canary14-my.sharepoint.com/personal/x": "canary14",
    "C:\\Users\\canary15\\Downloads\\x.zip": "canary15",
    "/home/canary16/x.zip": "canary16",
    "tenant id 11111111-aaaa-4aaa-8aaa-000000000017": "000000000017",
    "environment id: 11111111-aaaa-4aaa-8aaa-000000000018": "000000000018",
    "organization 11111111-aaaa-4aaa-8aaa-000000000019": "000000000019",
    "subscription 11111111-aaaa-4aaa-8aaa-000000000020": "000000000020",
    "Default-11111111-aaaa-4aaa-8aaa-000000000021": "000000000021",
    "https://login.microsoftonline.com/11111111-aaaa-4aaa-8aaa-000000000022/oauth2": "000000000022",
    "a bare 11111111-aaaa-4aaa-8aaa-000000000023 here": "000000000023",
    "user canary24@contoso.onmicrosoft.com": "canary24",
    "the gateway 10.99.88.25 refused": "10.99.88.25",
    "https://make.powerapps.com/environments/11111111-aaaa-4aaa-8aaa-000000000026/home": "000000000026",
    "mail canary27@mail.example": "canary27",
    "Owner canary28@fabrikam.example": "canary28",
    "https://canary29.crm.dynamics.com": "canary29",
    "https://canary30.api.crm4.dynamics.com/api/data/v9.2/": "canary30",
    "ana.canary31@fabrikam.example (late)": "canary31",
    "password: Canary-32-lamp": "Canary-32-lamp",
    "canary33@fabrikam.example": "canary33",
    "https://canary34.crm4.dynamics.com": "canary34",
    "C:\\Users\\canary35\\x": "canary35",
    "tid=11111111-aaaa-4aaa-8aaa-000000000036": "000000000036",
    "canary37@fabrikam.example, ticket": "canary37",
    "password=Canary38canary": "Canary38canary",
    "canary39.sharepoint.com": "canary39",
    "Canaria Vierzig": "Vierzig",
    "Kanari Einundvierzig": "Einundvierzig",
    "Canary Environment 42": "Canary Environment 42",
}
#: Names of people and of the environment are planted where the product keeps them.
_NAMES = ("Canaria Vierzig", "Kanari Einundvierzig", "Canary Environment 42")


def planted() -> Handout:
    """Every canary in the error text, and each in one more place where people type."""
    texts = [text for text in CANARIES if text not in _NAMES]
    here = iter(texts * 2)
    told: list[Told] = [
        (0, replace(_first(), title=f"Run of {next(here)}"), LEAD),
        (0, _facts(next(here)), LEAD),
        *failed_run()[2:6],
        (7, ev.StepSkipped(step="look", reason=next(here)), LEAD),
        (8, _checked(next(here)), OPERATOR),
        (10, _attempt(1, name=next(here), tool=next(here)), OPERATOR),
        *failed_run()[8:11],
        (28, ev.RepairRecorded(text=next(here)), LEAD),
        (29, ev.EscalationSent(recipient="workshop", ticket=next(here)), LEAD),
        (30, _attempt(2, name=next(here), tool=next(here)), OPERATOR),
        (31, ev.AttemptUnknown(number=2, reason=next(here)), OPERATOR),
        (32, ev.RunPaused(reason=next(here)), LEAD),
        *((33, ev.NoteAdded(text=f"{next(here)} told {name}"), LEAD) for name in _NAMES),
        *((34, ev.NoteAdded(text=text), OPERATOR) for text in texts),
        (40, ev.RunAbandoned(reason=next(here)), LEAD),
    ]
    made = handout(told, error="\n".join((*texts, *_NAMES)))
    people = {LEAD: _NAMES[0], OPERATOR: _NAMES[1]}
    lines = tuple(
        replace(line, actor={"Ana": _NAMES[0], "Ben": _NAMES[1]}[line.actor])
        for line in made.report.lines
    )
    return replace(made, report=replace(made.report, people=people, lines=lines))


def _first() -> ev.RunStarted:
    event = failed_run()[0][1]
    assert isinstance(event, ev.RunStarted)
    return event


def _facts(text: str) -> ev.FactsRecorded:
    answers = {**ANSWERS, "environment_name": _NAMES[2], "solution": f"KettleCore {text}"}
    return ev.FactsRecorded(step="facts", answers=answers)


def _checked(text: str) -> ev.CheckRecorded:
    return ev.CheckRecorded(step="look", check="health", result=CheckResult.FAILED, note=text)


def _attempt(number: int, *, name: str, tool: str) -> ev.AttemptStarted:
    return ev.AttemptStarted(
        number=number,
        method=Method.CLI,
        option=ImportOption.UPGRADE,
        file_name=name,
        tool_version=tool,
    )


def public(made: Handout) -> Handout:
    report: RunReport = redact_report(made.report, Profile.PUBLIC).report
    return replace(made, report=report, links=())


def hits(chosen: Format, made: Handout) -> list[str]:
    """The canaries that a reader of the file finds, however the format escapes or breaks them."""
    text = without_blanks(readable(chosen, chosen.render(made)))
    text = text.replace("\\", "").replace("\u2060", "").replace("&#x27;", "'")
    return [secret for secret in CANARIES.values() if without_blanks(secret) in text]


WRITTEN = [each for each in FORMATS.values() if not each.needs_record]


def test_there_are_at_least_forty() -> None:
    assert len(set(CANARIES.values())) >= 40


@pytest.mark.parametrize("chosen", WRITTEN, ids=lambda chosen: chosen.slug)
def test_no_canary_is_in_a_file_for_the_public(chosen: Format) -> None:
    """Also in the JSON, without the stored events: what is left in it comes from the report."""
    assert hits(chosen, public(planted())) == []


@pytest.mark.parametrize(
    "chosen",
    [each for each in WRITTEN if each.slug not in {"ics", "svg"}],
    ids=lambda chosen: chosen.slug,
)
def test_without_redaction_the_canaries_are_seen(chosen: Format) -> None:
    """Negative control. Secrets are cut on every way out, so only the identifiers stay."""
    assert len(hits(chosen, replace(planted(), links=()))) > 20


def test_the_picture_shows_names_that_were_not_redacted() -> None:
    """Negative control for the one format with few words."""
    assert "Vierzig" in hits(FORMATS["svg"], planted())


def test_the_calendar_shows_a_title_that_was_not_redacted() -> None:
    """Negative control for the other one: it has no words of people but the title."""
    title = "Ask ben.canary10_fabrikam.example#EXT#@contoso.onmicrosoft.com"
    made = planted()
    state = replace(made.report.state, title=title)

    assert "canary10" in hits(
        FORMATS["ics"], replace(made, report=replace(made.report, state=state))
    )


def test_what_writes_stored_events_says_so() -> None:
    """Such a format is refused for every profile but the internal one."""
    assert [each.slug for each in WRITTEN if each.verbatim] == ["json"]
    assert (
        "canary09"
        in FORMATS["json"].render(replace(public(planted()), links=planted().links)).decode()
    )

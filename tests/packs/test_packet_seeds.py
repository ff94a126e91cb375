"""What the three help texts and the ticket lists demand of whoever asks for help, item by item.

Each row names where a demand came from, the demand, the recipient and words that must stand in the
packet of a run on which everything was told; a fact goes by the label of its slug.
"""

import pytest

from runbook.domain.pack import Pack, RecipientKind
from runbook.domain.packet import Packet, packet_of, recipient_of
from runbook.domain.packet_case import case_of
from runbook.domain.packet_facts import fact_of
from runbook.domain.packet_finders import FINDERS
from runbook.domain.packet_preview import texts
from tests.domain.packet_cases import ACTIVITIES, DLP, LOST, shipped, whole_story

SUPPORT, TRACKER, REPLY, PARTNER = (
    *("microsoft-support", "vendor-issue-tracker", "requester", "partner"),
)
DEMANDS = [
    # Seed 1: what to give Support, what to add to the report
    ("reply", "reference", SUPPORT, 'Reference: "BadGateway error during solution import"'),
    ("reply", "activity id instead of a client request id", SUPPORT, ACTIVITIES[0]),
    ("reply", "number of attempts", SUPPORT, "Attempts so far: 2 (2 failed)."),
    ("reply", "times of attempts", SUPPORT, "2026-11-22 00:40 UTC"),
    ("reply", "what service health showed", SUPPORT, "No incident listed"),
    ("reply", "patterns observed", SUPPORT, "The same component in each of 2 texts."),
    ("reply", "ask for the result", REPLY, "Please tell us whether the retry worked"),
    ("reply", "ask for attempts, health, patterns", REPLY, "any other text or pattern"),
    ("reply", "not a bug, not the flow, not settings", REPLY, "not a bug in the kit's code"),
    ("reply", "storage", REPLY, "more than 10 % of the database storage is free"),
    ("reply", "do not change file or flows", REPLY, "Do not change the file or a flow"),
    ("reply", "no single components", REPLY, "do not import single components"),
    ("reply", "same file, Upgrade option", REPLY, "the same managed file again with the Upgrade"),
    ("reply", "quiet hours", REPLY, "2 to 6 in the morning, 10 to 12 in the evening"),
    # Seed 2: information to provide
    ("guide", "exact error code", SUPPORT, "80097376"),
    ("guide", "full error message", SUPPORT, "ImportAsHolding failed with exception"),
    ("guide", "source version", SUPPORT, "4.50.2"),
    ("guide", "target version", SUPPORT, "4.50.6"),
    ("guide", "region", SUPPORT, "North Europe"),
    ("guide", "type of environment", SUPPORT, "Production"),
    ("guide", "licence", SUPPORT, "Power Apps Premium"),
    ("guide", "steps tried", SUPPORT, "Stopped the Driver flow"),
    ("guide", "screenshots", SUPPORT, "Pictures of warnings and errors"),
    ("guide", "timeline", SUPPORT, "Attempt 1 failed after 16 min"),
    # Seed 3: the reply
    ("template", "thanks", REPLY, "Thank you for reporting this."),
    ("template", "codes of this run", REPLY, "error 80097376"),
    ("template", "transient", REPLY, "a passing error of the service"),
    (
        "template",
        "service health link",
        REPLY,
        "admin.microsoft.com/Adminportal/Home#/servicehealth",
    ),
    ("template", "wait for an incident", REPLY, "until Microsoft has resolved it"),
    ("template", "wait and retry", REPLY, "wait 10 minutes and import the same managed file"),
    ("template", "off-peak, nothing large", REPLY, "no other large operation in the environment"),
    ("template", "guide", REPLY, "TROUBLESHOOTING-IMPORT-ERRORS.md"),
    ("template", "known issues", REPLY, "KNOWN-ISSUES.md"),
    ("template", "command line: install", REPLY, "pac install latest"),
    ("template", "command line: sign in", REPLY, "pac auth create"),
    ("template", "command line: import", REPLY, "pac solution import --path"),
    ("template", "test first", REPLY, "development or test environment first"),
    ("template", "maintenance window", REPLY, "maintenance window at a quiet hour"),
    ("template", "flows", REPLY, "note which flows were on"),
    ("template", "2 to 4 hours", REPLY, "allow 2 to 4 hours"),
    ("template", "variable values", REPLY, "values of the environment variables"),
    ("template", "health before", REPLY, "service health before you start"),
    ("template", "escalate: 3 to 4 in 24 h", REPLY, "after 3 to 4 attempts within 24 hours"),
    ("template", "escalate: no issue shown", REPLY, "service health shows no issue"),
    ("template", "escalate: only production", REPLY, "succeeds in a test environment and fails"),
    ("template", "setup page", REPLY, "guidance/coe/setup"),
    ("template", "upgrade instructions", REPLY, "guidance/coe/after-setup"),
    ("template", "releases", REPLY, "coe-starter-kit/releases"),
    ("template", "label question", TRACKER, "question, documentation"),
    ("template", "label transient-error", TRACKER, "transient-error"),
    ("template", "label import-upgrade", TRACKER, "import-upgrade"),
    ("template", "wontfix", TRACKER, "wontfix"),
    # The bug form
    ("form", "duplicate", TRACKER, "Does this bug already exist"),
    ("form", "describe", TRACKER, "Describe the issue"),
    ("form", "expected", TRACKER, "Expected behavior"),
    ("form", "solution", TRACKER, "What solution are you"),
    ("form", "version, both", TRACKER, "Installed: 4.50.2. Target: 4.50.6."),
    ("form", "app or flow", TRACKER, "HELPER - Add User to Security Role"),
    ("form", "inventory method", TRACKER, "Cloud flows"),
    ("form", "steps", TRACKER, "Steps to reproduce"),
    ("form", "anything else", TRACKER, "Anything else?"),
    # What the maintainers asked, what the form of Support asks
    ("asked", "solution list", PARTNER, "solution list with the Name column"),
    ("asked", "history detail", PARTNER, "history detail"),
    ("asked", "log file", PARTNER, "Import log file"),
    ("asked", "layers", PARTNER, "Unmanaged layers"),
    ("asked", "install or upgrade", SUPPORT, "not a first installation"),
    ("asked", "severity", SUPPORT, "Serious: work goes on"),
    ("asked", "contact", SUPPORT, "8 to 17 h"),
    ("asked", "plan", SUPPORT, "Unified 4711"),
    ("asked", "impact", SUPPORT, "Makers cannot request environments"),
    ("asked", "works in test", SUPPORT, "It went through"),
    ("asked", "works elsewhere", SUPPORT, "went into the sandbox"),
]
#: The record to keep per attempt, as facts.
RECORD = (
    *("tenant_id", "environment_id", "environment_url", "region", "environment_type"),
    *("managed_environment", "platform_version", "solution", "source_version", "target_version"),
    *("package_file", "package_sha256", "method", "import_option", "attempt_times"),
    *("failed_phase", "error_code", "error_text", "failing_component", "activity_id"),
    *("correlation_id", "client_request_id", "tracking_id", "import_job_id", "async_operation_id"),
    *("installed_state", "service_health", "attempt_count", "actions_taken", "import_log"),
    *("works_in_test", "business_impact", "severity", "backup_reference", "handed_to"),
)
DLP_DEMANDS = (
    '"DLP Request | Sync Policy to Dataverse (Child)"',
    "part of the DLP Impact Analysis feature",
    "you can leave these flows off",
    "The core inventory and the other features work without them",
    "Power Platform for Admins connector",
    "admin permissions",
    "Retry the import by the steps above",
    "guidance/coe/setup-dlp-policies",
)


def words(made: Packet) -> str:
    return "\n".join(texts(made))


def made_for(slug: str, text: str = "") -> str:
    report = whole_story(text=text) if text else whole_story()
    return words(packet_of(report, recipient_of(report.pack, slug)))


@pytest.mark.parametrize(
    ("slug", "demand"), [(d[2], d[3]) for d in DEMANDS], ids=[f"{d[0]}: {d[1]}" for d in DEMANDS]
)
def test_a_demand_is_met(slug: str, demand: str) -> None:
    assert demand in made_for(slug)


def test_what_is_not_in_a_packet_is_not_found() -> None:
    assert "Client Request Id: 0" not in made_for(SUPPORT)
    assert DEMANDS[0][3] not in made_for("internal-lead")


def test_the_other_code_of_the_template_is_explained() -> None:
    assert "Error 80072031" in made_for(REPLY, LOST)


def test_the_part_on_dlp_says_all_that_the_template_says() -> None:
    report = whole_story(text=DLP)
    answers = {k: v for k, v in report.state.answers.items() if k != "uses_dlp"}
    object.__setattr__(report.state, "answers", answers)
    text = words(packet_of(report, recipient_of(report.pack, REPLY)))

    assert [demand for demand in DLP_DEMANDS if demand not in text] == []


@pytest.mark.parametrize("slug", RECORD)
def test_each_field_of_the_record_per_attempt_is_a_fact(slug: str) -> None:
    pack = shipped()
    asked = {question.slug for step in pack.runbook.steps for question in step.questions}
    held = fact_of(case_of(whole_story()), slug)
    named = {fact for to in pack.recipients for p in to.passages for fact in p.facts}

    assert slug in FINDERS or slug in asked or held.is_known
    assert slug in named


@pytest.mark.parametrize(
    "topic",
    [
        *("How long to wait", "Delete the partially imported solution first?"),
        *("May errors of DLP flows be skipped?", "How often waiting helps"),
        *("Which id to give", "Where bugs of the kit go", "Retry at once, or look first?"),
        "When the question counts as answered, and its labels",
    ],
)
def test_where_the_sources_differ_the_house_rule_is_shown(topic: str) -> None:
    found = [d for to in shipped().recipients for d in to.disagreements if d.topic == topic]

    assert len(found) == 1
    assert len(found[0].stances) >= 2
    assert found[0].rule
    assert found[0].reason


@pytest.mark.parametrize(
    "criterion", ["import-confirmed", "errors-resolved", "handed-to-support", "later-try-dated"]
)
def test_the_criteria_for_closing_stand_at_the_end_of_the_runbook(criterion: str) -> None:
    close = shipped().runbook.step("close")

    assert criterion in {check.slug for check in close.checks}


@pytest.mark.parametrize(
    "answer", ["Delete the partially imported", "95%", "5-10 minutes", "open an issue"]
)
def test_the_reply_repeats_no_advice_that_the_house_rejects(answer: str) -> None:
    assert answer.lower() not in made_for(REPLY).lower()


PACKS = [shipped("coe_starter_kit"), shipped("dataverse")]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.slug)
def test_every_fact_of_every_recipient_can_be_captured_and_stands_in_the_packet(pack: Pack) -> None:
    case = case_of(whole_story(pack))
    for to in pack.recipients:
        named = {fact for passage in to.passages for fact in passage.facts}
        said = " ".join(f"{passage.text} {to.subject}" for passage in to.passages)
        for slug in {*to.facts, *named}:
            fact = fact_of(case, slug)
            assert "add it by hand" not in fact.gap, (to.slug, slug)
        lost = [s for s in to.facts if s not in named and f"run.{s} " not in said]
        assert lost == [], to.slug


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.slug)
def test_passages_name_families_branches_and_placeholders_that_exist(pack: Pack) -> None:
    families = {family.slug for family in pack.families}
    branches = {branch.slug for family in pack.families for branch in family.branches}
    for to in pack.recipients:
        for passage in to.passages:
            assert set(passage.families) <= families
            assert passage.branch in {"", *branches}
            assert passage.text == "" or passage.text.strip()


def test_only_an_archived_tracker_takes_nothing() -> None:
    closed = [to for to in shipped().recipients if not to.available]

    assert [(to.slug, to.kind) for to in closed] == [(TRACKER, RecipientKind.TRACKER)]
    assert "archived" in closed[0].text
    assert not [to for to in shipped("dataverse").recipients if to.kind is RecipientKind.TRACKER]

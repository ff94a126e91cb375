"""Packets: each reader gets their words, the facts of the run, and what is missing with its step."""

from dataclasses import replace

import pytest

from runbook.domain.conditions import AnswerIs
from runbook.domain.pack import Passage, Recipient, RecipientKind
from runbook.domain.packet import Packet, default_profile, packet_of, recipient_of
from runbook.domain.packet_case import Case, case_of, label_of
from runbook.domain.packet_facts import fact_of, missing_facts
from runbook.domain.packet_finders import FINDERS, LONGEST_TEXT
from runbook.domain.packet_preview import texts
from runbook.domain.redaction import Profile
from runbook.domain.report import RunReport
from runbook.domain.vocabulary import Outcome
from tests.domain.packet_cases import (
    ACTIVITIES,
    ANSWERS,
    DLP,
    GATEWAY,
    LOST,
    began,
    report_of,
    shipped,
    short_story,
    tried,
    whole_story,
    with_answers,
    with_outcome,
)

SLUGS = ("microsoft-support", "partner", "internal-lead", "vendor-issue-tracker", "requester")


def packet(slug: str, report: RunReport) -> Packet:
    return packet_of(report, recipient_of(report.pack, slug))


def words(made: Packet) -> str:
    return "\n".join(texts(made))


def missing(made: Packet) -> dict[str, str]:
    return {fact.slug: fact.step for fact in made.missing}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_run_on_which_all_was_told_misses_nothing(slug: str) -> None:
    assert missing(packet(slug, whole_story())) == {}


def test_each_gap_names_the_step_that_captures_it() -> None:
    made = packet("microsoft-support", short_story())

    assert missing(made) == {
        "environment_url": "facts",
        "environment_id": "facts",
        "tenant_id": "facts",
        "region": "facts",
        "environment_type": "facts",
        "managed_environment": "facts",
        "licence": "facts",
        "package_file": "facts",
        "package_sha256": "facts",
        "installed_by": "facts",
        "error_code": "import",
        "failing_component": "import",
        "activity_id": "import",
        "import_log": "import",
        "solution_list": "facts",
        "history_detail": "import",
        "installed_state": "import",
        "service_health": "import",
        "unmanaged_layers": "pre-import",
        "works_in_test": "before-you-begin",
        "works_elsewhere": "import",
        "business_impact": "import",
        "severity": "import",
        "contact": "import",
        "support_plan": "import",
        "backup_reference": "backup",
    }
    assert all(fact.gap.endswith(".") for fact in made.missing)


def test_an_id_that_a_text_need_not_carry_is_no_gap() -> None:
    assert "client_request_id" not in missing(packet("microsoft-support", short_story()))
    assert "client_request_id" not in words(packet("microsoft-support", short_story()))


def test_without_an_attempt_the_gap_says_so() -> None:
    report = report_of([], shipped(), texts={})
    made = fact_of(case_of(report), "activity_id")

    assert (made.gap, made.step) == ("“Activity id of the last attempt” has no answer.", "import")
    assert fact_of(case_of(report), "attempt_times").gap == "No attempt is on this record yet."


def test_what_no_text_told_can_be_answered() -> None:
    report = with_answers(short_story(), activity_id=ACTIVITIES[0])

    assert "activity_id" not in missing(packet("microsoft-support", report))
    assert ACTIVITIES[0] in words(packet("microsoft-support", report))


@pytest.mark.parametrize("story", [short_story, whole_story])
@pytest.mark.parametrize("slug", SLUGS)
def test_the_count_on_the_run_page_equals_the_packet(slug: str, story: object) -> None:
    report = story()  # type: ignore[operator]
    to = recipient_of(report.pack, slug)
    light = missing_facts(report.state, report.pack, recipient=to)

    assert [fact.slug for fact in light] == [fact.slug for fact in packet_of(report, to).missing]


def test_support_reads_a_failure_of_the_platform_and_not_of_the_product() -> None:
    made = packet("microsoft-support", whole_story())
    text = words(made)

    assert made.title == (
        "Dataverse managed solution import failure: "
        "CenterofExcellenceCoreComponents 4.50.2 to 4.50.6 (80097376)"
    )
    assert text.count("not a first installation") == 1
    assert 'Reference: "BadGateway error during solution import".' in text
    for activity in ACTIVITIES:
        assert activity in text
    assert "The same component in each of 2 texts." in text


def test_attempts_stand_with_times_in_utc_and_local_and_the_wait() -> None:
    table = fact_of(case_of(whole_story()), "attempt_times").table

    assert table is not None
    assert table.heads[:5] == ("No.", "Started UTC", "Ended UTC", "Started local", "Ended local")
    assert table.rows[1][:7] == (
        *("2", "2026-11-22 02:10 UTC", "2026-11-22 02:26 UTC"),
        *("2026-11-22 03:10 CET", "2026-11-22 03:26 CET", "16 min", "1 h 14 min"),
    )


def test_every_look_at_service_health_is_told() -> None:
    seen = fact_of(case_of(whole_story()), "service_health").values

    assert [value.text[:20] for value in seen] == [
        *("2026-11-22 00:33 UTC", "2026-11-22 01:02 UTC", "2026-11-22 02:32 UTC")
    ]
    assert seen[0].text.endswith("found in order. No incident listed")


def test_without_the_timeline_the_last_looks_are_told() -> None:
    report = replace(whole_story(), lines=())

    assert len(fact_of(case_of(report), "service_health").values) == 2


def test_a_state_read_before_the_last_attempt_is_told_and_missing() -> None:
    report = whole_story()
    seen = report.state.last_reading
    assert seen is not None
    stale = replace(
        report, state=replace(report.state, last_reading=replace(seen, after_attempt=1))
    )
    fact = fact_of(case_of(stale), "installed_state")

    assert fact.is_known
    assert fact.gap == "Nobody read what is installed since attempt 2."


def test_the_lead_gets_no_error_text() -> None:
    text = words(packet("internal-lead", whole_story()))

    assert "importing workflow" not in text
    assert "The window ends: 2026-11-22 05:00 UTC (2026-11-22 06:00 CET)." in text
    assert "Wait until 04:00, or give the window back?" in text


def test_a_line_without_its_value_is_left_out() -> None:
    text = words(packet("internal-lead", short_story()))

    assert "The window ends" not in text
    assert "{{" not in text


def test_the_reply_is_about_this_failure() -> None:
    text = words(packet("requester", whole_story()))

    assert "Error 80097376 (BadGateway, HTTP 502)" in text
    assert "80072031" not in text
    assert "DLP" not in text


def test_the_reply_on_a_lost_status_asks_for_the_state_first() -> None:
    text = words(packet("requester", whole_story(text=LOST)))

    assert "Error 80072031 (operation status unknown)" in text
    assert "BadGateway, HTTP 502" not in text


def test_the_reply_explains_each_kind_of_failure_that_was_met() -> None:
    pack = shipped()
    told = [*began(ANSWERS, pack), *tried(1, 10, GATEWAY, pack), *tried(2, 100, LOST, pack)]
    text = words(packet("requester", report_of(told, pack, texts={})))

    assert "What the import answered: error 80097376, 80072031." in text
    assert "Error 80097376 (BadGateway, HTTP 502)" in text
    assert "Error 80072031 (operation status unknown)" in text


NOT_USED, USED = "you can leave these flows off", "If you do plan to use DLP features:"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [("no", (True, False)), ("yes", (False, True)), ("", (True, True))],
)
def test_the_reply_has_a_part_on_dlp_if_the_text_names_such_a_flow(
    answer: str, shown: tuple[bool, bool]
) -> None:
    report = whole_story(text=DLP)
    answers = {k: v for k, v in report.state.answers.items() if k != "uses_dlp"}
    answers |= {"uses_dlp": answer} if answer else {}
    text = words(packet("requester", replace(report, state=replace(report.state, answers=answers))))

    assert "DLP Impact Analysis" in text
    assert "cannot be skipped during the import" in text
    assert (NOT_USED in text, USED in text) == shown


def test_the_reply_has_that_part_too_if_the_answers_say_so() -> None:
    report = with_answers(whole_story(), uses_dlp="yes")

    assert USED in words(packet("requester", report))


def test_a_run_that_stands_on_no_failure_says_none() -> None:
    made = packet("microsoft-support", with_outcome(whole_story(), Outcome.SUCCEEDED))

    assert made.title == "Microsoft Power Platform CoE Starter Kit: Contoso CoE production"
    assert "failure" not in made.title
    assert "does not complete" not in words(made)


def test_a_pack_that_says_only_which_facts_are_needed_still_gives_a_packet() -> None:
    """Runs that began before packets were worded keep the pack of their day."""
    plain = Recipient(
        slug="old", title="Old", text="", facts=("solution", "severity", "error_text", "mood")
    )
    made = packet_of(whole_story(), plain)

    assert [section.title for section in made.sections] == [
        *("Facts", "What the platform answered", "Attempts")
    ]
    assert [fact.gap for fact in made.missing] == [
        "Nothing on this run captures it; add it by hand."
    ]
    assert default_profile(plain) is Profile.PUBLIC


def test_each_kind_of_reader_has_its_profile() -> None:
    pack = shipped()

    assert {slug: default_profile(recipient_of(pack, slug)).value for slug in SLUGS} == {
        "microsoft-support": "microsoft-support",
        "partner": "partner",
        "internal-lead": "internal",
        "vendor-issue-tracker": "public",
        "requester": "public",
    }


def test_an_unknown_recipient_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        recipient_of(shipped(), "moon")


def test_a_passage_is_shown_only_if_all_holds() -> None:
    def shown(**more: object) -> bool:
        passage = Passage(title="T", text="Words.", **more)  # type: ignore[arg-type]
        to = Recipient(slug="x", title="X", text="", facts=(), passages=(passage,))
        return bool(packet_of(whole_story(), to).sections)

    assert shown(failing=True, families=("transient-gateway",))
    assert not shown(families=("sql-error",))
    assert not shown(branch="dlp-flow")
    assert not shown(branch="no-such-branch")
    assert not shown(condition=AnswerIs(answer="uses_dlp", equals="yes"))
    assert shown(condition=AnswerIs(answer="never_asked", equals="yes"))


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    report = whole_story()
    long = replace(report.errors[-1], text="x" * (LONGEST_TEXT + 7))
    fact = fact_of(case_of(replace(report, errors=(long,))), "error_text")

    assert fact.text.endswith("x\n[7 more characters are on the record]")


def test_an_erased_text_is_missing_and_a_failure_without_one_is_told() -> None:
    report = whole_story()
    erased = replace(report, errors=tuple(replace(e, text=None) for e in report.errors))
    silent = replace(report.state.attempts[0], error_digest="", no_text=True)
    state = replace(report.state, attempts=(silent,))

    assert fact_of(case_of(erased), "error_text").gap == "The error text was erased."
    assert fact_of(Case(state=state, pack=report.pack), "error_text").words == (
        "No error text was shown."
    )


def test_equal_reports_give_equal_packets() -> None:
    assert packet("partner", whole_story()) == packet("partner", whole_story())


def test_slugs_read_as_words() -> None:
    assert label_of("activity_id") == "Activity id"
    assert label_of("package_sha256") == "Package SHA-256"


def test_every_finder_answers_on_an_empty_run() -> None:
    case = case_of(report_of([], shipped(), texts={}))

    assert all(isinstance(fact_of(case, slug).gap, str) for slug in FINDERS)


def test_only_a_kind_that_the_schema_knows_is_taken() -> None:
    assert {r.kind for r in shipped().recipients} == set(RecipientKind) - {RecipientKind.OTHER}

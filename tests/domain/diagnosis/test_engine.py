"""The engine ranks by belief: lost answers, decisive words, own codes, shared codes, nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbook.domain.diagnosis.as_json import as_json
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.family import Diagnosis, ErrorFamily
from runbook.domain.pack import Pack
from runbook.domain.vocabulary import Confidence, Disposition, ImportPhase
from runbook.library import load_packs

PACKS = Path(__file__).parents[2] / "packs"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_packs(PACKS)["fixture_pack"]


def best(text: str, pack: Pack) -> Diagnosis:
    return diagnose(text, pack).diagnoses[0]


def test_decisive_words_and_an_agreeing_code_are_certain(pack: Pack) -> None:
    found = best("Import failed.\nValve blocked by chalk.\nError code: 0x80040001", pack)

    assert (found.family, found.confidence) == ("bad-water", Confidence.CERTAIN)
    assert found.matched_by == "text and code"
    assert found.quote == "Valve blocked by chalk."
    assert found.reason == "The text says “Valve blocked by chalk”, and the code 80040001 agrees."


def test_decisive_words_win_over_a_code_of_another_family(pack: Pack) -> None:
    assert best("80040002: valve blocked by chalk", pack).family == "bad-water"


def test_words_are_found_across_lines_quotes_and_case(pack: Pack) -> None:
    found = best("firmware REFUSED because\r\n  water is\u00a0boiling", pack)

    assert found.family == "busy"
    assert found.quote == "firmware REFUSED because\nwater is\u00a0boiling"


def test_long_decisive_words_alone_are_certain_and_short_ones_likely(pack: Pack) -> None:
    long_words = best("firmware refused because water is boiling", pack)
    short_words = best("valve blocked by chalk", pack)

    assert (long_words.confidence, short_words.confidence) == (
        Confidence.CERTAIN,
        Confidence.LIKELY,
    )


def test_two_families_with_decisive_words_take_each_others_certainty(pack: Pack) -> None:
    text = (
        "hardness 40 is above the limit of the firmware; firmware refused because water is boiling"
    )

    found = diagnose(text, pack).diagnoses

    assert {diagnosis.family for diagnosis in found} == {"busy", "bad-water"}
    assert {diagnosis.confidence for diagnosis in found} == {Confidence.LIKELY}


def test_what_waiting_cannot_cure_comes_before_what_it_may(pack: Pack) -> None:
    text = "firmware refused because water is boiling; then: valve blocked by chalk"

    assert best(text, pack).family == "bad-water"


def test_a_lost_answer_comes_before_everything_else(pack: Pack) -> None:
    text = "firmware refused because water is boiling, then the kettle did not answer in time"

    assert best(text, pack).disposition is Disposition.CHECK_STATE_FIRST


def test_a_code_that_one_family_knows_is_likely(pack: Pack) -> None:
    found = best("Error code 0x80040002", pack)

    assert (found.family, found.confidence, found.matched_by) == (
        "busy",
        Confidence.LIKELY,
        "code",
    )
    assert found.quote == "Error code 0x80040002"


def test_a_code_that_several_families_share_is_no_reason_to_guess(pack: Pack) -> None:
    reading = diagnose("Import failed with code 0x80040001", pack)

    assert reading.diagnoses[0].family == "unknown"
    assert reading.diagnoses[0].confidence is Confidence.UNKNOWN
    assert {found.family for found in reading.diagnoses[1:]} == {"busy", "bad-water"}
    assert {found.confidence for found in reading.diagnoses[1:]} == {Confidence.POSSIBLE}


def test_supporting_words_tell_families_with_a_shared_code_apart(pack: Pack) -> None:
    found = best("Import failed with 0x80040001 near the chalk", pack)

    assert (found.family, found.confidence) == ("bad-water", Confidence.POSSIBLE)


def test_supporting_words_alone_do_not_make_a_failed_import(pack: Pack) -> None:
    assert not diagnose("The chalk cliffs are white.", pack).is_import_error


@pytest.mark.parametrize(
    ("prefix", "family", "phase"),
    [
        ("ImportAsHolding failed: ", "busy", ImportPhase.HOLDING_IMPORT),
        ("action failed after import as holding: ", "bad-water", ImportPhase.APPLY_UPGRADE),
    ],
)
def test_the_part_of_the_import_decides_what_the_same_words_mean(
    prefix: str, family: str, phase: ImportPhase, pack: Pack
) -> None:
    reading = diagnose(f"{prefix}valve answered with Steam", pack)

    assert (reading.diagnoses[0].family, reading.phase) == (family, phase)


def test_without_a_known_part_both_meanings_are_only_possible(pack: Pack) -> None:
    found = diagnose("Import failed: valve answered with Steam", pack).diagnoses

    assert found[0].family == "unknown"
    assert {entry.family for entry in found[1:]} == {"busy", "bad-water"}
    assert {entry.confidence for entry in found[1:]} == {Confidence.POSSIBLE}


@pytest.mark.parametrize(
    "text",
    [
        "Error while importing workflow type ModernFlow name Valve blocked by chalk: "
        "Flow server error returned",
        "Solution “Valve blocked by chalk” failed to import: no detail",
    ],
)
def test_the_name_of_a_flow_or_a_solution_is_no_reason(text: str, pack: Pack) -> None:
    assert "bad-water" not in {found.family for found in diagnose(text, pack).diagnoses}


def test_words_that_must_not_stand_there_withdraw_a_signature(pack: Pack) -> None:
    text = "Import failed: hardness 40 is above the limit of the firmware"

    assert best(text, pack).family == "bad-water"
    assert best(f"{text} (demo mode)", pack).family == "unknown"


def test_a_failed_import_without_a_known_reason_is_unknown_and_says_so(pack: Pack) -> None:
    found = best("Import failed. Something unheard of.", pack)

    assert (found.family, found.confidence) == ("unknown", Confidence.UNKNOWN)
    assert "no reason that is known here" in found.reason


@pytest.mark.parametrize("text", ["", "  \n ", "Tea is ready.", "firmware imported successfully"])
def test_what_is_no_failed_import_is_refused(text: str, pack: Pack) -> None:
    reading = diagnose(text, pack)

    assert not reading.is_import_error
    assert [found.family for found in reading.diagnoses] == ["not-an-import-error"]


def test_a_known_code_that_no_family_claims_is_a_failure_of_unknown_kind(pack: Pack) -> None:
    rest = tuple(replace(family, codes=()) for family in pack.families)
    without = replace(pack, families=rest, digest="")

    assert best("Error 80040002", without).family == "unknown"
    assert best("the tea party of 80040002 guests was a great success", without).family == (
        "not-an-import-error"
    )


def test_the_innermost_code_is_the_one_that_is_named(pack: Pack) -> None:
    found = best("0x80040001 outside, 0x80040002 inside", pack)

    assert found.family == "busy"
    assert "80040002" in found.reason


def test_a_very_long_text_is_read_in_part_and_the_reason_says_so(pack: Pack) -> None:
    text = "Import failed: valve blocked by chalk" + "\nnoise" * 300_000

    assert best(text, pack).reason.endswith("only the beginning and the end were read.")


def test_no_family_name_is_known_to_the_engine(pack: Pack) -> None:
    def renamed(family: ErrorFamily) -> ErrorFamily:
        return replace(family, slug=f"x-{family.slug}")

    other = replace(
        pack,
        families=tuple(renamed(family) for family in pack.families),
        fallback_family="x-unknown",
        not_an_error_family="x-not-an-import-error",
        digest="",
    )

    assert best("Import failed. Something unheard of.", other).family == "x-unknown"
    assert best("Tea is ready.", other).family == "x-not-an-import-error"


def test_the_answer_for_programs_keeps_its_shape(pack: Pack) -> None:
    answer = as_json(diagnose("Import failed: valve blocked by chalk", pack))

    assert answer == {
        "is_import_error": True,
        "families": [
            {
                "slug": "bad-water",
                "confidence": "likely",
                "disposition": "fix-component",
                "quote": "Import failed: valve blocked by chalk",
                "reason": "The text says “valve blocked by chalk”.",
                "matched_by": "text",
            }
        ],
        "codes": [],
        "status": None,
        "phase": None,
        "component": {"type": None, "name": None, "id": None},
        "ids": {
            "activity": None,
            "correlation": None,
            "client_request": None,
            "tracking": None,
            "async_operation": None,
        },
        "versions": [],
    }

"""Lists of failure texts that were each written before the signatures had seen them.

What was right on the first look, before anything was changed: list 1 172 of 233, list 2 144 of 177,
list 3 118 of 136, list 4 109 of 122, list 5 90 of 92, list 6 85 of 87; beside imports 60 of 66. No
answer was unsafe on any first look. The signatures were made more general after each list, so only the next one
told how they do on texts they do not know.
"""

import pytest

from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.measure import measure
from runbook.domain.vocabulary import Disposition
from runbook.library import packs
from tests.packs import wordings

RIGHT = 0.95


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5", "6"])
def test_nearly_all_of_a_list_are_taken_for_their_family(number: str) -> None:
    measured = measure(wordings.blind(number), packs()["coe_starter_kit"])
    hit, of = measured.total

    assert hit / of >= RIGHT, measured.misses


def test_texts_beside_an_import_are_told_apart_from_failed_imports() -> None:
    assert measure(wordings.beside_imports(), packs()["coe_starter_kit"]).misses == ()


@pytest.mark.parametrize("slug", sorted(packs()))
def test_every_text_that_reports_no_failed_import_is_rejected(slug: str) -> None:
    pack = packs()[slug]
    beside = [text for text in wordings.every() if text.family == pack.not_an_error_family]

    assert beside
    assert [text.raw for text in beside if diagnose(text.raw, pack).is_import_error] == []


@pytest.mark.parametrize("slug", sorted(packs()))
def test_no_text_that_reports_a_failed_import_is_rejected(slug: str) -> None:
    pack = packs()[slug]
    failed = [text for text in wordings.every() if text.family != pack.not_an_error_family]

    assert [text.raw for text in failed if not diagnose(text.raw, pack).is_import_error] == []


@pytest.mark.parametrize("slug", sorted(packs()))
def test_no_text_that_reports_no_failed_import_is_told_to_wait_and_retry(slug: str) -> None:
    pack = packs()[slug]
    beside = [text for text in wordings.every() if text.family == pack.not_an_error_family]
    told = [
        text.raw
        for text in beside
        if diagnose(text.raw, pack).diagnoses[0].disposition is Disposition.WAIT_AND_RETRY
    ]

    assert beside
    assert told == []


@pytest.mark.parametrize("slug", sorted(packs()))
def test_no_answer_is_unsafe_in_any_list_or_family(slug: str) -> None:
    pack = packs()[slug]
    own = [
        wordings.Labelled(id=text[:60], raw=text, family=family.slug)
        for family in pack.families
        for text in family.samples
    ]

    assert measure([*wordings.every(), *own], pack).unsafe == ()


@pytest.mark.parametrize("slug", sorted(packs()))
def test_no_advice_offers_to_delete_the_base_solution(slug: str) -> None:
    for family in packs()[slug].families:
        for text in (family.first_action, *(remedy.text for remedy in family.remedies)):
            for sentence in text.replace("\n", " ").split(". "):
                words = sentence.lower()
                if "delet" in words or "uninstall" in words:
                    assert "base solution" not in words or "still listed" in words, sentence

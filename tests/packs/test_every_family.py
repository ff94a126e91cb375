"""Every family of every pack: it names its sources, says what to do, and knows its own samples."""

from functools import cache

import pytest

from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.pack import Pack
from runbook.domain.vocabulary import Disposition
from runbook.library import packs

FAMILIES = [
    pytest.param(pack, family, id=f"{pack.slug}:{family.slug}")
    for pack in packs().values()
    for family in pack.families
]
EACH = pytest.mark.parametrize(("pack", "family"), FAMILIES)


@cache
def best(pack_slug: str, text: str) -> str:
    return diagnose(text, packs()[pack_slug]).diagnoses[0].family


@EACH
def test_each_sample_is_taken_for_its_family(pack: Pack, family: ErrorFamily) -> None:
    assert family.samples
    assert {best(pack.slug, text) for text in family.samples} == {family.slug}


@EACH
def test_no_near_miss_is_taken_for_the_family(pack: Pack, family: ErrorFamily) -> None:
    assert family.near_misses
    assert family.slug not in {best(pack.slug, text) for text in family.near_misses}


@EACH
def test_each_sample_survives_other_quotes_and_line_breaks(pack: Pack, family: ErrorFamily) -> None:
    for text in family.samples:
        quoted = text.replace('"', "“").replace("'", "\u2019")
        wrapped = text.replace(" ", "\r\n", 3)

        assert best(pack.slug, quoted) == family.slug
        assert best(pack.slug, wrapped) == family.slug


@EACH
def test_each_quote_stands_in_the_text_it_is_taken_from(pack: Pack, family: ErrorFamily) -> None:
    for text in family.samples:
        lines = [line.strip() for line in text.splitlines()]
        for found in diagnose(text, pack).diagnoses:
            assert all(any(quoted in line for line in lines) for quoted in found.quote.split("\n"))


@EACH
def test_the_family_says_what_to_do_and_where_that_comes_from(
    pack: Pack, family: ErrorFamily
) -> None:
    assert family.first_action.strip()
    assert family.remedies or family.slug == pack.not_an_error_family
    assert family.citations
    assert all(pack.source(citation.source).date for citation in family.citations)


@EACH
def test_a_ladder_stands_only_where_a_retry_can_help(pack: Pack, family: ErrorFamily) -> None:
    if family.disposition is Disposition.WAIT_AND_RETRY:
        assert family.ladder is not None

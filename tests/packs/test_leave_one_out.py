"""No signature is made for one text alone: each text is found by what others of its kind share.

Every text is looked at without the signatures that match it and nothing else. Names, ids and
versions do not belong into a signature at all.
"""

from collections import defaultdict
from dataclasses import replace
from functools import cache

import pytest

from runbook.domain.diagnosis.codes import codes_in
from runbook.domain.diagnosis.component import without_names
from runbook.domain.diagnosis.extract import phase_in
from runbook.domain.diagnosis.family import ErrorFamily
from runbook.domain.diagnosis.matching import Signatures
from runbook.domain.diagnosis.measure import Labelled, measure
from runbook.domain.diagnosis.normal import normalise
from runbook.domain.pack import Pack
from runbook.domain.patterns import Pattern
from runbook.library import packs
from tests.packs import wordings

PACK = "dataverse"

# Names that occur in the texts we were given or wrote: they must not have got into a signature.
NAMES = (
    "contoso",
    "fabrikam",
    "tailspin",
    "adatum",
    "northwind",
    "woodgrove",
    "litware",
    "admin_",
    "cat_",
    "pm_",
    "sprk",
    "cwx_",
    "mnit_",
    "msdyn_",
    "msdynce",
    "Fenergo",
    "AdaptableControls",
    "CorrectTaxOutcome",
    "CreatorKit",
    "CenterofExcellence",
    "powerbimashup",
    "PP-Admin",
    "Abandoned",
    "StatusDiario",
    "MyPatchTesting",
    "DVerseCore",
    "Supply",
)


def samples(pack: Pack) -> list[Labelled]:
    return [
        Labelled(id=f"{family.slug} {number}", raw=text, family=family.slug)
        for family in pack.families
        for number, text in enumerate(family.samples, start=1)
    ]


@cache
def standing() -> dict[tuple[str, int], frozenset[str]]:
    """For each signature the texts of its own family that it stands in."""
    pack = packs()[PACK]
    single = tuple(
        replace(family, slug=f"{family.slug} {number}", signatures=(signature,), codes=())
        for family in pack.families
        for number, signature in enumerate(family.signatures)
    )
    signatures = Signatures(replace(pack, families=single, digest=""))
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for text in (*samples(pack), *wordings.every()):
        form = normalise(text.raw).text
        evidence = signatures.evidence(without_names(form), codes=(), phase=phase_in(form))
        for entry in evidence:
            slug, number = entry.family.slug.rsplit(" ", 1)
            if slug == text.family:
                found[slug, int(number)].add(text.raw)
    return {key: frozenset(texts) for key, texts in found.items()}


@cache
def shared_only() -> Pack:
    """The pack without the signatures that stand in one text alone."""
    pack = packs()[PACK]
    families = tuple(
        replace(
            family,
            signatures=tuple(
                signature
                for number, signature in enumerate(family.signatures)
                if len(standing().get((family.slug, number), ())) != 1
            ),
        )
        for family in pack.families
    )
    return replace(pack, families=families, digest="")


@pytest.mark.parametrize("text", samples(packs()[PACK]), ids=lambda text: text.id)
def test_a_sample_is_met_by_a_signature_or_code_that_others_share(text: Labelled) -> None:
    family = next(family for family in packs()[PACK].families if family.slug == text.family)
    shared = [
        texts
        for (slug, _), texts in standing().items()
        if slug == text.family and text.raw in texts and len(texts) > 1
    ]

    assert shared or set(codes_in(normalise(text.raw).text)) & set(family.codes)


def test_every_sample_is_still_found_without_the_signatures_of_a_single_text() -> None:
    measured = measure(samples(packs()[PACK]), shared_only())

    assert measured.misses == ()
    assert measured.unsafe == ()


def test_nearly_all_other_texts_are_still_found_without_them() -> None:
    measured = measure(wordings.every(), shared_only())
    hit, of = measured.total

    assert hit / of >= 0.93, measured.misses
    assert measured.unsafe == ()


GUID_OR_VERSION = Pattern(r"[0-9a-f]{8}-[0-9a-f]{4}|\b[0-9]+\.[0-9]+\.[0-9]+|\bv[0-9]+\.[0-9]+")


@pytest.mark.parametrize("family", packs()[PACK].families, ids=lambda family: family.slug)
def test_no_signature_holds_a_name_an_id_or_a_version(family: ErrorFamily) -> None:
    words = [
        word
        for signature in family.signatures
        for word in (signature.fragment, signature.pattern, *signature.also, *signature.unless)
    ]

    assert [word for word in words if GUID_OR_VERSION.search(word)] == []
    assert [
        word for word in words if any(name.casefold() in word.casefold() for name in NAMES)
    ] == []

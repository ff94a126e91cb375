"""Redacting twice changes nothing, and neither order nor chance has a say (RD-03)."""

import os
import random
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.domain.redaction import Profile, Pseudonyms, mask, redact, redacting
from runbook.domain.redaction.finding import finds_nothing, shows_nothing
from runbook.domain.redaction.identifiers import RULES
from runbook.domain.redaction.profiles import Kind
from runbook.domain.redaction.rule import Rule
from runbook.domain.redaction.shadow import Edit, decoded, plain, unwrapped
from tests.domain.redaction.corpus import identifiers, must_survive
from tests.domain.redaction.disguises import WHOLE, WRAPS

CASES = int(os.environ.get("REDACTION_CASES", "150"))
PIECES = [item.text for item in (*identifiers(), *must_survive())]
SIGNS = st.text(alphabet="ab1.-_@:/\\\"'<>{}()=?&%#;,| \n\r\t‹›\u200bé", max_size=6)
PIECE = st.one_of(
    st.sampled_from(PIECES),
    st.tuples(st.sampled_from(PIECES), st.sampled_from([*WHOLE.values(), *WRAPS.values()])).map(
        lambda pair: pair[1](pair[0]) if pair[0].split() else pair[0]
    ),
    st.tuples(st.sampled_from(PIECES), st.integers(0, 60), st.integers(0, 60)).map(
        lambda cut: cut[0][cut[1] : len(cut[0]) - cut[2]]
    ),
    SIGNS,
    st.sampled_from(
        ["‹tenant-1›", "‹secret:token›", "Tenant ID: ", "activity id ", "password=", '"']
    ),
)
TEXTS = st.lists(PIECE, max_size=7).map("".join)


@settings(max_examples=CASES)
@given(text=TEXTS, profile=st.sampled_from(Profile))
def test_redacting_twice_changes_nothing(text: str, profile: Profile) -> None:
    """RD-03: f(f(x)) = f(x)."""
    once = redact(text, profile)

    assert redact(once.text, profile, pseudonyms=once.pseudonyms).text == once.text
    assert redact(once.text, profile).text == once.text


@settings(max_examples=CASES)
@given(text=TEXTS, profile=st.sampled_from(Profile))
def test_the_same_text_gives_the_same_result(text: str, profile: Profile) -> None:
    """RD-03: deterministic."""
    assert redact(text, profile) == redact(text, profile)


@settings(max_examples=CASES // 5)
@given(text=TEXTS, seed=st.integers(0, 9))
def test_the_order_of_the_rules_has_no_say(text: str, seed: int) -> None:
    """RD-03: order-independent."""
    module = "runbook.domain.redaction.redacting.RULES"
    with pytest.MonkeyPatch.context() as patch:
        expected = redact(text, Profile.PUBLIC)
        patch.setattr(module, SHUFFLED[seed])

        assert redact(text, Profile.PUBLIC) == expected


def _shuffled(seed: int) -> tuple[Rule, ...]:
    rules = list(RULES)
    random.Random(seed).shuffle(rules)  # noqa: S311 - no secret
    return tuple(rules)


SHUFFLED = [_shuffled(seed) for seed in range(10)]


@settings(max_examples=CASES // 2)
@given(first=TEXTS, second=TEXTS)
def test_the_order_of_the_texts_changes_numbers_only(first: str, second: str) -> None:
    """RD-03: the same things go, and once all are known the texts are the same."""
    ab = redact(second, Profile.PUBLIC, pseudonyms=redact(first, Profile.PUBLIC).pseudonyms)
    again = redact(first, Profile.PUBLIC, pseudonyms=ab.pseudonyms)

    assert redact(second, Profile.PUBLIC, pseudonyms=again.pseudonyms).text == (
        redact(
            second,
            Profile.PUBLIC,
            pseudonyms=redact(first, Profile.PUBLIC, pseudonyms=again.pseudonyms).pseudonyms,
        ).text
    )


@settings(max_examples=CASES)
@given(text=TEXTS)
def test_cuts_stand_where_they_say(text: str) -> None:
    """What lies between the cuts is the original, sign by sign."""
    done = redact(text, Profile.PUBLIC)
    cut = [each for each in done.cuts if each.cut]
    rest, place = done.text, 0
    for each in cut:
        assert place <= each.start < each.end <= len(text)
        kept = text[place : each.start]
        assert rest.startswith(kept)
        rest = rest[len(kept) :]
        assert rest.startswith("‹")
        rest = rest[rest.index("›") + 1 :]
        place = each.end

    assert rest == text[place:]


@given(text=TEXTS)
def test_every_place_of_a_shadow_leads_back(text: str) -> None:
    shadow = decoded(plain(text))
    for read in [shadow, *(each for each, _ in unwrapped(shadow))]:
        places = [read.origin(place, place + 1) for place in range(len(read.text))]
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert all(a[0] <= b[0] for a, b in pairwise(places))


def test_edits_upon_edits_keep_the_way_back() -> None:
    once = plain("a&amp;#64;b").edited([Edit(start=1, end=6, new="&")])
    twice = once.edited([Edit(start=1, end=6, new="@")])

    assert (once.text, twice.text) == ("a&#64;b", "a@b")
    assert [twice.origin(n, n + 1) for n in range(3)] == [(0, 1), (1, 10), (10, 11)]


def test_a_pseudonym_is_the_same_in_every_text() -> None:
    first = redact("Tenant ID: 41263d72-4dea-ee11-9048-000d3a341e15", Profile.PUBLIC)
    second = redact(
        "by a@b.example in {41263D72-4DEA-EE11-9048-000D3A341E15}",
        Profile.PUBLIC,
        pseudonyms=first.pseudonyms,
    )

    assert first.text == "Tenant ID: ‹tenant-1›"
    assert second.text == "by ‹user-2› in {‹tenant-1›}"
    assert first.pseudonyms != second.pseudonyms
    assert [kind.value for kind, _ in second.pseudonyms.originals()] == ["tenant", "user"]
    assert Pseudonyms().originals() == ()


def test_no_shortcut_passes_anything_that_the_corpus_knows() -> None:
    for text in PIECES:
        with patch.object(redacting, "finds_nothing", return_value=False):
            full = redact(text, Profile.INTERNAL)
        assert redact(text, Profile.INTERNAL) == full
        assert (mask(text).text, mask(text).removed) == (full.text, sum(c.cut for c in full.cuts))


@settings(max_examples=CASES)
@given(text=TEXTS)
def test_masking_takes_no_shortcut_past_a_secret(text: str) -> None:
    """`mask` tells most texts at once that they hold none; it must say what a full look says."""
    full = redact(text, Profile.INTERNAL)
    quick = mask(text)

    assert (quick.text, quick.removed) == (full.text, sum(cut.cut for cut in full.cuts))


@settings(max_examples=CASES)
@given(
    text=TEXTS,
    profile=st.sampled_from(Profile),
    label=st.sampled_from(["", "detail", "tenant id"]),
    known=st.sampled_from([{}, {"Contoso": Kind.ENVIRONMENT, "Größe": Kind.PERSON}]),
)
def test_redacting_takes_no_shortcut_either(
    text: str, profile: Profile, label: str, known: dict[str, Kind]
) -> None:
    quick = redact(text, profile, known=known, label=label)
    with patch.object(redacting, "finds_nothing", return_value=False):
        assert quick == redact(text, profile, known=known, label=label)


@pytest.mark.parametrize(
    "text", ["Größe", "tenant 1edb4715-b85b-ed11-9561-0022480819d7", "ana@contoso.example"]
)
def test_what_is_an_identifier_gets_a_full_look(text: str) -> None:
    assert not finds_nothing(text, RULES, known={"Größe": Kind.PERSON})
    assert finds_nothing("It rains.", RULES, known={"Größe": Kind.PERSON})


@pytest.mark.parametrize("text", ["It rains.", "Größe: 12 m", "注意", "activity id 4711"])
def test_most_texts_are_plain_at_once(text: str) -> None:
    assert shows_nothing(text, redacting._SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        "password=Winter2026",
        "pass\nword=Winter2026",  # reads otherwise without its break
        "passw\u200bord=Winter2026",  # and without what nobody sees
        "password%3DWinter2026",
        "half a character \ud800",
    ],
)
def test_a_text_with_two_readings_gets_a_full_look(text: str) -> None:
    assert not shows_nothing(text, redacting._SECRETS)

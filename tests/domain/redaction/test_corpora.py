"""What must go goes, what support needs stays, however it is written (RD-01, RD-02, RD-04)."""

from collections.abc import Iterable

import pytest

from runbook.domain.redaction import Kind, Profile, mask, redact
from runbook.domain.redaction.shadow import decoded, plain
from tests.domain.redaction.corpus import SAMPLES, Item, identifiers, must_survive
from tests.domain.redaction.disguises import THINGS, WHOLE, WRAPS

IDENTIFIERS = identifiers()
SURVIVORS = must_survive()


def public(text: str) -> str:
    return redact(text, Profile.PUBLIC).text


def missed(items: Iterable[Item]) -> list[str]:
    """Texts in which the words are still to be read, alone or among other lines."""
    return [
        item.text
        for item in items
        if item.hidden.lower() in public(item.text).lower()
        or item.hidden.lower() in public(f"before\n{item.text}\nafter that").lower()
    ]


def bare(text: str) -> str:
    """The text as a patient reader would put it together."""
    return "".join(decoded(plain(text)).text.lower().replace(">", "").split())


def test_the_corpora_are_as_large_as_promised() -> None:
    assert len(IDENTIFIERS) >= 400
    assert len(SURVIVORS) >= 200
    assert len(THINGS) * (len(WHOLE) + len(WRAPS)) >= 60
    assert {item.kind for item in IDENTIFIERS} >= set(Kind) - {Kind.SITE, Kind.QUERY}


def test_every_secret_goes() -> None:
    """RD-01: recall 100 %."""
    assert missed(item for item in IDENTIFIERS if item.kind is Kind.SECRET) == []


@pytest.mark.parametrize("profile", Profile)
def test_secrets_go_whoever_reads(profile: Profile) -> None:
    """RD-01: no profile shows a secret."""
    secrets = [item for item in IDENTIFIERS if item.kind is Kind.SECRET]

    assert [s.text for s in secrets if s.hidden in redact(s.text, profile).text] == []


def test_nearly_every_identifier_goes() -> None:
    """RD-01: recall at least 98 %."""
    items = [item for item in IDENTIFIERS if item.kind is not Kind.SECRET]

    assert len(missed(items)) <= len(items) * 0.02


def test_the_first_layer_alone_would_not_do() -> None:
    """RD-01, negative control: the corpus holds what only the second layer finds."""
    assert [
        i for i in IDENTIFIERS if i.kind is not Kind.SECRET and mask(i.text).text != i.text
    ] == []


def test_what_support_needs_stays() -> None:
    """RD-02: at least 99 % unchanged."""
    changed = [item.text for item in SURVIVORS if public(item.text) != item.text]

    assert len(changed) <= len(SURVIVORS) * 0.01


def test_versions_of_four_parts_are_no_addresses() -> None:
    """RD-02: none of them."""
    versions = [item.text for item in SURVIVORS if item.text.count(".") >= 3]

    assert len(versions) >= 30
    assert [text for text in versions if public(text) != text] == []


def test_error_texts_of_other_corpora_stay_whole() -> None:
    """RD-02 on texts that nobody wrote for this test: nearly all of them hold nothing to hide."""
    texts = {
        line.rpartition("\t")[2]
        for name in ("other_wordings.tsv", "blind_wordings.tsv", "beside_imports.tsv")
        for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    }
    changed = [text for text in texts if public(text) != text]

    assert len(texts) > 1000
    assert len(changed) <= len(texts) * 0.01


def leaks() -> list[str]:
    return [
        f"{thing} / {name}"
        for thing, (before, hidden, after) in THINGS.items()
        for name, disguise in (WHOLE | WRAPS).items()
        if bare(hidden) in bare(public(f"first\n{disguise(before + hidden + after)}\nlast one"))
    ]


def test_a_disguise_does_not_help() -> None:
    """RD-04: at least 95 % of the variants are seen through."""
    assert len(leaks()) <= len(THINGS) * (len(WHOLE) + len(WRAPS)) * 0.05


def test_without_decoding_a_disguise_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """RD-04, negative control."""
    monkeypatch.setattr("runbook.domain.redaction.finding.decoded", lambda shadow: shadow)
    monkeypatch.setattr("runbook.domain.redaction.finding.unwrapped", lambda shadow: [])

    assert len(leaks()) > len(THINGS) * (len(WHOLE) + len(WRAPS)) * 0.25

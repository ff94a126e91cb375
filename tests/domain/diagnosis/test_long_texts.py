"""How much of a long text reaches the passes that cost, and that what it tells is found all the same.

Times are a matter of `bench_diagnosis`; here characters are counted.
"""

from collections.abc import Callable

import pytest

from runbook.domain.diagnosis import engine
from runbook.domain.diagnosis.engine import diagnose, diagnose_handed, warm_up
from runbook.domain.diagnosis.hostile import LONGEST, PIECES, a_text_of, pieces_of
from runbook.domain.diagnosis.matching import signatures_of
from runbook.domain.diagnosis.normal import Normal, normalise
from runbook.domain.diagnosis.surfaces import console, html_text, plain_text, xml_feed
from runbook.domain.diagnosis.surfaces.handed import Handed, Surface, Unreadable
from runbook.domain.diagnosis.surfaces.limits import FEW_ELEMENTS, PARTS
from runbook.domain.diagnosis.surfaces.long_text import (
    BUDGET,
    DENSE,
    ENDS_ONLY,
    LEFT_OUT,
    SEAM,
    WHOLE,
    excerpt,
)
from runbook.domain.pack import Pack
from runbook.library import packs

GUID = "41263d72-4dea-ee11-9048-000d3a341e15"
NEEDLE = (
    f"Error while importing workflow {{{GUID}}} type ModernFlow name Tidy up: Flow server error "
    'returned with status code "BadGateway" and details "".'
)
NOISE = {
    "stamped lines": "2026-05-01T10:11:12.1Z Component {} of the solution is done, all is well.",
    "words of failure": "2026-05-01T10:11:12Z step {}: 12 processed, 0 failed, no exception",
    "codes": "warning {}: error code 0x80040216 was returned and the import could not wait",
    "prose": "Line {} lorem ipsum dolor sit amet",
}
PLACES = (0.0, 0.13, 0.5, 0.77, 1.0)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs()["coe_starter_kit"]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many characters each pass that costs has been given."""
    counts: dict[str, int] = {}

    def count(module: object, name: str) -> None:
        true: Callable[[str], object] = getattr(module, name)

        def counting(text: str) -> object:
            counts[name] = counts.get(name, 0) + len(text)
            return true(text)

        monkeypatch.setattr(module, name, counting)

    count(engine, "normalise")
    count(plain_text, "parts_of")
    count(console, "without_stamps")
    count(html_text, "words_of_page")
    return counts


def noise(kind: str, needle: str, *, place: float, size: int = LONGEST - 4096) -> str:
    lines = [NOISE[kind].format(number) for number in range(size // len(NOISE[kind]))]
    lines.insert(int(place * len(lines)), needle)
    return "\n".join(lines)


@pytest.mark.parametrize("name", pieces_of(packs()["coe_starter_kit"]))
def test_little_of_a_mebibyte_reaches_what_costs(
    name: str, pack: Pack, counted: dict[str, int]
) -> None:
    diagnose(a_text_of(pieces_of(pack)[name]), pack)

    assert counted.pop("normalise") <= 2 * WHOLE
    assert all(count <= WHOLE for count in counted.values())


@pytest.mark.parametrize("size", [LONGEST, WHOLE, WHOLE // 2])
def test_where_every_word_is_a_signature_still_less_is_read(
    size: int, pack: Pack, counted: dict[str, int]
) -> None:
    diagnose(a_text_of(pieces_of(pack)["signatures"], size=size), pack)

    assert counted["normalise"] <= 2 * DENSE


def test_parts_that_are_long_together_share_what_is_read(
    pack: Pack, counted: dict[str, int]
) -> None:
    parts = tuple(f"{NEEDLE}\n" + f"line {number}\n" * 8000 for number in range(PARTS))

    readings = diagnose_handed(Handed(kind=Surface.JSON, text="", parts=parts), pack)

    assert counted["normalise"] <= WHOLE
    assert {each.diagnoses[0].family for each in readings} == {"transient-gateway"}
    assert all(each.diagnoses[0].reason.endswith((LEFT_OUT, ENDS_ONLY)) for each in readings)


@pytest.mark.parametrize("name", ["whole rows", "elements", "elements that end", "failing rows"])
def test_xml_of_nothing_but_tags_is_refused_before_it_is_parsed(name: str) -> None:
    began: list[str] = []
    content = a_text_of(PIECES[name]).encode()

    with pytest.raises(Unreadable):
        xml_feed.feed(
            content,
            start=lambda tag, attributes: began.append(tag),
            end=began.append,
            is_utf8=True,
        )

    assert not began


def test_a_small_file_may_hold_nothing_but_tags() -> None:
    began: list[str] = []
    content = f"<a>{'<b/>' * (FEW_ELEMENTS // 2)}</a>".encode()

    xml_feed.feed(
        content,
        start=lambda tag, attributes: began.append(tag),
        end=lambda tag: None,
        is_utf8=True,
    )

    assert len(began) == FEW_ELEMENTS // 2 + 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NOISE)
def test_an_error_anywhere_in_a_long_text_is_found(kind: str, place: float, pack: Pack) -> None:
    reading = diagnose(noise(kind, NEEDLE, place=place), pack)

    first = reading.diagnoses[0]
    assert first.family == "transient-gateway"
    assert first.quote in NEEDLE or NEEDLE in first.quote
    assert first.reason.endswith((LEFT_OUT, ENDS_ONLY))
    assert (reading.component.id, reading.status) == (GUID, "BadGateway")


@pytest.mark.parametrize("place", PLACES)
def test_words_without_any_word_of_failure_are_found_by_their_literals(
    place: float, pack: Pack
) -> None:
    needle = "Solution manifest import: Holding solution Tea_Upgrade already exists."

    reading = diagnose(noise("stamped lines", needle, place=place), pack)

    assert reading.diagnoses[0].family == "pending-upgrade"


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\ufeff"])
def test_what_hides_between_letters_hides_nothing(hidden: str, pack: Pack) -> None:
    needle = hidden.join(NEEDLE)

    reading = diagnose(noise("prose", needle, place=0.5), pack)

    assert reading.diagnoses[0].family == "transient-gateway"


def test_both_ends_and_the_telling_lines_are_taken_and_a_seam_stands_between() -> None:
    text = noise("prose", NEEDLE, place=0.5)

    taken = excerpt(text)

    assert taken.note == LEFT_OUT
    assert len(taken.text) <= BUDGET
    assert taken.text.startswith(text[:1000])
    assert taken.text.endswith(text[-1000:])
    assert all(stretch in text for stretch in taken.text.split(SEAM))
    assert NEEDLE in taken.text


def test_where_nothing_tells_the_ends_are_taken_and_the_note_says_so() -> None:
    taken = excerpt(noise("prose", "", place=0.0))

    assert taken.note == ENDS_ONLY
    assert taken.text.count(SEAM) == 1
    assert BUDGET - 8192 < len(taken.text) <= BUDGET


def test_of_too_many_failures_the_first_and_the_last_are_taken() -> None:
    lines = [f"step {number} failed for a reason of its own" for number in range(20_000)]

    taken = excerpt("\n".join(lines))

    assert lines[0] in taken.text
    assert lines[-1] in taken.text
    assert taken.note


@pytest.mark.parametrize("size", [0, 1, WHOLE])
def test_a_text_that_is_not_long_is_taken_whole(size: int) -> None:
    taken = excerpt("x" * size)

    assert (taken.text, taken.note) == ("x" * size, "")


def test_many_failures_of_different_kinds_are_read_whole(pack: Pack) -> None:
    text = "\n".join(
        line + "\nNothing to see here." * 60
        for family in pack.families
        for line in family.samples[:1]
    )

    reading = diagnose(text[:WHOLE], pack)

    assert not any("very long" in each.reason for each in reading.diagnoses)


def test_a_text_that_is_not_long_is_read_whole_and_without_a_note(pack: Pack) -> None:
    text = noise("prose", NEEDLE, place=0.5, size=WHOLE // 2)

    reading = diagnose(text, pack)

    assert reading.diagnoses[0].family == "transient-gateway"
    assert "very long" not in reading.diagnoses[0].reason


def test_warming_up_reads_one_text_of_each_family(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reading(text: str) -> Normal:
        read.append(text)
        return normalise(text)

    monkeypatch.setattr(engine, "normalise", reading)

    warm_up(pack)

    assert len(read) >= sum(bool(family.samples) for family in pack.families)
    assert signatures_of(pack) is signatures_of(pack)

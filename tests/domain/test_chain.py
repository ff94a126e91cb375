"""The hash chain: any edit, swap, hole, or cut inside the timeline is found, and the first is named."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain import chain
from runbook.domain.chain import CLOCK_BACK, Link, next_time, verify
from runbook.domain.errors import BrokenChain
from runbook.domain.vocabulary import RunStage
from tests.domain.history import NOON, at
from tests.domain.invariants import linked

START = "0" * 64
LINKS = linked(at(RunStage.RETRY_PLANNED).entries)
Attack = Callable[[list[Link]], object]


def first_break(links: list[Link], *, run: str = "run", start: str = START) -> int | None:
    try:
        verify(links, start=start, run=run)
    except BrokenChain as broken:
        return broken.seq if broken.sentence.startswith(f"Event {broken.seq} ") else -1
    return None


def test_an_untouched_chain_gives_its_length_and_head() -> None:
    assert verify(LINKS, start=START, run="run") == (len(LINKS), LINKS[-1].digest)
    assert verify([], start=START, run="run") == (0, START)


def _header(link: Link, **changes: object) -> Link:
    text = chain.canonical({**json.loads(link.header), **changes})
    return replace(link, header=text, digest=chain.event_hash(text))


ATTACKS: list[tuple[str, Attack]] = [
    ("text of the header", lambda x: x.__setitem__(4, replace(x[4], header=x[4].header + " "))),
    ("header with a new hash", lambda x: x.__setitem__(4, _header(x[4], actor="m" * 32))),
    ("header with another place", lambda x: x.__setitem__(4, _header(x[4], seq=9))),
    ("header of another version", lambda x: x.__setitem__(4, _header(x[4], v=2))),
    ("header with one key more", lambda x: x.__setitem__(4, _header(x[4], extra="x"))),
    ("header that is no JSON", lambda x: x.__setitem__(4, _rehashed(x[4], "{"))),
    ("header that is a list", lambda x: x.__setitem__(4, _rehashed(x[4], "[]"))),
    ("header in another order", lambda x: x.__setitem__(4, _rehashed(x[4], _shuffled(x[4])))),
    ("header with a key twice", lambda x: x.__setitem__(4, _rehashed(x[4], _doubled(x[4])))),
    ("content", lambda x: x.__setitem__(4, replace(x[4], body="{}"))),
    ("salt", lambda x: x.__setitem__(4, replace(x[4], salt=bytes(32)))),
    ("content gone without a word", lambda x: x.__setitem__(4, replace(x[4], body=None))),
    ("event taken out", lambda x: x.pop(4)),
    ("event put in twice", lambda x: x.insert(4, x[3])),
    ("two events swapped", lambda x: x.__setitem__(slice(4, 6), [x[5], x[4]])),
    ("beginning cut", lambda x: x.__delitem__(slice(0, 4))),
]


def _rehashed(link: Link, text: str) -> Link:
    return replace(link, header=text, digest=chain.event_hash(text))


def _shuffled(link: Link) -> str:
    header = json.loads(link.header)
    return json.dumps(dict(reversed(header.items())), separators=(",", ":"))


def _doubled(link: Link) -> str:
    return link.header.replace('{"actor"', '{"actor":"a","actor"', 1)


@pytest.mark.parametrize(("name", "attack"), ATTACKS, ids=[name for name, _ in ATTACKS])
def test_each_attack_is_found(name: str, attack: Attack) -> None:
    links = list(LINKS)
    attack(links)

    assert first_break(links) in {1, 5, 6}, name


def test_the_first_broken_event_is_named() -> None:
    for index in range(len(LINKS)):
        links = list(LINKS)
        links[index] = replace(links[index], body="{}")

        assert first_break(links) == index + 1


def test_a_rewritten_middle_is_found_at_the_link_behind_it() -> None:
    links = list(LINKS)
    links[4] = _header(links[4], type="step.skipped")

    assert first_break(links) == 6


def test_a_chain_of_another_run_or_another_beginning_is_found() -> None:
    assert first_break(LINKS, run="other") == 1
    assert first_break(LINKS, start="1" * 64) == 1


def test_a_cut_tail_still_verifies_and_shows_in_count_and_head() -> None:
    """What the chain alone cannot show; therefore the run's row and each export keep the head."""
    count, head = verify(LINKS[:-1], start=START, run="run")

    assert (count, head) != (len(LINKS), LINKS[-1].digest)


def test_an_erasure_on_record_leaves_the_chain_whole() -> None:
    links = list(LINKS)
    links[4] = replace(links[4], salt=None, body=None, erased=True)

    assert first_break(links) is None


@given(index=st.integers(0, len(LINKS) - 1), place=st.integers(0), sign=st.characters())
def test_no_changed_character_of_a_header_goes_unnoticed(index: int, place: int, sign: str) -> None:
    text = LINKS[index].header
    place %= len(text)
    changed = text[:place] + sign + text[place + 1 :]
    for link in (
        replace(LINKS[index], header=changed),
        _silently(LINKS[index], changed),
    ):
        links = [*LINKS[:index], link, *LINKS[index + 1 :]]
        found = first_break(links)
        if changed == text:
            assert found is None
        else:
            last = index == len(LINKS) - 1 and link.digest != LINKS[index].digest
            assert found is not None or last


def _silently(link: Link, text: str) -> Link:
    try:
        return _rehashed(link, text)
    except UnicodeEncodeError:  # a lone surrogate has no bytes to hash
        return replace(link, header="")


def test_without_a_look_at_the_content_a_changed_payload_would_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links = list(LINKS)
    links[4] = replace(links[4], body="{}")
    said = json.loads(links[4].header)["payload_commit"]
    monkeypatch.setattr(chain, "commitment", lambda salt, body: said)

    assert first_break(links[4:5], start=json.loads(links[4].header)["prev"]) == 1
    monkeypatch.setattr(chain, "_problem", lambda *_, **__: "")
    assert first_break(links) is None


def test_the_header_is_canonical_text_with_exactly_these_keys() -> None:
    text = chain.header_text(
        chain.Header(
            run="r",
            seq=2,
            prev="p",
            type="note.added",
            at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            at_flag=None,
            actor="ana",
            actor_kind="user",
            run_version=3,
            payload_commit="c",
        )
    )

    assert text == (
        '{"actor":"ana","actor_kind":"user","at":"2026-01-02T03:04:05.000000Z","at_flag":null,'
        '"payload_commit":"c","prev":"p","run":"r","run_version":3,"seq":2,"type":"note.added","v":1}'
    )
    assert set(json.loads(text)) == chain.HEADER_KEYS
    assert (
        chain.event_hash(text) == hashlib.sha256(b"uwlog.event.v1\x00" + text.encode()).hexdigest()
    )


def test_a_moment_is_written_in_utc_wherever_it_was_said() -> None:
    berlin = timezone(timedelta(hours=1))

    assert chain.format_time(datetime(2026, 1, 2, 1, 30, tzinfo=berlin)) == (
        "2026-01-02T00:30:00.000000Z"
    )


def test_the_same_words_with_another_salt_give_another_commitment() -> None:
    assert chain.commitment(b"1" * 32, "yes") != chain.commitment(b"2" * 32, "yes")


def test_a_chain_begins_with_its_installation_run_and_definition() -> None:
    said = {"instance": "i", "run": "r", "created": NOON, "plan_digest": "d"}
    beginnings = {chain.genesis(**said)} | {  # type: ignore[arg-type]
        chain.genesis(**{**said, name: other})  # type: ignore[arg-type]
        for name, other in (
            *(("instance", "j"), ("run", "s"), ("plan_digest", "e")),
            ("created", NOON + timedelta(seconds=1)),
        )
    }

    assert len(beginnings) == 5


def test_a_head_is_read_aloud_in_eight_groups_of_four() -> None:
    assert chain.fingerprint("0123456789abcdef" * 4) == "0123 4567 89AB CDEF 0123 4567 89AB CDEF"


@pytest.mark.parametrize(
    ("ahead", "step", "flag"),
    [
        (timedelta(days=1), timedelta(days=1), None),
        (timedelta(microseconds=1), timedelta(microseconds=1), None),
        (timedelta(0), timedelta(microseconds=1), None),  # two events of one act
        (timedelta(seconds=-20), timedelta(microseconds=1), None),  # waited for the lock
        (timedelta(hours=-1), timedelta(microseconds=1), CLOCK_BACK),
        (timedelta(days=-400), timedelta(microseconds=1), CLOCK_BACK),
    ],
)
def test_time_never_falls_and_a_clock_that_went_back_is_flagged(
    ahead: timedelta, step: timedelta, flag: str | None
) -> None:
    """TL-10."""
    assert next_time(NOON + ahead, NOON) == (NOON + step, flag)


def test_the_first_event_takes_the_time_as_it_is() -> None:
    assert next_time(NOON, None) == (NOON, None)

"""What lies on disk reads like a tuple, is gone when it is closed, and never comes back at once."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.chain import Link
from runbook.domain.report import ReportLine
from runbook.services.spooled import Spooled, spooled_lines, spooled_links

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(minutes=-210))])
LINES = st.builds(
    ReportLine,
    seq=st.integers(1, 10**9),
    event_type=st.sampled_from(["note.added", "run.started"]),
    headline=st.text(max_size=20),
    detail=st.text(max_size=20),
    actor=st.text(max_size=8),
    happened_at=st.datetimes(timezones=ZONES),
    recorded_at=st.datetimes(timezones=ZONES),
    late=st.booleans(),
    digest=st.text("0123456789abcdef", min_size=4, max_size=4),
)
LINKS = st.builds(
    Link,
    seq=st.integers(1, 10**9),
    header=st.text(max_size=20),
    digest=st.text(max_size=8),
    salt=st.none() | st.binary(max_size=32),
    body=st.none() | st.text(max_size=20),
    erased=st.booleans(),
)


def numbers(count: int) -> "Spooled[int]":
    return Spooled(range(count), put=lambda number: [number], take=lambda kept: int(kept[0]))


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 200])
def test_it_reads_like_a_tuple(count: int) -> None:
    kept, told = numbers(count), tuple(range(count))
    try:
        assert tuple(kept) == told == tuple(kept)
        assert len(kept) == count
        assert bool(kept) is bool(told)
        assert tuple(reversed(kept)) == told[::-1]
        assert [kept[place] for place in range(-count, count)] == [*told, *told]
        for part in (slice(None), slice(-3, None), slice(60, 70), slice(None, None, -7)):
            assert kept[part] == told[part]
        for place in (count, -count - 1):
            with pytest.raises(IndexError):
                kept[place]
        assert 64 in kept if count > 64 else 64 not in kept
    finally:
        kept.close()


def test_two_may_go_through_it_at_different_places() -> None:
    kept = numbers(300)
    ahead, behind = iter(kept), iter(kept)
    for _ in range(150):
        next(ahead)

    assert [next(behind), next(ahead), kept[299], next(behind), next(ahead)] == [
        0,
        150,
        299,
        1,
        151,
    ]
    assert sum(1 for one in kept for other in kept if one + 1 == other) == 299
    kept.close()


@given(st.lists(LINES, max_size=3))
def test_a_line_comes_back_as_it_was(lines: list[ReportLine]) -> None:
    kept = spooled_lines(lines)

    assert list(kept) == lines
    assert [each.happened_at.utcoffset() for each in kept] == [
        each.happened_at.utcoffset() for each in lines
    ]
    kept.close()


@given(st.lists(LINKS, max_size=3))
def test_a_stored_event_comes_back_as_it_was(links: list[Link]) -> None:
    kept = spooled_links(links)

    assert list(kept) == links
    kept.close()


def test_every_field_is_kept() -> None:
    """One that is added later, and forgotten by the spool, has its default here."""
    moment = datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC)
    line = ReportLine(
        seq=7,
        event_type="note.added",
        headline="one",
        detail="two",
        actor="three",
        happened_at=moment,
        recorded_at=moment + timedelta(hours=1),
        late=True,
        digest="four",
    )
    link = Link(seq=7, header="h", digest="d", salt=b"s", body="b", erased=True)
    lines, links = spooled_lines([line]), spooled_links([link])

    assert (lines[0], links[0]) == (line, link)
    for each in (line, link):
        assert not [
            field.name for field in fields(each) if getattr(each, field.name) == field.default
        ]
    lines.close()
    links.close()


def test_a_source_that_breaks_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr(Spooled, "close", lambda self: closed.append(self._file.close()))

    with pytest.raises(ZeroDivisionError):
        Spooled((1 // number for number in (1, 0)), put=lambda each: [each], take=sum)

    assert len(closed) == 1


def test_once_it_is_closed_it_is_gone() -> None:
    kept = numbers(3)
    kept.close()

    with pytest.raises(ValueError, match="closed"):
        list(kept)

"""The picture of a run: nothing overlaps, nothing hangs on a colour alone, nothing typed is markup."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.domain import events as ev
from runbook.domain.redaction import Profile
from runbook.domain.redaction.reports import redact_report
from runbook.domain.vocabulary import ImportOption, Method
from runbook.exports import FORMATS
from runbook.exports.picture import LEFT, RIGHT, Picture, picture_of
from runbook.exports.picture_scale import scale_of
from runbook.exports.picture_shapes import WIDTH, Shape
from tests.exports.long_run import SCRIPTS, long_run, many_events
from tests.exports.records import LEAD, OPERATOR, START, Told, failed_run, handout

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = (
    "<script>alert(1)</script>",
    '"onload="x',
    "a" * 300,
    *SCRIPTS.values(),
    "\ufffe\x00\u202e",
)


def drawn(told: list[Told]) -> Picture:
    return picture_of(handout(told).report)


def texts(picture: Picture) -> list[str]:
    return [shape.text for shape in picture.shapes if shape.kind == "words"]


def overlaps(picture: Picture) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share room. The number in a disc has its own test."""
    words = [each for each in picture.shapes if each.kind == "words" and each.look != "count"]
    return [(a.text, b.text) for a, b in combinations(words, 2) if _touch(a, b)]


def _touch(one: Shape, other: Shape) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y <= other.y - other.size or other.y <= one.y - one.size
    return not apart and not above


def crowd(attempts: int, minutes: int) -> list[Told]:
    """Many attempts close to each other."""
    told: list[Told] = failed_run()[:8]
    for number in range(1, attempts + 1):
        begin = 10 + (number - 1) * minutes
        if number > 1:
            started = ev.AttemptStarted(
                number=number, method=Method.CLI, option=ImportOption.UPGRADE
            )
            told.append((begin, started, OPERATOR))
        told.append((begin + minutes // 2, ev.AttemptFailed(number=number), OPERATOR))
    return told


RUNS = {
    "begun": failed_run()[:1],
    "short": failed_run(),
    "open": failed_run()[:8],
    "long": long_run(),
    "many": many_events(400),
    "crowd": crowd(60, 3),
    "months": [*failed_run(), (90 * 24 * 60, ev.NoteAdded(text="Back again"), LEAD)],
}


@pytest.mark.parametrize("name", RUNS)
def test_no_text_overlaps_another(name: str) -> None:
    assert overlaps(drawn(RUNS[name])) == []


def test_the_test_sees_an_overlap() -> None:
    """Negative control."""
    picture = drawn(failed_run())
    word = next(each for each in picture.shapes if each.kind == "words")

    assert overlaps(replace(picture, shapes=(*picture.shapes, replace(word, x=word.x + 3))))


@pytest.mark.parametrize("name", RUNS)
def test_everything_stays_inside(name: str) -> None:
    picture = drawn(RUNS[name])
    for shape in picture.shapes:
        assert shape.x >= 0
        assert shape.x + shape.width <= WIDTH
        assert shape.y + shape.height * (shape.kind == "box") <= picture.height
        for x, y in (*shape.points, *(point for stroke in shape.strokes for point in stroke)):
            assert 0 <= x <= WIDTH
            assert 0 <= y <= picture.height


def test_every_attempt_is_told_in_words_and_by_a_pattern() -> None:
    picture = drawn(long_run())
    looks = {shape.look for shape in picture.shapes}

    for told in (
        "1 failed, 16 min",
        "2 unknown, 9 min",
        "3 cancelled, 9 min",
        "4 succeeded, 15 min",
    ):
        assert told in texts(picture)
        assert f"Attempt {told}" in picture.description
    for look in ("failed", "unknown", "cancelled", "succeeded"):
        assert {look, f"{look}-mark"} <= looks


def test_waits_health_help_and_people_have_their_rows() -> None:
    found = texts(drawn(long_run()))

    for told in ("1 h 14 min", "Look around, 1 d", "incident or not clear", "Help is needed"):
        assert told in found
    for row in ("Attempts", "Waits", "Service health", "Help", "Ana", "Ben"):
        assert row in found
    assert "Handed to: The workshop" in found


def test_what_did_not_happen_has_no_row() -> None:
    found = texts(drawn(failed_run()[:4]))

    assert not {"Attempts", "Waits", "Service health", "Help"} & set(found)


def test_a_wait_that_goes_on_ends_at_its_due() -> None:
    due = START + timedelta(minutes=90)
    planned = ev.RetryScheduled(number=2, due=due, family="busy", reason="An hour")
    picture = drawn([*failed_run(), (30, planned, OPERATOR)])

    assert "until 2026-11-21 23:30 CET" in texts(picture)


def test_a_wait_step_that_goes_on_is_drawn_to_its_due() -> None:
    started = ev.WaitStarted(step="look", due=START + timedelta(minutes=600), reason="Night")

    assert "Look around, not over" in texts(drawn([*failed_run(), (40, started, LEAD)]))


def test_days_and_hours_are_those_of_the_run() -> None:
    found = texts(drawn(long_run()))

    assert {"Sat 2026-11-21", "Sun 2026-11-22", "Mon 2026-11-23", "00:00", "22:30"} <= set(found)
    assert "Ticket T-4711. Times by the clock of Europe/Berlin." in found


def test_a_gap_of_many_days_has_no_line_for_each_of_them_and_a_date_where_it_ends() -> None:
    picture = drawn([*failed_run(), (40 + 80 * 1440, ev.NoteAdded(step="", text="Late"), LEAD)])

    assert "80 days" in texts(picture)
    assert [shape for shape in picture.shapes if shape.look == "day"] == []
    dates = [shape.text for shape in picture.shapes if shape.look == "date"]
    assert dates == ["Sat 2026-11-21", "Tue 2027-02-09"]
    assert not overlaps(picture)


def test_labels_without_room_are_counted() -> None:
    picture = drawn(RUNS["crowd"])

    assert picture.left_out > 20
    assert any(f"{picture.left_out} labels had no room" in text for text in texts(picture))


def test_more_people_than_lanes_share_the_last_one() -> None:
    report = handout(failed_run()).report
    lines = tuple(
        replace(report.lines[0], seq=number, actor=f"Person {number}") for number in range(1, 31)
    )
    found = texts(picture_of(replace(report, lines=lines)))

    assert "Person 11" in found
    assert "19 others" in found
    assert "Person 12" not in found


def test_pseudonyms_are_drawn_as_they_are() -> None:
    redacted = redact_report(handout(long_run()).report, Profile.PUBLIC).report
    found = " ".join(texts(picture_of(redacted)))

    assert "‹person-" in found
    assert "Contoso" not in found


@pytest.mark.parametrize("name", HOSTILE)
def test_what_people_typed_is_text(name: str) -> None:
    report = handout(long_run()).report
    named = replace(
        report,
        state=replace(report.state, title=name),
        lines=tuple(replace(line, actor=name, headline=name) for line in report.lines),
    )
    written = FORMATS["svg"].render(replace(handout(), report=named)).decode()
    tree = ET.fromstring(written)  # noqa: S314 - our own file

    kinds = {each.tag.rpartition("}")[2] for each in tree.iter()}
    assert kinds <= {"svg", "title", "desc", "metadata", "style", "rect", "circle", "path", "text"}
    assert {key for each in tree.iter() for key in each.attrib} <= {
        *("class", "role", "viewBox", "width", "height", "x", "y", "rx", "cx", "cy", "r", "d"),
        *("font-size", "text-anchor", "overflow"),
    }


def test_the_file_can_be_read_aloud_and_repeats_no_id() -> None:
    tree = ET.fromstring(FORMATS["svg"].render(handout(long_run())))  # noqa: S314 - our own file
    first, second = list(tree)[:2]

    assert tree.get("role") == "img"
    assert (first.tag.endswith("title"), second.tag.endswith("desc")) == (True, True)
    assert "4 succeeded" in (second.text or "")
    assert not any(each.get("id") or each.get("style") for each in tree.iter())


def test_both_styles_know_every_look() -> None:
    looks = {
        shape.look
        for told in RUNS.values()
        for shape in drawn(told).shapes
        if shape.kind != "words"
    }
    for style in ("static/css/picture.css", "runbook/exports/templates/picture.css"):
        text = (ROOT / style).read_text()
        assert [look for look in looks if f".p-{look} " not in text.replace(",", " ")] == []


def test_a_long_gap_is_cut_and_says_how_long_it_was() -> None:
    moments = [START, START + timedelta(minutes=10), START + timedelta(hours=30)]
    scale = scale_of(moments, left=LEFT, right=RIGHT, zone=ZoneInfo("UTC"))

    assert [gap.lasted for gap in scale.gaps] == [timedelta(hours=29, minutes=50)]
    assert scale.at(START) == LEFT
    assert scale.at(moments[-1]) == RIGHT
    assert scale.at(moments[1]) > LEFT + 100
    assert scale.at(START - timedelta(days=1)) == LEFT
    assert scale.at(moments[-1] + timedelta(days=1)) == RIGHT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60 * 24 * 500), min_size=1, max_size=40))
def test_places_follow_time(minutes: list[int]) -> None:
    moments = [START + timedelta(minutes=each) for each in minutes]
    scale = scale_of(moments, left=LEFT, right=RIGHT, zone=ZoneInfo("Europe/Berlin"))
    places = [scale.at(each) for each in sorted(moments)]

    assert places == sorted(places)
    assert all(LEFT <= place <= RIGHT for place in places)
    ticks = list(scale.ticks(apart=58))
    assert ticks == sorted(set(ticks))
    assert len(ticks) < 200


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3 * 24 * 60), min_size=2, max_size=12), st.integers(1, 9))
def test_what_lies_close_together_moves_nothing(minutes: list[int], between: int) -> None:
    """A scale keeps the ends of such a stretch alone, however many moments it has."""
    begun = [START + timedelta(minutes=10 * each) for each in minutes]
    ends = [*begun, *(at + timedelta(minutes=9, seconds=59) for at in begun)]
    crowd = [at + timedelta(minutes=between, seconds=second) for at in begun for second in range(9)]
    zone = ZoneInfo("Europe/Berlin")
    few = scale_of(ends, left=LEFT, right=RIGHT, zone=zone)
    many = scale_of([*crowd, *ends], left=LEFT, right=RIGHT, zone=zone)

    assert many == few
    assert len(many.moments) <= 2 * len(begun)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_name_can_be_drawn(title: str, actor: str) -> None:
    report = handout(failed_run()).report
    named = replace(
        report,
        state=replace(report.state, title=title),
        lines=tuple(replace(line, actor=actor) for line in report.lines),
    )

    ET.fromstring(FORMATS["svg"].render(replace(handout(), report=named)))  # noqa: S314 - our own file
    assert overlaps(picture_of(named)) == []

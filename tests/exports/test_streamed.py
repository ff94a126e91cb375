"""A file is written piece by piece: of a very long run no format holds the lines at once (EX-09)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, overload

import pytest

from runbook.domain import events as ev
from runbook.domain.report import ReportLine
from runbook.domain.vocabulary import CheckResult
from runbook.exports import FORMATS
from runbook.exports.format import Format, Handout
from runbook.exports.formats import bundle, csv_timeline
from runbook.exports.markup import Markup, element, streamed
from runbook.exports.picture_marks import MOST_MARKS, _Newest
from runbook.exports.pieces import begun, between, encoded, or_else
from tests.exports.bundles import proved
from tests.exports.long_run import many_events
from tests.exports.records import OPERATOR, START, handout

LONG = 700
#: Lines that a format may have in its hands at once, such as one that it writes and one ahead.
FEW = 8
#: A PDF is laid out as a whole, and has a test of its own for how much of a long run it takes.
IN_PARTS = [each for each in FORMATS.values() if each.slug != "pdf"]


class Lines(Sequence[ReportLine]):
    """Lines that are made when somebody looks at them, and counted while somebody holds them."""

    def __init__(self, lines: Iterable[ReportLine]) -> None:
        self.kept = tuple(lines)
        self.read = self.alive = self.most = 0
        names = [each.name for each in fields(ReportLine)]
        outer = self

        class Counted(ReportLine):
            def __del__(self) -> None:
                outer.alive -= 1

        def made(line: ReportLine) -> ReportLine:
            self.read += 1
            self.alive += 1
            self.most = max(self.most, self.alive)
            return Counted(**{name: getattr(line, name) for name in names})

        self.made = made

    def __len__(self) -> int:
        return len(self.kept)

    def __iter__(self) -> Iterator[ReportLine]:
        return map(self.made, self.kept)

    @overload
    def __getitem__(self, place: int) -> ReportLine: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ReportLine]: ...
    def __getitem__(self, place: int | slice) -> Any:
        assert isinstance(place, int), "Whoever asks for a stretch of lines holds it."
        return self.made(self.kept[place])


@pytest.fixture(params=IN_PARTS, ids=lambda chosen: chosen.slug)
def chosen(request: pytest.FixtureRequest) -> Format:
    found: Format = request.param
    return found


def pieces(chosen: Format, made: Handout) -> Iterable[bytes]:
    return chosen.parts(made) if chosen.parts else [chosen.render(made)]


def passing(made: Handout) -> tuple[Handout, Lines]:
    """The same handout with lines that count; the archive of it needs the proof."""
    lines = Lines(made.report.lines)
    return proved(replace(made, report=replace(made.report, lines=lines))), lines


def usual() -> Handout:
    return handout(many_events(LONG))


def all_late() -> Handout:
    """Nothing but deviations, told in the wrong order."""
    made = usual()
    late = [replace(line, late=True) for line in made.report.lines]
    moments = [line.happened_at for line in reversed(made.report.lines)]
    lines = tuple(replace(line, happened_at=at) for line, at in zip(late, moments, strict=True))
    return replace(made, report=replace(made.report, lines=lines))


@pytest.mark.parametrize("run", [usual, all_late], ids=["usual", "all late"])
def test_no_format_holds_the_lines_of_a_run(
    chosen: Format, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The paper lists what matters, and takes that at once: see test_pdf_long_runs.
    monkeypatch.setattr(bundle, "_NOT_BESIDE", bundle._NOT_BESIDE | {"pdf"})
    made, lines = passing(run())

    length = sum(len(piece) for piece in pieces(chosen, made))

    assert length
    assert lines.most <= FEW
    assert lines.alive == 0


def test_one_that_held_them_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    made, lines = passing(usual())
    careless = lambda texts: encoded(list(texts) and [str(tuple(lines))])  # noqa: E731
    monkeypatch.setattr(csv_timeline, "encoded", careless)

    assert FORMATS["csv"].render(made)
    assert lines.most >= LONG


def test_the_first_piece_comes_before_the_last_line_is_read(chosen: Format) -> None:
    made, lines = passing(usual())

    assert next(iter(pieces(chosen, made)))
    if chosen.parts:
        assert lines.read < LONG


def test_the_pieces_are_the_file(chosen: Format) -> None:
    made = proved(handout())

    assert b"".join(pieces(chosen, made)) == chosen.render(made)
    assert chosen.parts is None or max(map(len, pieces(chosen, passing(usual())[0]))) < 512 * 1024


def test_lines_that_are_made_anew_read_like_those_in_memory(chosen: Format) -> None:
    for run in (handout, all_late):
        assert chosen.render(passing(run())[0]) == chosen.render(proved(run()))


# --- The picture: as many shapes as fit, however long the run


def test_a_run_of_nothing_but_checks_is_drawn_with_a_stated_rest() -> None:
    look = ev.CheckRecorded(step="look", check="health", result=CheckResult.PASSED)
    told = [*many_events(20), *((60 + number, look, OPERATOR) for number in range(1_300))]
    written = FORMATS["svg"].render(handout(told)).decode()

    assert "801 older marks are not drawn." in written
    assert len(written) < 250_000


def test_of_many_marks_the_newest_are_kept_and_never_all() -> None:
    moments = [START + timedelta(minutes=number * 7919 % 3_000) for number in range(3_000)]
    newest: _Newest[datetime] = _Newest(lambda at: at)
    most = 0
    for at in moments:
        newest.add(at)
        most = max(most, len(newest._kept))

    assert newest.all() == tuple(sorted(moments)[-MOST_MARKS:])
    assert newest.older == 3_000 - MOST_MARKS
    assert most < 2 * MOST_MARKS


def test_a_run_with_few_marks_says_nothing_of_a_rest() -> None:
    assert "not drawn" not in FORMATS["svg"].render(handout()).decode()


# --- What the formats are put together with


def test_an_element_in_pieces_reads_like_one_at_once() -> None:
    said = ("<b>", element("i", "x"), "&")
    whole = element("p", *said, class_="soft", hidden=True)

    assert "".join(streamed("p", *said, class_="soft", hidden=True)) == whole
    assert "".join(streamed("p", iter(said), class_="soft", hidden=True)) == whole
    assert (
        "".join(streamed("p", None, iter(said[:1]), *said[1:], class_="soft", hidden=True)) == whole
    )
    assert all(isinstance(each, Markup) for each in streamed("p", iter(said)))


def test_texts_become_pieces_of_some_size() -> None:
    texts = ["ä" * 100] * 3_000

    found = list(encoded(iter(texts)))

    assert b"".join(found) == "".join(texts).encode()
    assert found[0] == texts[0].encode()
    assert 3 <= len(found) <= 6
    assert list(encoded([])) == []


def test_what_stands_between_and_instead() -> None:
    assert "".join(between(", ", ["a", "b", "c"])) == "a, b, c"
    assert list(between(", ", [])) == []
    assert list(or_else([], "None.")) == ["None."]
    assert list(or_else(iter(["a", "b"]), "None.")) == ["a", "b"]
    assert list(begun(iter(["a", "b"]), "x", "y")) == ["x", "y", "a", "b"]
    assert list(begun(iter([]), "x", "y")) == []
    assert list(chain(begun(["a"]), begun([]))) == ["a"]

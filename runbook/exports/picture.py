"""A picture of the run: time from left to right, attempts, waits, and who acted when.

The picture is a list of shapes with whole-numbered places. An SVG file, the page of the report and
the PDF draw the same shapes, each with its own means. Texts never overlap: each has its box, and a
label for which there is no room is left out and counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from runbook.domain.report import RunReport
from runbook.domain.summary import deviates
from runbook.exports.escaping import shown_line
from runbook.exports.picture_marks import Bar, Lane, Mark, Marks, entries, marks_of
from runbook.exports.picture_scale import Scale, scale_of
from runbook.exports.picture_shapes import (
    WIDTH,
    Labels,
    Point,
    Shape,
    box,
    glyph,
    hatch,
    lines,
    ring,
    words,
)
from runbook.exports.widths import cut, pixels

LEFT, RIGHT = 152, 944
_SMALL, _PLAIN = 11, 12
_BAR, _WAIT, _LANE, _BIN = 20, 8, 22, 16
_DAYS, _TICKS, _AXIS = 62, 78, 86
#: Midnights in a cut gap that stand closer together are not drawn.
_DAY_APART = 30
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_WORDS = 1500
_LEGEND = {
    "succeeded": "succeeded",
    "failed": "failed",
    "unknown": "end unknown",
    "cancelled": "cancelled",
    "open": "still open",
    "wait": "wait",
    "clear": "health clear",
    "trouble": "health not clear",
    "unsure": "health not sure",
    "call": "help called",
    "dot": "entries",
    "deviation": "with a deviation",
    "gap": "time cut short",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Shapes from back to front in a field of `width` by `height`, and the same in words."""

    title: str
    description: str
    height: int
    shapes: tuple[Shape, ...]
    width: int = WIDTH
    left_out: int = 0


@dataclass(slots=True)
class _Sheet:
    """The picture while it is drawn, row by row from the top."""

    scale: Scale
    bottom: int
    shapes: list[Shape] = field(default_factory=list)
    used: dict[str, None] = field(default_factory=dict)
    left_out: int = 0

    def name(self, text: str, *, middle: int) -> None:
        """The name of a row, in the column on the left."""
        shown = cut(text, size=_PLAIN, room=LEFT - 24)
        self.shapes.append(words((12, middle + 4), shown, look="name", size=_PLAIN, room=LEFT - 24))

    def label(self, rows: Labels, text: str, *, at: int) -> None:
        """A label under its shape, or none if there is no room."""
        shown = cut(text, size=_SMALL, room=300)
        place = rows.place(at, pixels(shown, size=_SMALL))
        if place is None:
            self.left_out += 1
        else:
            self.shapes.append(words(place, shown, look="label", size=_SMALL))


def picture_of(report: RunReport) -> Picture:
    """The picture; equal reports give equal pictures, and a long run no more shapes than fit."""
    marks = marks_of(report)
    zone = ZoneInfo(report.state.time_zone)
    sheet = _Sheet(_scale(marks, report, zone), _AXIS + 6)
    _bars(sheet, "Attempts", marks.attempts, height=_BAR)
    _bars(sheet, "Waits", marks.waits, height=_WAIT)
    _points(sheet, "Service health", marks.health)
    _points(sheet, "Help", marks.calls)
    bins = _bins(sheet.scale, marks, report)
    for lane in marks.lanes:
        _people(sheet, lane, bins[lane.name])
    rows = sheet.bottom
    behind = _axis(sheet, bottom=rows)
    _legend(sheet)
    named = shown_line(report.state.title)
    return Picture(
        title=f"Picture of the run: {named}",
        description=_told(marks, report, zone),
        height=sheet.bottom,
        shapes=(
            *_heading(report, named, sheet.left_out, older=marks.older),
            *behind,
            *sheet.shapes,
        ),
        left_out=sheet.left_out,
    )


def _scale(marks: Marks, report: RunReport, zone: ZoneInfo) -> Scale:
    moments = tuple(marks.moments()) or (report.made_at,)
    return scale_of(moments, left=LEFT, right=RIGHT, zone=zone)


def _heading(report: RunReport, title: str, left_out: int, *, older: int) -> list[Shape]:
    state = report.state
    told = f"Ticket {shown_line(state.ticket)}. " if state.ticket else ""
    told += f"Times by the clock of {state.time_zone}."
    if left_out:
        told += f" {left_out} labels had no room; the tables name all."
    if older:
        told += f" {older} older marks are not drawn."
    shown = cut(title, size=15, room=WIDTH - 24)
    return [
        words((12, 22), shown, look="title", size=15, room=WIDTH - 24),
        words((12, 40), told, look="label", size=_SMALL, room=WIDTH - 24),
    ]


def _axis(sheet: _Sheet, *, bottom: int) -> list[Shape]:
    """Days, hours and cut gaps, behind everything else."""
    scale = sheet.scale
    shapes = [lines([((LEFT, _AXIS), (RIGHT, _AXIS))], look="axis")]
    hours = Labels(_TICKS, levels=1, left=LEFT - 20, right=WIDTH - 4)
    for gap in scale.gaps:
        sheet.used["gap"] = None
        shapes.append(box((gap.left, _AXIS), (gap.right - gap.left, bottom - _AXIS), look="gap"))
        told = _lasting_short(gap.lasted.total_seconds())
        width = pixels(told, size=_SMALL)
        x = (gap.left + gap.right - width) // 2
        if width <= gap.right - gap.left and hours.take(x, width):
            shapes.append(words((x, _TICKS), told, look="gap-label", size=_SMALL, centred=True))
    shapes += _hours(scale, hours)
    shapes += _days(scale, bottom=bottom)
    return shapes


def _lasting_short(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 2880:
        return f"{round(minutes / 1440)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _hours(scale: Scale, hours: Labels) -> list[Shape]:
    shapes = []
    for tick in scale.ticks(apart=58):
        x = scale.at(tick)
        told = tick.astimezone(scale.zone).strftime("%H:%M")
        width = pixels(told, size=_SMALL)
        if hours.take(x - width // 2, width):
            shapes.append(lines([((x, _AXIS - 4), (x, _AXIS))], look="axis"))
            place = (x - width // 2, _TICKS)
            shapes.append(words(place, told, look="tick", size=_SMALL, centred=True))
    return shapes


def _days(scale: Scale, *, bottom: int) -> list[Shape]:
    """The date where the axis begins, at each midnight and after a gap of many days, as far as they
    stand apart. Within such a gap its midnights would be a hatching that says nothing.
    """
    shapes: list[Shape] = []
    names = Labels(_DAYS, levels=1, left=LEFT - 4, right=WIDTH - 4)
    midnights = {scale.at(day): day for day in scale.days(apart=_DAY_APART)}
    begun = (scale.moments[0], *scale.resumed(apart=_DAY_APART))
    starts = {scale.at(moment): moment.astimezone(scale.zone) for moment in begun}
    for x, day in sorted({**starts, **midnights}.items()):
        if x in midnights:
            shapes.append(lines([((x, _DAYS - 12), (x, bottom))], look="day"))
        _date(shapes, names, x, day)
    return shapes


def _date(shapes: list[Shape], names: Labels, x: int, day: datetime) -> None:
    told = f"{_WEEKDAYS[day.weekday()]} {day:%Y-%m-%d}"
    width = pixels(told, size=_SMALL)
    for place in (x + 4, x - 4 - width):
        if names.take(place, width):
            shapes.append(words((place, _DAYS), told, look="date", size=_SMALL))
            return


def _bars(sheet: _Sheet, name: str, bars: Iterable[Bar], *, height: int) -> None:
    found = list(bars)
    if not found:
        return
    top = sheet.bottom + 8
    sheet.name(name, middle=top + height // 2)
    labels = Labels(top + height + 13, levels=4, left=LEFT, right=WIDTH - 4)
    for bar in found:
        sheet.used[bar.look] = None
        x = sheet.scale.at(bar.begin)
        end = sheet.scale.at(bar.until) if bar.until else RIGHT
        width = min(max(4, end - x), WIDTH - 4 - x)
        sheet.shapes += _bar((x, top), (width, height), look=bar.look)
        sheet.label(labels, bar.label, at=x)
    sheet.bottom = top + height + 15 * labels.used + 4


def _bar(corner: Point, size: Point, *, look: str) -> list[Shape]:
    return [box(corner, size, look=look), *hatch(corner, size, look=look)]


def _points(sheet: _Sheet, name: str, marks: Iterable[Mark]) -> None:
    found = list(marks)
    if not found:
        return
    middle = sheet.bottom + 16
    sheet.name(name, middle=middle)
    labels = Labels(middle + 21, levels=4, left=LEFT, right=WIDTH - 4)
    for mark in found:
        sheet.used[mark.look] = None
        x = sheet.scale.at(mark.at)
        sheet.shapes += glyph((x, middle), look=mark.look)
        sheet.label(labels, mark.label, at=x - 6)
    sheet.bottom = middle + 8 + 15 * labels.used + 4


def _bins(scale: Scale, marks: Marks, report: RunReport) -> dict[str, dict[int, tuple[int, bool]]]:
    """How many entries of each lane stand at one place, and whether one of them deviates."""
    lanes = {actor: lane.name for lane in marks.lanes for actor in lane.actors}
    found: dict[str, dict[int, tuple[int, bool]]] = {lane.name: {} for lane in marks.lanes}
    for line in entries(report):
        bins, number = found[lanes[line.actor]], (scale.at(line.happened_at) - LEFT) // _BIN
        count, deviating = bins.get(number, (0, False))
        bins[number] = count + 1, deviating or deviates(line)
    return found


def _people(sheet: _Sheet, lane: Lane, bins: dict[int, tuple[int, bool]]) -> None:
    """Entries of one person; those that would touch stand together under one number."""
    middle = sheet.bottom + 4 + _LANE // 2
    sheet.name(lane.name, middle=middle)
    sheet.shapes.append(lines([((LEFT, middle), (RIGHT, middle))], look="lane"))
    for number, (count, deviating) in sorted(bins.items()):
        x = min(LEFT + number * _BIN + _BIN // 2, RIGHT)
        look = "deviation" if deviating else "dot"
        sheet.used[look] = None
        sheet.shapes += (
            glyph((x, middle), look=look) if deviating else [ring((x, middle), 7, look=look)]
        )
        told = str(count) if count < 100 else "99"
        if count > 1:
            width = pixels(told, size=8)
            place = (x - width // 2, middle + 3)
            sheet.shapes.append(words(place, told, look="count", size=8, centred=True))
    sheet.bottom += _LANE + 4


def _legend(sheet: _Sheet) -> None:
    """What the shapes mean, each beside its name."""
    x, y = 12, sheet.bottom + 20
    for look, told in _LEGEND.items():
        if look not in sheet.used:
            continue
        width = pixels(told, size=_SMALL)
        if x + 26 + width > WIDTH - 12:
            x, y = 12, y + 20
        sheet.shapes += _sample(x, y, look=look)
        sheet.shapes.append(words((x + 24, y + 4), told, look="label", size=_SMALL))
        x += 24 + width + 16
    sheet.bottom = y + 16


def _sample(x: int, y: int, *, look: str) -> list[Shape]:
    if look == "dot":
        return [ring((x + 9, y), 6, look=look)]
    if look in {"deviation", "clear", "trouble", "unsure", "call"}:
        return glyph((x + 9, y), look=look)
    height = _WAIT if look == "wait" else 12
    return _bar((x, y - height // 2), (18, height), look=look)


def _told(marks: Marks, report: RunReport, zone: ZoneInfo) -> str:
    """The picture in words, for those who do not see it."""

    def time(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    told = [f"{len(report.lines)} entries."]
    told += [f"Attempt {bar.label}, from {time(bar.begin)}." for bar in marks.attempts]
    told += [f"Wait {bar.label}, from {time(bar.begin)}." for bar in marks.waits]
    told += [f"Service health {mark.label} at {time(mark.at)}." for mark in marks.health]
    told += [f"{mark.label} at {time(mark.at)}." for mark in marks.calls]
    told += [f"{lane.name}: {lane.entries} entries." for lane in marks.lanes]
    text = " ".join(told)
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS].rstrip()}…"

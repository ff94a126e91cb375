"""Evidence on the page: its pictures inside the file itself, everything else as a table.

A picture is read when its turn comes, so no more than one of them is in memory.
"""

import base64
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from runbook.domain.report import Exhibit, RunReport
from runbook.exports import evidence_words as words
from runbook.exports.escaping import shown, shown_line
from runbook.exports.evidence_words import GONE, Pictures, Room, kind_of_picture
from runbook.exports.format import Handout
from runbook.exports.markup import Markup, element, empty

#: A page of this weight still opens at once, and goes by mail.
ROOM = Room(bytes=20 * 1024 * 1024, pixels=160_000_000)
_TYPES = {"png": "image/png", "jpg": "image/jpeg"}


def pictures_on_page(handout: Handout) -> Pictures:
    """The pictures that fit into the page; none for a recipient outside the team."""
    if handout.pictures is None:
        return Pictures()
    exhibits = handout.report.exhibits
    fitting = ROOM.holds(exhibits)
    left_out = (each.number for each in exhibits if each.number not in fitting)
    return Pictures(
        read=handout.pictures, numbers=fitting, instead=dict.fromkeys(left_out, ROOM.told)
    )


def figures(report: RunReport, pictures: Pictures) -> Iterator[Markup]:
    """Each picture with its words, one after the other."""
    for each in report.exhibits:
        if pictures.read is not None and each.number in pictures.numbers:
            yield _figure(each, pictures.read(each.digest), ZoneInfo(report.state.time_zone))


def _figure(each: Exhibit, content: bytes | None, zone: ZoneInfo) -> Markup:
    told = (words.measures(each), ", ".join(words.handed_in(each, zone)), f"SHA-256 {each.digest}")
    lines = "\n".join(("", *map(shown_line, told)))
    heading = f"Evidence {each.number}: {shown_line(words.place(each))}"
    return element(
        "figure",
        element("h3", heading, dir="auto"),
        element("p", shown(each.caption), dir="auto") if each.caption else None,
        _image(each, content),
        # A name from the right must not turn the lines below it.
        element("figcaption", element("bdi", shown_line(each.name)), lines, class_="soft"),
        id=f"evidence-{each.number}",
    )


def _image(each: Exhibit, content: bytes | None) -> Markup:
    kind = kind_of_picture(content)
    if content is None or kind is None:
        return element("p", GONE)
    return empty(
        "img",
        src=f"data:{_TYPES[kind]};base64,{base64.b64encode(content).decode()}",
        alt=shown_line(each.caption) or shown_line(words.place(each)),
        width=each.width,
        height=each.height,
    )


def rows(report: RunReport, pictures: Pictures) -> Iterator[tuple[str | Markup, ...]]:
    """What is listed: everything but the pictures on the page."""
    zone = ZoneInfo(report.state.time_zone)
    for each in report.exhibits:
        if each.number not in pictures.numbers:
            what = (shown_line(words.place(each)), shown(each.caption), shown_line(each.name))
            yield (
                str(each.number),
                _lines(*what),
                _lines(*map(shown, words.content_told(each, report, pictures=pictures))),
                _lines(*map(shown_line, words.handed_in(each, zone))),
            )


def _lines(*parts: str) -> Markup:
    return element("div", "\n".join(part for part in parts if part), class_="lines")

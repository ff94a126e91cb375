"""Evidence on paper: pictures of bounded weight with all their pixels, everything else as a list.

A picture that is not printed is listed with the reason and where to find it; nothing is left out
without a word.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from runbook.domain.report import Exhibit, RunReport
from runbook.exports import evidence_words as words
from runbook.exports.escaping import shown, shown_line
from runbook.exports.evidence_words import GONE, WHERE, Pictures, Room, kind_of_picture
from runbook.exports.format import Handout
from runbook.exports.glyphs import named_if_missing
from runbook.exports.paper_words import fit

#: Pixels are what setting takes memory for: some four bytes each.
ROOM = Room(bytes=60 * 1024 * 1024, pixels=160_000_000)
#: Pieces that are listed.
MOST_ROWS = 1_000
NOT_SET = "Not shown: the pictures were too much for one paper."
NO_PICTURES = Pictures()
#: Characters that surely fit into a line, by the width that the layout gives it.
_WIDE, _CELL, _SIDE = 90, 40, 18


def print_pictures(handout: Handout, folder: Path) -> Pictures:
    """Puts the pictures into the folder, one after the other, as long as there is room for them."""
    if handout.pictures is None:
        return NO_PICTURES
    fitting = ROOM.holds(handout.report.exhibits)
    printed: set[int] = set()
    instead: dict[int, str] = {}
    for each in handout.report.exhibits:
        if each.is_picture and each.number not in fitting:
            instead[each.number] = ROOM.told
        elif each.is_picture and _put(each, handout.pictures(each.digest), folder):
            printed.add(each.number)
        elif each.is_picture:
            instead[each.number] = GONE
    return Pictures(read=handout.pictures, numbers=frozenset(printed), instead=instead)


def _put(each: Exhibit, content: bytes | None, folder: Path) -> bool:
    kind = kind_of_picture(content)
    if content is None or kind is None:
        return False
    (folder / f"{each.number}.{kind}").write_bytes(content)
    return True


def without_pictures(printed: Pictures) -> Pictures:
    """The same paper with none of its pictures, each with a word on why."""
    reasons = dict.fromkeys(printed.numbers, f"{NOT_SET} {WHERE}")
    return replace(printed, numbers=frozenset(), instead={**printed.instead, **reasons})


def evidence(report: RunReport, printed: Pictures, *, folder: Path | None) -> dict[str, Any]:
    """What the paper says of evidence; the pictures that are printed lie in the folder."""
    zone = ZoneInfo(report.state.time_zone)
    others = [each for each in report.exhibits if each.number not in printed.numbers]
    return {
        "summary": words.summary(report, printed),
        "pictures": [
            _picture(each, _format(folder, each), zone)
            for each in report.exhibits
            if folder and each.number in printed.numbers
        ],
        "heads": list(words.HEADS),
        "told": _rows_told(len(others)),
        "rows": [_row(each, report, printed) for each in others[-MOST_ROWS:]],
    }


def _format(folder: Path, each: Exhibit) -> str:
    return "png" if (folder / f"{each.number}.png").exists() else "jpg"


def _rows_told(count: int) -> str:
    if count <= MOST_ROWS:
        return ""
    return (
        f"Of {count:,} of these the newest {MOST_ROWS:,} are on paper. The web page lists all of "
        "them."
    )


def _picture(each: Exhibit, kind: str, zone: ZoneInfo) -> dict[str, Any]:
    place = shown_line(words.place(each))
    return {
        "number": each.number,
        "place": fit(place, room=_WIDE),
        "caption": fit(shown(each.caption), room=_WIDE),
        "format": kind,
        "width": max(1, each.width),
        "height": max(1, each.height),
        "alt": named_if_missing(shown_line(each.caption) or place),
        "name": fit(shown_line(each.name), room=_WIDE),
        "measures": words.measures(each),
        "handed": fit(shown_line(", ".join(words.handed_in(each, zone))), room=_WIDE),
        "digest": f"SHA-256 {each.digest}",
    }


def _row(each: Exhibit, report: RunReport, printed: Pictures) -> list[str]:
    zone = ZoneInfo(report.state.time_zone)
    what = (shown_line(words.place(each)), shown(each.caption), shown_line(each.name))
    content = (shown(part) for part in words.content_told(each, report, pictures=printed))
    handed = (shown_line(part) for part in words.handed_in(each, zone))
    return [
        str(each.number),
        fit("\n".join(part for part in what if part), room=_CELL),
        fit("\n".join(content), room=_CELL),
        fit("\n".join(handed), room=_SIDE),
    ]

"""The data of an import job: XML whose `result` elements say how each component fared.

The component is the parent of its result. Where every failure carries its time, the earliest is
first; otherwise the order of the file holds.
"""

from datetime import datetime, timedelta

from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.surfaces.handed import Handed, LogRow, Rows, Surface, shortened
from runbook.domain.diagnosis.surfaces.html_text import plain_characters
from runbook.domain.diagnosis.surfaces.limits import ATTRIBUTES, NODE
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.xml_feed import CUT_OFF, check_element, feed
from runbook.domain.patterns import Pattern

_USUAL = 50
"""A result and its component take thrice as many bytes."""

_ROOT = b"<importexportxml"
_RESULT = b"<result "
_ATTRIBUTE = Pattern(r'([a-z]{1,40})="([^"]*)')
_NAMES = ("LocalizedName", "localizedname", "name", "Name", "UniqueName", "uniquename")
_IDS = ("id", "Id", "ID", "guid")


def looks_like(paste: Paste) -> bool:
    """Whether the root of an import job, or results of components, stand in it."""
    return _ROOT in paste.data or (_RESULT in paste.data and b"errorcode=" in paste.data)


def read(paste: Paste) -> Handed | None:
    """The failing results with their components; nothing if it holds no result at all."""
    data = _beginning(paste.data)
    walk = _Walk()
    note = feed(
        data,
        start=walk.start,
        end=walk.end,
        is_utf8=paste.is_text,
        bytes_of_an_element=_USUAL,
    )
    if note == CUT_OFF:
        walk.end_early(data)
    if not walk.rows.seen:
        return None
    if all(walk.ticks):
        order = sorted(zip(walk.ticks, range(len(walk.ticks)), strict=True))
        walk.rows.failing = [walk.rows.failing[place] for _, place in order]
    return walk.rows.handed(Surface.IMPORT_JOB, notes=(note,) if note else ())


def _beginning(data: bytes) -> bytes:
    """From the root on, or from the first tag inside one root if the beginning was cut off."""
    root = data.find(_ROOT)
    if root >= 0:
        declared = data.find(b"<?xml", 0, root)
        hostile = data.find(b"<!", 0, root)
        starts = [place for place in (declared, hostile) if place >= 0]
        return data[min(starts, default=root) :]
    first = max(data.find(b"?>") + 2, data.find(b"<")) if b"<?xml" in data else data.find(b"<")
    return _ROOT + b">" + data[max(first, 0) :]


class _Walk:
    """The handlers: the way from the root to here, and the rows."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.ticks: list[int] = []
        self._way: list[tuple[str, list[str]]] = []

    def start(self, tag: str, attributes: list[str]) -> None:
        """An element begins."""
        self._way.append((tag, attributes))
        check_element(len(self._way), attributes)
        if tag == "result":
            self._result(dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def end(self, tag: str) -> None:
        """An element ends."""
        self._way.pop()

    def end_early(self, data: bytes) -> None:
        """The file broke off: a result whose tag is not closed still counts."""
        place = data.rfind(b"<result ", max(0, len(data) - NODE))
        if place < 0 or b">" in data[place:]:
            return
        tag = data[place:].decode("utf-8", "replace")
        values = {
            str(match.group(1)): plain_characters(match.group(2) or "")
            for match in _ATTRIBUTE.find(tag, limit=ATTRIBUTES)
        }
        self._way.append(("result", []))
        self._result(values)

    def _result(self, result: dict[str, str]) -> None:
        self.rows.seen += 1
        word = result.get("result", "").strip().lower()
        if word == "success":
            return
        warning = word == "warning"
        if word and not warning and self.rows.is_full:
            self.rows.pass_over()
            return
        code = normal_code(result.get("errorcode", "")) or ""
        if not word and not code:
            return
        ticks = result.get("datetimeticks", "")
        number = int(ticks) if ticks.isascii() and ticks.isdigit() and len(ticks) < 20 else 0
        kept = len(self.rows.failing)
        self.rows.add(self._row(result, code=code, ticks=number), warning=warning)
        self.ticks += [number] * (len(self.rows.failing) - kept)

    def _row(self, result: dict[str, str], *, code: str, ticks: int) -> LogRow:
        parent, flat = self._way[-2] if len(self._way) > 1 else ("", [])
        component = dict(zip(flat[::2], flat[1::2], strict=True))
        return LogRow(
            time=_time_of(ticks),
            item_type=parent[:100],
            id=_first(component, _IDS)[:100],
            name=_first(component, _NAMES)[:200],
            status=result.get("result", "")[:40],
            code=code,
            text=shortened(result.get("errortext", "").strip()),
        )


def _first(values: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((values[key] for key in keys if values.get(key)), "")


def _time_of(ticks: int) -> str:
    """A count of ten-millionths of a second since year 1, as date and time."""
    try:
        moment = datetime(1, 1, 1) + timedelta(microseconds=ticks // 10)  # noqa: DTZ001
    except OverflowError:
        return ""
    return moment.isoformat(sep=" ", timespec="seconds") if ticks else ""

"""The downloaded import log: SpreadsheetML, whatever its file is called.

Columns are found by the names of cells, by an English heading, or by their place, since headings are
localised and the rest is not. Rows that failed are kept, `Unprocessed` rows are passed over.
"""

from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.surfaces.handed import Handed, LogRow, Rows, Surface, shortened
from runbook.domain.diagnosis.surfaces.limits import LOG_ELEMENTS
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.xml_feed import check_element, feed

COLUMNS = (
    *("time", "itemtype", "id", "name", "localizedname", "originalname", "description"),
    *("status", "errorcode", "errortext"),
)
FAILED = frozenset({"failure", "failed", "error"})
WARNED = frozenset({"warning"})
FINE = frozenset({"processed", "unprocessed", "success", "succeeded", "information", "skipped"})

_MARKS = (
    b"urn:schemas-microsoft-com:office:spreadsheet",
    b"<Workbook",
    b"<ss:Workbook",
    b"<ss:Row",
)
_BEGINNINGS = (
    b"<?xml",
    b"<Workbook",
    b"<ss:Workbook",
    b"<ss:Worksheet",
    b"<ss:Row",
    b"<Row",
    b"<?mso-application",
)
_CELLS = 64


def looks_like(paste: Paste) -> bool:
    """Whether the marks of a spreadsheet in XML stand in it."""
    return any(mark in paste.data for mark in _MARKS)


def read(paste: Paste) -> Handed | None:
    """The failing rows of the log; what stands before and after the spreadsheet is left out."""
    places = [place for mark in _BEGINNINGS if (place := paste.data.find(mark)) >= 0]
    begin = min(places, default=0)
    data = paste.data[begin:] if begin else paste.data
    if not data.startswith(
        (b"<?", b"<Workbook", b"<ss:Workbook", b"\xef\xbb\xbf", b" ", b"\n", b"\r")
    ):
        data = b"<Workbook>" + data  # the beginning was cut off
    sheet = _Sheet()
    note = feed(
        data,
        start=sheet.start,
        end=sheet.end,
        characters=sheet.characters,
        is_utf8=paste.is_text,
        elements=LOG_ELEMENTS,
    )
    if not sheet.rows.seen:
        return None
    return sheet.rows.handed(Surface.IMPORT_LOG, notes=(note,) if note else ())


class _Sheet:
    """The handlers: one row at a time, nothing of a row that went well is kept."""

    def __init__(self) -> None:
        self.rows = Rows()
        self._depth = 0
        self._inside = False
        self._pieces: list[str] = []
        self._cells: list[str] = []
        self._names: list[str] = []
        self._columns = COLUMNS
        self._kinds: dict[str, str] = {}

    def start(self, tag: str, attributes: list[str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > 12 or len(attributes) > 8:
            check_element(self._depth, attributes)
        kind = self._kinds.get(tag) or self._kind(tag)
        if kind == "Data":
            self._inside = True
        elif kind == "Cell":
            if attributes:
                self._place(attributes)
        elif kind == "Row":
            self._cells, self._names = [], []
        elif kind == "Worksheet":
            self._columns = COLUMNS

    def characters(self, text: str) -> None:
        """Text; kept only inside a cell's data."""
        if self._inside:
            self._pieces.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        kind = self._kinds.get(tag)
        if kind == "Data":
            self._inside = False
        elif kind == "Cell":
            if len(self._cells) < _CELLS:
                self._cells.append("".join(self._pieces))
            self._pieces.clear()
        elif kind == "Row":
            self._row()

    def _kind(self, tag: str) -> str:
        kind = tag.rpartition(":")[2]
        if len(self._kinds) < 100:
            self._kinds[tag] = kind
        return kind

    def _place(self, attributes: list[str]) -> None:
        """A cell may name its column, or skip some by its number."""
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            attribute = key.rpartition(":")[2].lower()
            if attribute == "name":
                self._names += [""] * (len(self._cells) - len(self._names)) + [value.lower()]
            elif attribute == "index" and value.isascii() and value.isdigit() and len(value) < 4:
                missing = min(int(value) - 1, _CELLS) - len(self._cells)
                self._cells += [""] * max(0, missing)

    def _row(self) -> None:
        if not self._cells:
            return
        self.rows.seen += 1
        named = sum(name in COLUMNS for name in self._names) >= 3
        words = tuple("".join(cell.lower().split()) for cell in self._cells)
        if sum(word in COLUMNS for word in words) >= 3:
            self._columns = words
            return
        cells = dict(zip(self._names if named else self._columns, self._cells, strict=False))
        status = cells.get("status", "").strip()
        code = normal_code(cells.get("errorcode", "")) or ""
        warning = status.lower() in WARNED
        if warning or status.lower() in FAILED or (code and status.lower() not in FINE):
            self.rows.add(_log_row(cells, status=status, code=code), warning=warning)


def _log_row(cells: dict[str, str], *, status: str, code: str) -> LogRow:
    return LogRow(
        time=cells.get("time", "").strip()[:40],
        item_type=cells.get("itemtype", "").strip()[:100],
        id=cells.get("id", "").strip()[:100],
        name=(cells.get("name") or cells.get("localizedname") or "").strip()[:200],
        status=status[:40],
        code=code,
        text=shortened((cells.get("errortext") or cells.get("description") or "").strip()),
    )

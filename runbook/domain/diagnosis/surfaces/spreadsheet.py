"""The downloaded import log: SpreadsheetML, whatever its file is called.

Columns are found by the names of cells, by an English heading, or by their place, since headings are
localised and the rest is not. Rows that failed are kept, `Unprocessed` rows are passed over.
"""

from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.surfaces.handed import (
    Handed,
    LogRow,
    Rows,
    Surface,
    Unreadable,
    shortened,
)
from runbook.domain.diagnosis.surfaces.limits import LOG_ELEMENTS, NODE, TEXT
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.xml_feed import TOO_LONG, check_element, feed

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
_WHOLE = (b"<?", b"<!", b"<Workbook", b"<ss:Workbook", b"\xef\xbb\xbf", b" ", b"\n", b"\r")
_CELLS = 64
_STATUS = COLUMNS.index("status")
_PASSED_OVER = frozenset({"Processed", "Unprocessed"})
_TAGS = 100
_USUAL_DEPTH = 12
_USUAL_ATTRIBUTES = 8
_KNOWN_WORDS = 3
"""A row that holds as many names of columns is the heading, whatever the language of the rest."""


def looks_like(paste: Paste) -> bool:
    """Whether the marks of a spreadsheet in XML stand in it."""
    return any(mark in paste.data for mark in _MARKS)


def read(paste: Paste) -> Handed | None:
    """The failing rows of the log; what stands before and after the spreadsheet is left out."""
    places = [place for mark in _BEGINNINGS if (place := paste.data.find(mark, 0, TEXT)) >= 0]
    begin = min(places, default=0)
    data = paste.data[begin:] if begin else paste.data
    if not data.startswith(_WHOLE):
        data = b"<Workbook>" + data  # the beginning was cut off
    sheet = _Sheet()
    note = feed(
        data,
        start=sheet.start,
        end=sheet.end,
        characters=sheet.pieces.append,
        is_utf8=paste.is_text,
        elements=LOG_ELEMENTS,
    )
    if note:
        sheet.end_early()
    if not sheet.rows.seen:
        return None
    return sheet.rows.handed(Surface.IMPORT_LOG, notes=(note,) if note else ())


class _Sheet:
    """The handlers of the parser: one row at a time, nothing of a row that went well is kept.

    `pieces` takes all text as it comes; it is emptied where the data of a cell begins.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.pieces: list[str] = []
        self._columns: tuple[str, ...] = COLUMNS
        self._cells: list[str] = []
        self._names: list[str] = []
        self._depth = 0
        self._kinds: dict[str, str] = {}

    @property
    def _usual(self) -> bool:
        return self._columns == COLUMNS

    def start(self, tag: str, attributes: list[str]) -> None:
        """An element begins; this runs a million times for one log, so it does little."""
        self._depth += 1
        if self._depth > _USUAL_DEPTH or len(attributes) > _USUAL_ATTRIBUTES:
            check_element(self._depth, attributes)
        kind = self._kinds.get(tag) or self._kind(tag)
        if kind == "Data":
            self.pieces.clear()
        elif kind == "Cell":
            if len(attributes) == 2 and attributes[0] == "ss:Name":
                self._names.append(attributes[1])
            elif attributes:
                self._place(attributes)
        elif kind == "Row":
            self._cells, self._names = [], []
        elif kind == "Worksheet":
            self._columns = COLUMNS

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        kind = self._kinds.get(tag)
        if kind == "Cell":
            text = "".join(self.pieces)
            self.pieces.clear()
            if len(text) > NODE:
                raise Unreadable(TOO_LONG)
            if len(self._cells) < _CELLS:
                self._cells.append(text)
        elif kind == "Row":
            cells = self._cells
            if len(cells) == len(COLUMNS) and cells[_STATUS] in _PASSED_OVER and self._usual:
                self.rows.seen += 1
            else:
                self._row()
            self._cells = []

    def end_early(self) -> None:
        """The file broke off: what was read of the last row counts."""
        if self.pieces:
            self._cells.append("".join(self.pieces))
        self._row()

    def _kind(self, tag: str) -> str:
        kind = tag.rpartition(":")[2]
        if len(self._kinds) < _TAGS:
            self._kinds[tag] = kind
        return kind

    def _place(self, attributes: list[str]) -> None:
        """A cell may name its column, or skip some by its number."""
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            attribute = key.rpartition(":")[2].lower()
            if attribute == "name":
                self._names += [""] * (len(self._cells) - len(self._names)) + [value]
            elif attribute == "index" and value.isascii() and value.isdigit() and len(value) < 4:
                missing = min(int(value) - 1, _CELLS) - len(self._cells)
                self._cells += [""] * max(0, missing)

    def _row(self) -> None:
        if not self._cells:
            return
        self.rows.seen += 1
        cells = self._by_column()
        status = cells.get("status", "").strip()
        word = status.lower()
        if word in FINE or self._is_heading():
            return
        code = normal_code(cells.get("errorcode", "")) or ""
        if word in WARNED or word in FAILED or code:
            self.rows.add(_log_row(cells, status=status, code=code), warning=word in WARNED)

    def _by_column(self) -> dict[str, str]:
        names = self._columns
        if len(self._names) == len(self._cells) and "Status" in self._names:
            names = tuple(name.lower() for name in self._names)
        return dict(zip(names, self._cells, strict=False))

    def _is_heading(self) -> bool:
        words = tuple("".join(cell.lower().split()) for cell in self._cells)
        if sum(word in COLUMNS for word in words) < _KNOWN_WORDS:
            return False
        self._columns = words if {"errorcode", "errortext"} <= set(words) else COLUMNS
        return True


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

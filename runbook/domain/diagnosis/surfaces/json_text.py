"""Answers of services as JSON: errors, operations and history rows, nested, escaped or cut off.

Fields become lines with labels that the engine knows; JSON inside strings is followed. Of a list
of rows only those that failed are kept, in their order.
"""

import json
from collections.abc import Iterator

from runbook.domain.diagnosis.codes import normal_code
from runbook.domain.diagnosis.surfaces.handed import Handed, LogRow, Surface, shortened
from runbook.domain.diagnosis.surfaces.limits import (
    JSON_DEPTH,
    JSON_FIELDS,
    JSON_INNER_TRIES,
    JSON_TRIES,
    PARTS,
    ROWS,
    TEXT,
)
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.plain_text import as_text
from runbook.domain.diagnosis.surfaces.xml_feed import CUT_OFF
from runbook.domain.patterns import Pattern

Field = tuple[str, object]

_PAIR = Pattern(
    r'"([\w@.$ -]{1,120})"\s{0,20}:\s{0,20}(?:"((?:[^"\\]|\\.)*)(?:"|\\?$)|(-?[0-9]{1,20}|true|false))'
)
_LABELS = (
    ("activityid", "Activity Id"),
    ("clientrequestid", "Client Request Id"),
    ("correlationrequestid", "Correlation Id"),
    ("correlationid", "Correlation Id"),
    ("trackingid", "Tracking Id"),
    ("asyncoperationid", "Async Operation Id"),
    ("jobid", "Import Job Id"),
    ("sessionid", "Session Id"),
)
_CODES = ("errorcode", "suberrorcode", "code", "hresult", "exceptioncode")
_TEXTS = (
    *("exceptionmessage", "message", "friendlymessage", "errormessage", "errortext", "detail"),
    *("errordescription", "innererrormessage", "reason", "title"),
)
_HOLDERS = frozenset({"error", "errors", "innererror"})
_TELLING = frozenset((*_CODES, *_TEXTS, *_HOLDERS, "statuscode", "result"))
_FINE = frozenset({"success", "succeeded", "true", "completed", "passed", "warning"})
_BAD = frozenset({"failure", "failed", "false", "error", "31"})


def looks_like(paste: Paste) -> bool:
    """Whether a line begins an object or a list, and fields stand in it."""
    if len(paste.data) > 4 * TEXT or b'"' not in paste.data or b":" not in paste.data:
        return False
    head = paste.head
    return (
        head.startswith((b"{", b"[", b'"{', b'"[')) or b"\n{" in paste.data or b"\n[" in paste.data
    )


def read(paste: Paste) -> Handed | None:
    """The fields of every document that tells of an error; nothing if none does."""
    text = paste.text.strip()
    documents, around = _documents(text)
    records = [fields for value in documents for fields in _records(value)]
    notes: tuple[str, ...] = ()
    if not documents and text.startswith(("{", "[", '"{')):
        records, notes, around = [_fields_of_a_stump(text)], (CUT_OFF,), ""
    records = [fields for fields in records if any(_key(name) in _TELLING for name, _ in fields)]
    failed = [fields for fields in records if _failed(fields)]
    parts = tuple(filter(None, (_text(fields) for fields in failed or records[:1])))
    if not parts:
        return None
    if not failed:
        notes += ("No object in it tells of a failure.",)
    if len(parts) > PARTS:
        notes += (f"{len(parts)} objects tell of an error; the first {PARTS} are read.",)
    beside = as_text(around, kind=Surface.PORTAL_TEXT)
    parts = parts[:PARTS] + (beside.parts if beside.kind is Surface.PORTAL_TEXT else ())
    rows = tuple(_row(fields) for fields in failed[:ROWS]) if len(records) > 1 else ()
    whole = "\n\n".join(filter(None, (*parts, "" if beside.parts[0] in parts else around.strip())))
    return Handed(kind=Surface.JSON, text=whole, rows=rows, parts=parts, notes=notes)


def _documents(text: str) -> tuple[list[object], str]:
    """The documents of a text and what stands around them."""
    whole = _loaded(text)
    if whole is not None:
        return [whole], ""
    decoder = json.JSONDecoder()
    found: list[object] = []
    around, place = [], 0
    for start in _beginnings(text):
        if start < place:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        found.append(value)
        around.append(text[place:start])
        place = end
    return found, "".join((*around, text[place:]))


def _beginnings(text: str) -> Iterator[int]:
    """Where lines begin with an object or a list, a bounded number of them."""
    place, tries = 0, 0
    while tries < JSON_TRIES and 0 <= place < len(text):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)]
        stripped = line.lstrip()
        if stripped.startswith(("{", "[")):
            tries += 1
            yield place + len(line) - len(stripped)
        place = end + 1 if end >= 0 else len(text)


def _loaded(text: str) -> object:
    """A document, also one that was turned into a string again; None if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, str):
        return _loaded(value) if value.startswith(("{", "[")) else None
    return value if isinstance(value, dict | list) else None


def _records(value: object) -> list[list[Field]]:
    """A list of rows gives one record each; everything else is one record."""
    if isinstance(value, dict):
        rows = next((v for k, v in value.items() if k == "value" and isinstance(v, list)), None)
        value = rows if rows is not None and "error" not in value else value
    if isinstance(value, list):
        return [_flat(row) for row in value[: 10 * ROWS] if isinstance(row, dict)]
    return [_flat(value)]


def _flat(value: object) -> list[Field]:
    """All fields of a value in their order, those of inner objects and inner JSON too."""
    fields: list[Field] = []
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting and len(fields) < JSON_FIELDS:
        name, inner, depth = waiting.pop()
        if isinstance(inner, str) and inner.lstrip().startswith(("{", "[")) and depth < JSON_DEPTH:
            inner = _loaded(inner.strip()) or inner
        if isinstance(inner, dict | list) and depth >= JSON_DEPTH:
            continue
        if isinstance(inner, dict | list) and inner and _key(name) in _HOLDERS:
            fields.append((name, ""))
        if isinstance(inner, dict):
            waiting += [(str(key), each, depth + 1) for key, each in reversed(inner.items())]
        elif isinstance(inner, list):
            waiting += [(name, each, depth + 1) for each in reversed(inner[:JSON_FIELDS])]
        else:
            fields.append((name, inner))
    return fields


def _fields_of_a_stump(text: str) -> list[Field]:
    """The fields of a document that is cut off, as far as they are whole, and the last one."""
    fields: list[Field] = []
    tries = 0
    for match in _PAIR.find(text, limit=JSON_FIELDS):
        name, words, plain = match.groups()
        value = _unescaped(words) if words is not None else plain
        inner: list[Field] = []
        if value and value.lstrip().startswith("{") and tries < JSON_INNER_TRIES:
            tries += 1
            inner = _flat(value)
        fields += inner if len(inner) > 1 else [(str(name), value)]
    return fields


def _unescaped(words: str) -> str:
    if "\\" not in words:
        return words
    try:
        return str(json.loads(f'"{words}"', strict=False))
    except ValueError:
        return words.replace('\\"', '"').replace("\\n", "\n")


def _key(name: str) -> str:
    """The name of a field without prefix, case and punctuation."""
    name = name.lower().rpartition("errordetails.")[2].removeprefix("msdyn_").removeprefix("x-ms-")
    name = name.removeprefix("@microsoft.powerapps.cds.")
    return "".join(char for char in name if char.isalnum())


def _failed(fields: list[Field]) -> bool:
    """Whether a record tells of a failure: a code, a bad result, or an object called error."""
    found = {
        _key(name): str(value).lower() for name, value in reversed(fields) if value is not None
    }
    if any(normal_code(found.get(key, "")) for key in _CODES) or _HOLDERS & found.keys():
        return True
    if any(found.get(key, "") in _BAD for key in ("result", "statuscode", "status", "succeeded")):
        return True
    if any(found.get(key, "") in _FINE for key in ("result", "statuscode", "status")):
        return False
    return any(found.get(key, "none") not in ("", "none") for key in _TEXTS)


def _text(fields: list[Field]) -> str:
    lines = {line: None for name, value in fields if (line := _line(name, value))}
    return "\n".join(lines)


def _line(name: str, value: object) -> str:
    """One field as a line with a label that the engine knows; empty if it says nothing."""
    key, words = _key(name), str(value).strip()
    if value is None or not words or "odata" in name:
        return ""
    code = normal_code(words) if any(key.endswith(each) for each in _CODES) else None
    if code:
        return f"Error code: {code}"
    label = next((label for ending, label in _LABELS if key.endswith(ending)), "")
    if label:
        return f"{label}: {words}"
    if key in _TEXTS:
        return words
    if key.endswith("statuscode") or key == "status":
        return f"status code {words}"
    if key.endswith("name") and not words.startswith("{"):
        return f"Item category field name {' '.join(words.replace(':', ' ').replace('.', ' ').split())[:190]}."
    return f"{name}: {words}" if isinstance(value, str) or key in _TELLING else ""


def _row(fields: list[Field]) -> LogRow:
    found = {_key(name): str(value) for name, value in reversed(fields) if value not in (None, "")}

    def first(*keys: str) -> str:
        return next((found[key] for key in keys if key in found), "")

    code = next((code for key in _CODES if (code := normal_code(found.get(key, "")))), "")
    return LogRow(
        time=first("endtime", "completedon", "starttime", "startedon", "timestamp")[:40],
        item_type=first("operationtype", "operation", "suboperation", "type")[:100],
        id=first("activityid", "asyncoperationid", "correlationid", "workflowid", "id")[:100],
        name=first("name", "solutionname", "uniquename")[:200],
        status=first("statuscode", "status", "result")[:40],
        code=code,
        text=shortened(first(*_TEXTS)),
    )

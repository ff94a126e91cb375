"""One fuzz target per parser: any bytes are read or refused with a sentence, in counted work.

Each target takes bytes, so that a property-based run and a coverage-guided fuzzer share it.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

from runbook.domain.diagnosis.surfaces import (
    app_dialog,
    console,
    history_pane,
    html_text,
    importjob,
    json_text,
    kept_rows,
    limits,
    other_xml,
    plain_text,
    spreadsheet,
)
from runbook.domain.diagnosis.surfaces.handed import Handed, Unreadable
from runbook.domain.diagnosis.surfaces.paste import Paste
from runbook.domain.diagnosis.surfaces.recognising import recognise
from tests.domain.diagnosis.surfaces import builders as made

CALLS = 20_000
CALLS_PER_BYTE = 60
"""Most calls for an input: a base and so many for each byte; more is no longer linear."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A parser, inputs to start from and pieces that mean something to it."""

    run: Callable[[bytes], Handed | None]
    seeds: tuple[bytes, ...]
    pieces: tuple[bytes, ...]


def _parser(module: ModuleType) -> Callable[[bytes], Handed | None]:
    def run(data: bytes) -> Handed | None:
        paste = Paste(data)
        module.looks_like(paste)
        handed: Handed | None = module.read(paste)
        return handed

    return run


def _guarded(module: ModuleType) -> Callable[[bytes], Handed | None]:
    """A parser that may only be asked for what looks like its own."""

    def run(data: bytes) -> Handed | None:
        paste = Paste(data)
        handed: Handed | None = module.read(paste) if module.looks_like(paste) else None
        return handed

    return run


_LOG = made.spreadsheet([made.log_row("Failure", "0x80097376", made.GATEWAY)]).encode()
_JOB = made.import_job(("Tea", "failure", "0x80097376", made.GATEWAY, 1)).encode()
_JSON = json.dumps(
    {"error": {"code": "0x80071151", "message": made.BUSY, "x": [{}, None]}}
).encode()
_PANE = f"Fehlercode\n80097376\nAusnahme\n{made.GATEWAY}\nID\n{made.ID}\n28.01.2026 09:01".encode()
_PAC = f"\x1b[31mAsynchronous operation {made.ID} failed\x1b[0m\n2026-05-01T10:11:12Z ##[error]x".encode()
_PAGE = f"<div><p>{made.BUSY}</p><a href='?Error=80097376'>x</a>&amp;&#65;</div>".encode()
_XML = (
    b"<",
    b">",
    b"/>",
    b"</",
    b'="',
    b"<!",
    b"<?xml ",
    b"&#0;",
    b"]]>",
    b"<![CDATA[",
    b"\xff",
    b"ss:",
)

TARGETS = {
    "spreadsheet": Target(
        run=_parser(spreadsheet),
        seeds=(_LOG,),
        pieces=(*_XML, b"<Row>", b"ss:Index='9'", b"Failure"),
    ),
    "importjob": Target(
        run=_parser(importjob), seeds=(_JOB,), pieces=(*_XML, b"<result ", b"failure")
    ),
    "other-xml": Target(run=_parser(other_xml), seeds=(b"<a><b/></a>",), pieces=_XML),
    "reports-zip": Target(
        run=recognise,
        seeds=(made.zip_of({"a.xml": _LOG, "b.txt": b"x"}),),
        pieces=(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff", b"\0\0\0\0"),
    ),
    "json": Target(
        run=_parser(json_text),
        seeds=(_JSON, b"text\n" + _JSON),
        pieces=(b"{", b"}", b"[", b'"', b"\\", b'":', b"\n{", b"1e999", b"null", b"\\u12"),
    ),
    "history-pane": Target(
        run=_parser(history_pane),
        seeds=(_PANE,),
        pieces=(b"\n", b"\t", b": ", b"{", b"80071151", b"-"),
    ),
    "console": Target(
        run=_parser(console),
        seeds=(_PAC,),
        pieces=(b"\x1b[", b"\x1b]", b"m", b"##[", b"\r\n", b"::error "),
    ),
    "html": Target(
        run=_parser(html_text),
        seeds=(_PAGE,),
        pieces=(b"<script", b"<!--", b"-->", b"&#", b";", b"<p "),
    ),
    "kept-rows": Target(
        run=_guarded(kept_rows),
        seeds=(recognise(_LOG).text.encode(),),
        pieces=(b"Item category ", b"\n\n", b" name ", b"Error code: ", b"(", b" at "),
    ),
    "app-dialog": Target(
        run=_parser(app_dialog), seeds=(b"AppForbidden\nSession Id: x",), pieces=(b"\n", b"Id")
    ),
    "plain-text": Target(
        run=_parser(plain_text),
        seeds=(made.GATEWAY.encode(), b"1) it failed: 80071151\n2) x"),
        pieces=(b"\n\n", b"---\n", b"1) ", b"80097376", b" failed"),
    ),
    "recognise": Target(
        run=recognise,
        seeds=(_LOG, _JOB, _JSON, _PANE, _PAC, _PAGE, _LOG.decode().encode("utf-16")),
        pieces=(b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"PK\x03\x04", *_XML),
    ),
}


def check(target: Target, data: bytes) -> None:
    """Runs one input; raises if anything but a sentence comes out, or if it takes too many calls."""
    allowed = CALLS + CALLS_PER_BYTE * len(data)
    with _Counted(allowed):
        handed = _read(target, data)
    if handed is not None:
        assert len(handed.text) <= limits.TEXT
        assert 1 <= len(handed.parts) <= limits.PARTS
        assert len(handed.rows) <= limits.ROWS * limits.ZIP_FILES_READ
        handed.text.encode()


def _read(target: Target, data: bytes) -> Handed | None:
    try:
        return target.run(data)
    except Unreadable as refused:
        if not refused.sentence.endswith("."):
            raise AssertionError(f"No sentence: {refused.sentence!r}") from refused
        return None


class _Counted:
    """Counts calls, of Python and of C, since seconds differ between machines."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._calls = 0
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = sys.getprofile()
        sys.setprofile(self._count)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)
        assert self._calls <= self._allowed, f"{self._calls} calls, {self._allowed} are allowed."

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        self._calls += event in ("call", "c_call")

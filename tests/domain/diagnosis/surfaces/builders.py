"""Builds the logs and answers that the tests hand in; all words and ids are made up."""

import html
import struct
import zlib
from collections.abc import Sequence

from runbook.domain.diagnosis.surfaces.handed import Handed
from runbook.domain.diagnosis.surfaces.recognising import recognise

ID = "41263d72-4dea-ee11-9048-000d3a341e15"
OTHER_ID = "1edb4715-b85b-ed11-9561-0022480819d7"
GATEWAY = (
    f"Error while importing workflow {{{ID}}} type ModernFlow name Tidy up: Flow server error "
    'returned with status code "BadGateway" and details "".'
)
BUSY = (
    "Cannot start the requested operation [Import] because there is another [PublishAll] running "
    "at this moment."
)
PENDING = "Solution manifest import: FAILURE: Holding solution Tea_Upgrade already exists."

HEADING = (
    *("Time", "ItemType", "Id", "Name", "LocalizedName", "OriginalName", "Description"),
    *("Status", "ErrorCode", "ErrorText"),
)
GERMAN = (
    *("Zeit", "Elementtyp", "ID", "Name", "Lokalisierter Name", "Originalname", "Beschreibung"),
    *("Status", "Fehlercode", "Fehlertext"),
)


def log_row(
    status: str,
    code: str = "",
    text: str = "",
    *,
    name: str = "Tea",
    kind: str = "Workflow",
    time: str = "20:34:05.89",
) -> tuple[str, ...]:
    return (time, kind, ID, name, "", "", "", status, code, text)


def spreadsheet(
    rows: Sequence[Sequence[str]],
    *,
    heading: Sequence[str] = HEADING,
    named: bool = False,
    prefix: str = "ss:",
) -> str:
    """SpreadsheetML as the portal offers it; with `named` each cell says its column."""

    def cell(column: str, value: str) -> str:
        name = f' ss:Name="{column}"' if named else ""
        words = html.escape(value)
        return f'<{prefix}Cell{name}><{prefix}Data ss:Type="String">{words}</{prefix}Data></{prefix}Cell>'

    body = "".join(
        f"<{prefix}Row>{''.join(cell(c, v) for c, v in zip(HEADING, row, strict=True))}</{prefix}Row>"
        for row in (heading, *rows)
    )
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        f'<{prefix}Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<{prefix}Worksheet ss:Name="Components"><{prefix}Table>{body}</{prefix}Table>'
        f"</{prefix}Worksheet></{prefix}Workbook>"
    )


def import_job(*components: tuple[str, str, str, str, int]) -> str:
    """The data of an import job; components are (name, result, code, text, ticks)."""
    flows = "".join(
        f'<workflow id="{{{ID}}}" name="{html.escape(name)}" processed="true"><result '
        f'result="{result}" errorcode="{code}" errortext="{html.escape(text)}" '
        f'datetimeticks="{ticks}" /></workflow>'
        for name, result, code, text, ticks in components
    )
    return (
        '<importexportxml start="1" stop="2" progress="80" succeeded="failure"><solutionManifests>'
        '<solutionManifest id="Tea" processed="true"><result result="success" errorcode="0" '
        f'errortext="" /></solutionManifest></solutionManifests><workflows>{flows}</workflows>'
        "</importexportxml>"
    )


def zip_entry(
    name: bytes,
    packed: bytes,
    *,
    size: int,
    crc: int,
    offset: int,
    method: int = 8,
    flags: int = 0,
    mode: int = 0,
) -> tuple[bytes, bytes]:
    """A local header with its bytes, and the line of the directory that points to it."""
    local = struct.pack(
        "<4sHHHHHIIIHH",
        b"PK\x03\x04",
        20,
        flags,
        method,
        0,
        0,
        crc,
        len(packed),
        size,
        len(name),
        0,
    )
    line = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        *(b"PK\x01\x02", 0x0314, 20, flags, method, 0, 0, crc, len(packed), size, len(name)),
        *(0, 0, 0, 0, mode << 16, offset),
    )
    return local + name + packed, line + name


def zip_of(
    files: dict[str, bytes], *, claim: int = 0, flags: int = 0, method: int = 8, mode: int = 0
) -> bytes:
    """A zip made by hand, so that it can lie: `claim` is added to each declared size."""
    body, lines = b"", b""
    for name, content in files.items():
        machine = zlib.compressobj(wbits=-15)
        packed = machine.compress(content) + machine.flush()
        local, line = zip_entry(
            name.encode(),
            packed,
            size=len(content) + claim,
            crc=zlib.crc32(content),
            offset=len(body),
            flags=flags | 0x800,
            method=method,
            mode=mode,
        )
        body += local
        lines += line
    return body + lines + zip_end(len(files), len(lines), start=len(body))


def zip_end(count: int, size: int, *, start: int) -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, start, 0)


def codes_of(handed: Handed) -> list[str]:
    return [row.code for row in handed.rows]


def refusal(content: bytes | str) -> str:
    """The sentence with which something is refused; empty if it is read."""
    try:
        recognise(content)
    except Exception as error:
        return str(getattr(error, "sentence", f"crash: {error!r}"))
    return ""

"""A file instead of a paste: a log's failing rows stay visible, what cannot be read is said."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runbook.domain.vocabulary import RunStage
from runbook.models import Evidence, Run
from tests.web.builders import address, as_shown

RunAt = Callable[[RunStage], Run]

CELLS = "Time|ItemType|Id|Name|LocalizedName|OriginalName|Description|Status|ErrorCode|ErrorText"


def row(*values: str) -> str:
    cells = "".join(f'<Cell><Data ss:Type="String">{value}</Data></Cell>' for value in values)
    return f"<Row>{cells}</Row>"


def import_log(*failures: tuple[str, str, str]) -> bytes:
    """A log in the spreadsheet form of the portal: item type, name and text of each failure."""
    rows = [row(*CELLS.split("|")), row("20:00", "Entity", "", "lamp", "", "", "", "Processed")]
    rows += [
        row("20:01", kind, "", name, "", "", "", "Failure", "0x80048033", text)
        for kind, name, text in failures
    ]
    rows.append(row("20:02", "Role", "", "untouched role", "", "", "", "Unprocessed"))
    return (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="Components">'
        f"<Table>{''.join(rows)}</Table></Worksheet></Workbook>"
    ).encode()


def hand_in(client: Client, run: Run, content: bytes, *, name: str = "log.xml") -> Any:
    data = as_shown(client, "record-attempt", run, {"outcome": "failed"})
    file = SimpleUploadedFile(name, content)
    return client.post(address("record-attempt", run), {**data, "error_file": file})


@pytest.fixture
def importing(run_at: RunAt) -> Run:
    return run_at(RunStage.IMPORTING)


def test_the_failing_rows_of_a_log_stay_visible_the_cause_first(
    as_ana: Client, importing: Run
) -> None:
    log = import_log(
        ("Workflow", "Lamp on", "BadGateway password=hunter2hunter2"),
        ("Workflow", "Lamp off", "It is dark"),
    )

    assert hand_in(as_ana, importing, log).status_code == 302

    text = as_ana.get(f"/runs/{importing.pk}/").content.decode()
    assert "2 rows of the log failed" in text
    assert text.index("Lamp on") < text.index("Lamp off")
    assert "untouched role" not in text
    assert "hunter2" not in text
    assert not [each for each in Evidence.objects.all() if "hunter2" in (each.text or "")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7fELF\x00\x01\x02" * 50,
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_what_cannot_be_read_gets_one_sentence_and_records_nothing(
    as_ana: Client, importing: Run, content: bytes
) -> None:
    before = Run.objects.get(pk=importing.pk).version

    response = hand_in(as_ana, importing, content)

    assert response.status_code == 422
    assert b"invalid-feedback" in response.content
    assert Run.objects.get(pk=importing.pk).version == before


def test_more_than_a_form_may_carry_is_stopped_on_the_way(as_ana: Client, importing: Run) -> None:
    before = Run.objects.get(pk=importing.pk).version

    response = hand_in(as_ana, importing, b"x" * (22 * 1024 * 1024))

    assert response.status_code == 400
    assert Run.objects.get(pk=importing.pk).version == before

"""Import logs and the data of import jobs: the first failing row is the cause, noise is left out."""

import tracemalloc

import pytest

from runbook.domain.diagnosis.engine import diagnose, diagnose_handed
from runbook.domain.diagnosis.surfaces.handed import Surface
from runbook.domain.diagnosis.surfaces.recognising import recognise
from runbook.domain.pack import Pack
from runbook.library import packs
from tests.domain.diagnosis.surfaces.builders import (
    BUSY,
    GATEWAY,
    GERMAN,
    ID,
    OTHER_ID,
    PENDING,
    codes_of,
    import_job,
    log_row,
    spreadsheet,
)

MEBIBYTE = 1024 * 1024
ROWS = [
    log_row("Processed"),
    log_row("Failure", "0x80097376", GATEWAY, name="Missing dependency check"),
    log_row("Unprocessed", "0x80048034", "Missing dependencies"),
    log_row("Failure", "0x80071151", BUSY),
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs()["coe_starter_kit"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "str"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("prefix", ["ss:", ""])
def test_failing_rows_of_a_log_in_any_encoding(named: bool, prefix: str, encoding: str) -> None:
    text = spreadsheet(ROWS, named=named, prefix=prefix)

    handed = recognise(text if encoding == "str" else text.encode(encoding), "importlog.xls")

    assert handed.kind is Surface.IMPORT_LOG
    assert codes_of(handed) == ["80097376", "80071151"]
    assert handed.rows[0].name == "Missing dependency check"
    assert handed.rows[0].time == "20:34:05.89"
    assert handed.rows[0].text == GATEWAY
    assert handed.notes == ()


def test_the_first_failing_row_is_the_cause_and_the_others_follow(pack: Pack) -> None:
    text = spreadsheet(ROWS)
    handed = recognise(text)

    each = [reading.diagnoses[0].family for reading in diagnose_handed(handed, pack)]
    both = [found.family for found in diagnose(text, pack).diagnoses]

    assert each == ["transient-gateway", "concurrent-operation"]
    assert both[:2] == each
    assert "missing-dependency" not in both


def test_the_component_comes_from_the_row_where_the_words_name_none(pack: Pack) -> None:
    handed = recognise(spreadsheet([log_row("Failure", "0x80071151", BUSY, name="Kettle")]))

    component = diagnose_handed(handed, pack)[0].component

    assert (component.type, component.name, component.id) == ("Workflow", "Kettle", ID)


def test_localised_headings_do_not_matter() -> None:
    assert codes_of(recognise(spreadsheet(ROWS, heading=GERMAN))) == ["80097376", "80071151"]


def test_a_localised_status_counts_by_its_code() -> None:
    rows = [log_row("Verarbeitet"), log_row("Fehler", "0x80097376", GATEWAY)]

    assert codes_of(recognise(spreadsheet(rows, heading=GERMAN))) == ["80097376"]


def test_a_log_without_failure_says_so_and_is_no_error(pack: Pack) -> None:
    handed = recognise(spreadsheet([log_row("Processed")] * 3))

    assert handed.notes == ("No row of this log failed.",)
    assert not diagnose_handed(handed, pack)[0].is_import_error


def test_warnings_are_shown_if_nothing_failed() -> None:
    handed = recognise(spreadsheet([log_row("Warning", "0x80060467", "A flow stays off.")]))

    assert [row.status for row in handed.rows] == ["Warning"]
    assert handed.notes == ("No row of this log failed; its warnings are shown.",)


def test_skipped_cells_keep_their_columns() -> None:
    text = spreadsheet([]).replace(
        "</ss:Table>",
        '<ss:Row><ss:Cell ss:Index="8"><ss:Data>Failure</ss:Data></ss:Cell><ss:Cell><ss:Data>'
        "0x80071151</ss:Data></ss:Cell></ss:Row></ss:Table>",
    )

    assert codes_of(recognise(text)) == ["80071151"]


@pytest.mark.parametrize("cut", [30, 200, 900, 1500])
def test_a_log_that_is_cut_off_gives_what_was_there(cut: int) -> None:
    handed = recognise(spreadsheet(ROWS)[:-cut].encode())

    assert codes_of(handed)[0] == "80097376"
    assert handed.notes[0] == "The file is cut off; what was there is read."


def test_a_log_without_its_beginning_is_read() -> None:
    assert codes_of(recognise(spreadsheet(ROWS)[700:])) == ["80097376", "80071151"]


def test_a_log_inside_a_mail_is_read() -> None:
    mail = f"Hi all 😀,\nhere is the log:\n\n{spreadsheet(ROWS)}\n\nRegards\nAna"

    assert codes_of(recognise(mail)) == ["80097376", "80071151"]


def test_the_same_failure_many_times_is_one_part_and_many_rows() -> None:
    handed = recognise(spreadsheet([log_row("Failure", "0x80071151", BUSY)] * 50))

    assert (len(handed.rows), len(handed.parts)) == (50, 1)


def test_a_job_puts_the_earliest_failure_first() -> None:
    handed = recognise(
        import_job(
            ("Late", "failure", "0x80071151", BUSY, 639000000900000000),
            ("Fine", "success", "0", "", 639000000100000000),
            ("Early", "failure", "0x80097376", GATEWAY, 639000000200000000),
            ("Noise", "warning", "0x80060467", "A flow stays off.", 639000000100000000),
        )
    )

    assert handed.kind is Surface.IMPORT_JOB
    assert [row.name for row in handed.rows] == ["Early", "Late"]
    assert (handed.rows[0].id, handed.rows[0].item_type) == (f"{{{ID}}}", "workflow")
    assert handed.rows[0].time.startswith("2025-11-29")


def test_a_job_cut_inside_its_failing_result_still_tells_the_failure(pack: Pack) -> None:
    text = import_job(("Tea", "failure", "0x80097376", GATEWAY, 1))

    handed = recognise(text[: text.index("BadGateway") + 14])

    assert codes_of(handed) == ["80097376"]
    assert diagnose_handed(handed, pack)[0].diagnoses[0].family == "transient-gateway"


def test_a_piece_of_a_job_is_read() -> None:
    text = import_job(("Tea", "failure", "0x80097376", GATEWAY, 1))

    handed = recognise(text[text.index("<workflow ") : text.index("</workflows>")])

    assert (handed.kind, codes_of(handed)) == (Surface.IMPORT_JOB, ["80097376"])


def test_several_kinds_of_failure_keep_their_families(pack: Pack) -> None:
    text = import_job(
        ("A", "failure", "0x80048539", PENDING, 1), ("B", "failure", "0x80097376", GATEWAY, 2)
    )

    found = [each.family for each in diagnose(text, pack).diagnoses]

    assert found[:2] == ["pending-upgrade", "transient-gateway"]
    assert OTHER_ID not in text


def test_memory_stays_flat_over_a_log_of_twenty_mebibytes() -> None:
    row = log_row("Processed", name="Tea " * 50)
    one = spreadsheet([row])
    many = (20 * MEBIBYTE - 4000) // (len(one) - len(spreadsheet([])))
    content = spreadsheet([*([row] * (many // 2)), ROWS[1], *([row] * (many // 2))]).encode()
    tracemalloc.start()
    try:
        handed = recognise(content[: 20 * MEBIBYTE])
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(content) > 19 * MEBIBYTE
    assert codes_of(handed) == ["80097376"]
    assert grown < 30 * MEBIBYTE


def test_the_words_that_are_kept_of_a_log_read_the_same_again(pack: Pack) -> None:
    handed = recognise(spreadsheet([*ROWS, log_row("Failure", "", f"{PENDING}\n\nIt ended.")]))

    again = recognise(handed.text)

    assert again.parts == handed.parts
    assert diagnose_handed(again, pack) == diagnose_handed(handed, pack)
    assert diagnose(handed.text, pack) == diagnose(
        spreadsheet([*ROWS, log_row("Failure", "", f"{PENDING}\n\nIt ended.")]), pack
    )

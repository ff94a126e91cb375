"""Panes in any language, consoles, pipelines, JSON, pages, dialogs and several errors in one paste."""

import html
import json

import pytest

from runbook.domain.diagnosis.engine import diagnose, diagnose_handed
from runbook.domain.diagnosis.surfaces.handed import Surface
from runbook.domain.diagnosis.surfaces.recognising import recognise
from runbook.domain.pack import Pack
from runbook.library import packs
from tests.domain.diagnosis.surfaces.builders import BUSY, GATEWAY, ID, OTHER_ID, PENDING

BROKEN_ID = "41263d72-\n4dea-ee11-9048-\n000d3a341e15"
PANES = {
    "English": ("Error code", "Exception message", "Activity id", "\n"),
    "German": ("Fehlercode", "Ausnahmemeldung", "Aktivitäts-ID", "\n"),
    "French": ("Code d’erreur", "Message d’exception", "ID d’activité", " : "),
    "Spanish": ("Código de error", "Mensaje de excepción", "Id. de actividad", "\t"),
    "Japanese": ("エラー コード", "例外メッセージ", "アクティビティ ID", "："),
}


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs()["coe_starter_kit"]


def families(text: str, pack: Pack) -> list[str]:
    return [found.family for found in diagnose(text, pack).diagnoses]


def pane(language: str, code: str, message: str, identifier: str) -> str:
    labels = PANES[language]
    pairs = zip(labels[:3], (code, message, identifier), strict=True)
    return "\n".join(f"{label}{labels[3]}{value}" for label, value in pairs)


@pytest.mark.parametrize("language", PANES)
@pytest.mark.parametrize("identifier", [ID, BROKEN_ID, f"{{{ID}}}"])
@pytest.mark.parametrize("code", ["80097376", "0x80097376", "-2146864266"])
def test_a_pane_in_any_language(language: str, identifier: str, code: str, pack: Pack) -> None:
    text = pane(language, code, GATEWAY, identifier)

    reading = diagnose(text, pack)

    assert recognise(text).kind is Surface.HISTORY_PANE
    assert reading.diagnoses[0].family == "transient-gateway"
    assert reading.codes == ("80097376",)
    assert reading.ids.activity == ID


def test_two_panes_are_two_errors_the_first_one_first(pack: Pack) -> None:
    text = "\n\n".join(
        (pane("German", "80097376", GATEWAY, ID), pane("German", "80048539", PENDING, OTHER_ID))
    )

    handed = recognise(text)
    readings = diagnose_handed(handed, pack)

    assert [each.diagnoses[0].family for each in readings] == [
        "transient-gateway",
        "pending-upgrade",
    ]
    assert [each.ids.activity for each in readings] == [ID, OTHER_ID]
    assert families(text, pack)[:2] == ["transient-gateway", "pending-upgrade"]


def test_an_id_with_another_name_is_no_activity(pack: Pack) -> None:
    reading = diagnose(f"Error code: 80097376\n{GATEWAY}\nCorrelation Id: {OTHER_ID}", pack)

    assert (reading.ids.activity, reading.ids.correlation) == (None, OTHER_ID)


PAC = (
    f"Processing asynchronous operation... execution time: 00:05:20\n"
    f"Asynchronous operation {ID} failed within 00:05:32.0653219.\n"
    f"The reason given was: ImportAsHolding failed with exception :{GATEWAY}\n"
    "Microsoft PowerPlatform CLI\nVersion: 1.28.3+gabcdef0\n"
    "Error: The async operation completed with a statuscode of Failed."
)


def coloured(text: str) -> str:
    return "\r\n".join(f"\x1b[31m{line}\x1b[0m" for line in text.split("\n"))


def stamped(text: str) -> str:
    return "\n".join(f"2026-05-01T10:11:12.1234567Z ##[error]{line}" for line in text.split("\n"))


def from_a_runner(text: str) -> str:
    return "\n".join(f"build\tImport\t2026-05-01T10:11:12.1Z {line}" for line in text.split("\n"))


@pytest.mark.parametrize("change", [str, coloured, stamped, from_a_runner])
def test_output_of_the_command_line(change: type[str], pack: Pack) -> None:
    handed = recognise(change(PAC))

    assert handed.kind in (Surface.CONSOLE, Surface.PIPELINE_LOG)
    assert "\x1b" not in handed.text
    assert "2026-05-01" not in handed.text
    assert families(change(PAC), pack)[0] == "transient-gateway"


def test_success_on_the_command_line_is_no_error(pack: Pack) -> None:
    text = "Connected as ana@example.org\nSolution Importing...\nSolution Imported successfully."

    assert not diagnose(text, pack).is_import_error


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.97])
def test_a_failure_anywhere_in_a_long_log_is_found(place: float, pack: Pack) -> None:
    noise = [f"2026-05-01T10:11:12.1Z Component {number} is done." for number in range(60_000)]
    noise[int(place * len(noise))] = f"2026-05-01T10:11:13.1Z {GATEWAY}"
    text = "\n".join(noise)

    handed = recognise(text.encode())

    assert GATEWAY in handed.text
    assert len(handed.text) < 300_000
    assert families(text, pack)[0] == "transient-gateway"


ERROR = {"error": {"code": "0x80071151", "message": BUSY}}
OPERATION = {
    "asyncoperationid": OTHER_ID,
    "statecode": 3,
    "statuscode": 31,
    "errorcode": -2146864266,
    "friendlymessage": GATEWAY,
    "correlationid": ID,
}
HISTORY = {
    "value": [
        {"msdyn_name": "Tea", "msdyn_result": True, "msdyn_errorcode": ""},
        {
            "msdyn_name": "Missing dependency kit",
            "msdyn_result": False,
            "msdyn_errorcode": "-2147020463",
            "msdyn_exceptionmessage": BUSY,
            "msdyn_activityid": ID,
        },
    ]
}


@pytest.mark.parametrize("indent", [None, 2])
def test_errors_of_services(indent: int | None, pack: Pack) -> None:
    busy = diagnose(json.dumps(ERROR, indent=indent), pack)
    gateway = diagnose(json.dumps(OPERATION, indent=indent), pack)

    assert (busy.diagnoses[0].family, busy.codes) == ("concurrent-operation", ("80071151",))
    assert (gateway.diagnoses[0].family, gateway.codes) == ("transient-gateway", ("80097376",))
    assert (gateway.ids.async_operation, gateway.ids.correlation) == (OTHER_ID, ID)


def test_rows_of_the_history_that_went_well_are_left_out(pack: Pack) -> None:
    handed = recognise(json.dumps(HISTORY))

    assert [(row.name, row.code) for row in handed.rows] == [("Missing dependency kit", "80071151")]
    reading = diagnose(json.dumps(HISTORY), pack)
    assert [found.family for found in reading.diagnoses] == ["concurrent-operation"]
    assert reading.ids.activity == ID


def test_json_inside_strings_is_followed(pack: Pack) -> None:
    inner = json.dumps({"message": "Too many requests sent to a service."})
    middle = json.dumps({"error": {"code": "TooManyRequests", "message": inner}})
    text = json.dumps({"body": middle, "clientRequestId": ID})

    reading = diagnose(text, pack)

    assert reading.diagnoses[0].family == "throttled"
    assert reading.ids.client_request == ID


@pytest.mark.parametrize("cut", [2, 20, 90])
def test_json_that_is_cut_off_is_read(cut: int, pack: Pack) -> None:
    text = json.dumps({**OPERATION, "more": "x" * 60})[:-cut]

    assert recognise(text).notes == ("The file is cut off; what was there is read.",)
    assert families(text, pack)[0] == "transient-gateway"


def test_several_objects_in_a_mail(pack: Pack) -> None:
    text = f"Hi,\n\n{json.dumps(OPERATION, indent=1)}\n\nand later:\n\n{json.dumps(ERROR)}\nThanks!"

    assert set(families(text, pack)[:2]) == {"transient-gateway", "concurrent-operation"}
    assert len(recognise(text).parts) == 2


def test_json_of_something_else_is_no_error(pack: Pack) -> None:
    assert not diagnose(
        json.dumps({"name": "tea", "actions": {"boil": [1, 2]}}), pack
    ).is_import_error


def test_a_copied_page_and_a_code_that_stands_only_in_its_link(pack: Pack) -> None:
    link = "https://go.example/fwlink/?client=Solutions&amp;Error=80097376&amp;de=online"
    text = (
        f"Version:0.9\r\nStartHTML:1\r\n<html><head><style>p {{}}</style></head><body>"
        f'<!--StartFragment--><div><span>Tea</span> <a href="{link}">more</a></div><p>'
        f"{html.escape(GATEWAY)}</p><!--EndFragment--></body></html>"
    )

    reading = diagnose(text, pack)

    assert recognise(text).kind is Surface.HTML
    assert (reading.diagnoses[0].family, reading.codes) == ("transient-gateway", ("80097376",))
    assert "<" not in recognise(text).text


def test_a_pane_copied_as_a_page(pack: Pack) -> None:
    rows = zip(PANES["German"][:3], ("80097376", GATEWAY, ID), strict=True)
    text = "".join(f"<div><label>{a}</label><div>{html.escape(b)}</div></div>" for a, b in rows)

    assert diagnose(text, pack).ids.activity == ID


def test_the_dialog_of_an_app(pack: Pack) -> None:
    text = (
        "It looks like this app isn't compliant with the latest data loss prevention policies.\n"
        f"AppForbidden\nSession Id: {OTHER_ID}\nActivity Id: {ID}\nTimestamp: Fri May 01 2026"
    )

    reading = diagnose(text, pack)

    assert recognise(text).kind is Surface.APP_DIALOG
    assert (reading.diagnoses[0].family, reading.ids.activity) == ("dlp-violation", ID)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"Hello,\n\nI got this 😢:\n\n“{GATEWAY}”\n\nThen I tried again:\n\n{PENDING}\n\nThanks",
        f"1) {GATEWAY}\n2) {PENDING}",
        f"{GATEWAY}\n---\n{PENDING}",
        quoted(f"{GATEWAY}\n\n{PENDING}"),
    ],
)
def test_two_errors_in_one_paste_give_both_families(text: str, pack: Pack) -> None:
    assert {"transient-gateway", "pending-upgrade"} <= set(families(text, pack))


def test_an_inner_error_is_no_second_error() -> None:
    text = f"80048033: the import failed for some reason\n\n ---> 8004801D: {BUSY}"

    assert len(recognise(text).parts) == 1


def test_what_speaks_of_no_failure_says_so(pack: Pack) -> None:
    handed = recognise("The tea is ready.")

    assert (handed.kind, handed.notes) == (
        Surface.UNKNOWN,
        ("Nothing in it looks like the report of a failure.",),
    )
    assert not diagnose_handed(handed, pack)[0].is_import_error


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_a_text_file_in_any_encoding(encoding: str) -> None:
    text = f"Fehlercode für Müller: {GATEWAY}"

    assert GATEWAY in recognise(text.encode(encoding)).text

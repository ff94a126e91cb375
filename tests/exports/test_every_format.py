"""Each format writes the same record to the same bytes, as the golden file has it.

After a wanted change write the files anew: REWRITE_GOLDEN=1 python -m pytest tests/exports
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.report import ErrorText
from runbook.exports import FORMATS
from runbook.exports.format import Format
from tests.exports.long_run import long_run
from tests.exports.reading import readable, without_blanks
from tests.exports.records import LEAD, Told, failed_run, handout

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


#: Those that are written from the report alone; for the others see test_golden_bundles.py.
OF_THE_REPORT = [each for each in FORMATS.values() if not each.needs_record]


@pytest.fixture(params=OF_THE_REPORT, ids=lambda chosen: chosen.slug)
def chosen(request: pytest.FixtureRequest) -> Format:
    found: Format = request.param
    return found


def test_the_formats_are_those_of_the_folder() -> None:
    assert {each.slug: each.extension for each in OF_THE_REPORT} == {
        "csv": "csv",
        "html": "html",
        "ics": "ics",
        "json": "json",
        "markdown": "md",
        "pdf": "pdf",
        "svg": "svg",
        "ticket": "txt",
    }


@pytest.mark.parametrize("every", FORMATS.values(), ids=lambda every: every.slug)
def test_a_format_says_how_its_file_is_called_and_typed(every: Format) -> None:
    assert every.label
    assert 20 < len(every.hint) < 100
    assert every.extension.isascii()
    assert every.extension.isalnum()
    # What a browser would run or draw is saved, even where a header was forgotten.
    assert not any(kind in every.content_type for kind in ("html", "svg", "xml", "javascript"))


def golden(chosen: Format) -> Path:
    """A PDF is held against its words: its bytes hold fonts and say little to who reads a change."""
    words_only = ".txt" if chosen.extension == "pdf" else ""
    return GOLDEN / f"report.{chosen.extension}{words_only}"


def test_the_record_equals_its_golden_file(chosen: Format) -> None:
    path = golden(chosen)
    written = readable(chosen, chosen.render(handout(late=9))).encode()
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_bytes(written)

    assert written.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("told", [failed_run(), long_run()], ids=["short", "long"])
def test_the_same_record_gives_the_same_bytes(chosen: Format, told: list[Told]) -> None:
    assert chosen.render(handout(told)) == chosen.render(handout(told))


def test_a_record_that_has_only_begun_can_be_written(chosen: Format) -> None:
    assert chosen.render(handout(failed_run()[:1]))


def test_an_erased_text_is_left_out(chosen: Format) -> None:
    told = "the line of the error text that only it has"

    assert (told in whole(chosen, told)) is (chosen.slug not in {"csv", "ics", "svg"})
    assert told not in readable(chosen, chosen.render(handout(error=None)))


def whole(chosen: Format, error: str) -> str:
    return readable(chosen, chosen.render(handout(error=error)))


def test_the_head_is_in_the_file(chosen: Format) -> None:
    made = handout()
    found = without_blanks(readable(chosen, chosen.render(made)))

    assert made.report.head in found
    assert without_blanks(chain.fingerprint(made.report.head)) in found


def test_a_secret_that_slipped_in_does_not_leave(chosen: Format) -> None:
    # JSON carries what the chain commits to, word for word; there masking happens before storing.
    if chosen.verbatim:
        return
    told = [*failed_run(), (31, ev.NoteAdded(text=f"Authorization: Bearer {SECRET}"), LEAD)]
    written = readable(
        chosen, chosen.render(handout(told, error=f"Authorization: Bearer {SECRET}"))
    )

    assert SECRET not in written
    assert ("‹secret:token›" in written) is (chosen.slug not in {"ics", "svg"})


def test_the_bundle_is_canonical_and_its_chain_holds() -> None:
    written = FORMATS["json"].render(handout())
    bundle = json.loads(written)

    assert chain.canonical(bundle).encode() == written
    assert bundle["schema"] == 1
    assert follow(bundle) == bundle["head"]["hash"]


def follow(bundle: dict) -> str:  # type: ignore[type-arg]
    """The head as somebody with the file alone computes it."""
    previous: str = bundle["genesis"]
    for event in bundle["events"]:
        header = chain.canonical(event["header"])
        assert event["header"]["prev"] == previous
        assert event["header"]["payload_commit"] == chain.commitment(
            bytes.fromhex(event["salt"]), chain.canonical(event["payload"])
        )
        assert event["data"] == event["payload"]["data"]
        previous = hashlib.sha256(b"uwlog.event.v1\x00" + header.encode()).hexdigest()
        assert previous == event["hash"]
    return previous


def test_a_changed_bundle_is_noticed() -> None:
    bundle = json.loads(FORMATS["json"].render(handout()))
    bundle["events"][3]["payload"]["data"]["step"] = "other"

    with pytest.raises(AssertionError):
        follow(bundle)


def test_an_erased_event_keeps_its_place_in_the_bundle() -> None:
    made = handout()
    gone = replace(made.links[1], salt=None, body=None, erased=True)
    without = replace(made, links=(made.links[0], gone, *made.links[2:]))

    event = json.loads(FORMATS["json"].render(without))["events"][1]

    assert (event["salt"], event["payload"], event["data"]) == (None, None, None)
    assert event["header"]["seq"] == 2


def test_evidence_stands_beside_the_events() -> None:
    made = handout()
    text = ErrorText(attempt=1, digest="f" * 64, text="kept")
    report = replace(made.report, errors=(text,))

    bundle = json.loads(FORMATS["json"].render(replace(made, report=report)))

    assert bundle["evidence"] == [{"attempt": 1, "digest": "f" * 64, "text": "kept"}]

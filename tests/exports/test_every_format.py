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
from runbook.domain.report import ErrorText
from runbook.exports import FORMATS
from runbook.exports.format import Format
from tests.exports.records import failed_run, handout

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.fixture(params=FORMATS.values(), ids=lambda chosen: chosen.slug)
def chosen(request: pytest.FixtureRequest) -> Format:
    found: Format = request.param
    return found


def test_the_formats_are_those_of_the_folder() -> None:
    assert set(FORMATS) == {"csv", "json", "markdown"}


def test_a_format_says_how_its_file_is_called_and_typed(chosen: Format) -> None:
    assert chosen.label
    assert chosen.extension.isascii()
    assert chosen.extension.isalnum()
    assert "html" not in chosen.content_type


def test_the_record_equals_its_golden_file(chosen: Format) -> None:
    path = GOLDEN / f"report.{chosen.extension}"
    written = chosen.render(handout(late=9))
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_bytes(written)

    assert written.decode() == path.read_bytes().decode()


def test_the_same_record_gives_the_same_bytes(chosen: Format) -> None:
    assert chosen.render(handout()) == chosen.render(handout())


def test_a_record_that_has_only_begun_can_be_written(chosen: Format) -> None:
    assert chosen.render(handout(failed_run()[:1]))


def test_an_erased_text_is_left_out(chosen: Format) -> None:
    assert b"BadGateway\\n" not in chosen.render(handout(error=None))


def test_the_head_is_in_the_file(chosen: Format) -> None:
    made = handout()

    assert made.report.head.encode() in chosen.render(made)
    assert chain.fingerprint(made.report.head).encode() in chosen.render(made)


def test_a_secret_that_slipped_in_does_not_leave() -> None:
    # JSON carries what the chain commits to, word for word; there masking happens before storing.
    written = FORMATS["markdown"].render(handout(error=f"Authorization: Bearer {SECRET}"))

    assert SECRET.encode() not in written
    assert "‹secret:token›".encode() in written


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

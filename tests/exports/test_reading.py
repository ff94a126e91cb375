"""A file that came in is read by the verifier's rules, and what cannot be shown is refused (IN-15)."""

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runbook.domain import chain
from runbook.domain import events as ev
from runbook.domain.redaction import Profile
from runbook.domain.snapshot import dump_state
from runbook.exports import FORMATS, reading
from runbook.exports.incoming import Incoming, RecordRefused
from runbook.exports.reading import Trust, fingerprint_of, read_record
from runbook.exports.record import event_line
from runbook.exports.verifier import verify
from tests.exports.bundles import (
    DIGEST,
    ERASED,
    ERROR,
    FILE,
    FILE_DIGEST,
    FOREIGN_KEY,
    KEY,
    SALT,
    Forgery,
    archived,
    bundle,
    fingerprint,
    proved,
)
from tests.exports.records import INSTANCE, LEAD, OPERATOR, RUN_ID, handout
from tests.exports.test_golden_bundles import FROZEN

Read = Callable[..., Incoming]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_(content: bytes, **trust: Any) -> Incoming:
        path = tmp_path / "came-in"
        path.write_bytes(content)
        return read_record(path, trust=Trust(**trust))

    return read_


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.stem)
def test_a_bundle_of_an_earlier_release_is_read_word_for_word(frozen: Path) -> None:
    found = read_record(frozen, trust=Trust(named=fingerprint_of(fingerprint())))
    file = Forgery(frozen.read_bytes())

    assert b"".join(map(event_line, found.links)) == file.files["events.jsonl"]
    assert (str(found.run), found.instance) == (RUN_ID, INSTANCE)
    assert found.plan_digest == file.json("genesis.json")["plan_digest"]
    assert found.definition == file.files.get("definition.json", b"")
    assert found.erased == {ERASED: ERASED + 2}
    assert found.finding.verified
    assert [(each.digest, each.salt, each.text) for each in found.texts] == [(DIGEST, SALT, ERROR)]
    assert {name: bytes(content) for name, content in found.files.items()} == {FILE_DIGEST: FILE}
    assert found.people == {LEAD: "Ana", OPERATOR: "Ben"}


def test_the_state_is_the_one_that_was_signed(read: Read) -> None:
    assert dump_state(read(bundle()).state).encode() == Forgery(bundle()).files["state.json"]


def test_an_own_key_needs_no_typing(read: Read) -> None:
    own = fingerprint_of(fingerprint())

    assert read(bundle(), own=(own,)).finding.verified
    assert not read(bundle(), own=(fingerprint_of(fingerprint(FOREIGN_KEY)),)).finding.verified
    assert not read(bundle()).finding.verified


# --- What is no record


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\x00" * 40,
        b"PK\x03\x04" + b"\xff" * 400,
        b"{",
        b"{}",
        b'{"schema":1}',
        b'{"schema":1,"events":[]}',
        b'{"schema":1,"events":[{"header":{}}]}',
        b'{"a":' * 20_000,
        b"\xff\xfe{}",
        b"%PDF-1.7",
        b"<html></html>",
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(read: Read, content: bytes) -> None:
    with pytest.raises(RecordRefused) as refused:
        read(content)

    assert refused.value.sentence.endswith(".")


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, of a list to the first."""
    inside: list[Any] = list(enumerate(value[:1])) if isinstance(value, list) else []
    if isinstance(value, dict):
        inside = list(value.items())
    for key, each in inside:
        yield (*above, key)
        yield from places(each, (*above, key))


@pytest.mark.parametrize("odd", [None, {}, "x"], ids=repr)
def test_whatever_stands_in_a_json_export_it_is_refused_in_words(read: Read, odd: Any) -> None:
    whole = json.loads(FORMATS["json"].render(handout()))
    for way in places(whole):
        changed = copy.deepcopy(whole)
        part = changed
        for key in way[:-1]:
            part = part[key]
        part[way[-1]] = odd

        with pytest.raises(RecordRefused):
            read(chain.canonical(changed).encode())


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "a/b/c", "texts/../../up", "C:\\up", ".hidden", "", "a\x00b"]
)
def test_an_entry_with_a_name_that_leads_elsewhere_is_refused(read: Read, name: str) -> None:
    forged = Forgery(bundle())
    files = {**forged.files, name: b"x"}

    with pytest.raises(RecordRefused, match=r"an entry has a bad name|changed or packed anew"):
        read(archived(files, forged.when))


def test_an_entry_beyond_those_of_a_record_is_refused(read: Read) -> None:
    forged = Forgery(bundle())
    forged.files["files/" + "a" * 64] = b"x"

    with pytest.raises(RecordRefused, match=r"^This record was tampered with: "):
        read(forged.packed())


def test_an_archive_that_unfolds_is_never_unfolded(read: Read) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in Forgery(bundle()).files.items():
            archive.writestr(name, content)
        archive.writestr("events.jsonl.txt", b"\x00" * 20_000_000)

    with pytest.raises(RecordRefused, match="changed or packed anew"):
        read(made.getvalue())


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [
        ("MOST_ZIP", 1000, "limit for its kind"),
        ("MOST_EVENTS", 3, "more than 3 events"),
        ("_LINE", 100, "Event 1 is larger"),
        ("_DIRECTORY", 10, "more entries"),
        ("_ENTRIES", 2, "more entries"),
        ("_PARTS", {"keys.json": 10}, "keys.json is larger"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_before_it_is_read(
    read: Read, limit: str, value: Any, told: str
) -> None:
    content = bundle()
    with (
        patch.object(reading, limit, value),
        patch.object(verify.Record, "check", side_effect=AssertionError("it was read")),
        pytest.raises(RecordRefused, match=told),
    ):
        read(content)


@pytest.mark.parametrize(("limit", "value"), [("MOST_JSON", 1000), ("MOST_EVENTS", 3)])
def test_a_json_export_has_limits_too(read: Read, limit: str, value: int) -> None:
    with patch.object(reading, limit, value), pytest.raises(RecordRefused, match="limit"):
        read(FORMATS["json"].render(handout()))


@pytest.mark.parametrize("profile", [p for p in Profile if p is not Profile.INTERNAL])
def test_a_redacted_record_is_refused(read: Read, profile: Profile) -> None:
    with pytest.raises(RecordRefused, match="its words are redacted"):
        read(bundle(proved(profile=profile)))


# --- Whole chains of what this version cannot show


def rewritten(seq: int, change: Change) -> bytes:
    """What a newer version, or a forger with a key of his own, may have signed."""
    forged = Forgery(bundle())
    value = forged.event(seq)
    change(value)
    body = chain.canonical(value["payload"])
    value["header"]["payload_commit"] = chain.commitment(bytes.fromhex(value["salt"]), body)
    forged.put_event(seq, value)
    forged.relink(first=seq)
    forged.sign(KEY)
    return forged.packed()


def said(name: str, value: Any) -> Change:
    return lambda event: event["payload"]["data"].update({name: value})


def test_the_control_is_read(read: Read) -> None:
    assert read(rewritten(1, said("title", "Another"))).state.title == "Another"


def waits(event: dict[str, Any], due: str) -> None:
    event["header"]["type"] = ev.WaitStarted.type
    event["payload"]["data"] = {"step": "look", "due": due, "reason": "It rains."}


OLD = "0001-01-01T00:00:00.000000Z"
NO_EVENT, NO_BEGINNING = "is not written as events are", "does not begin as a run begins"
#: What was written: in which event, how, and what the refusal says.
WRITTEN: dict[str, tuple[int, Change, str]] = {
    "a newer schema": (2, lambda e: e["payload"].update(schema=2), "2, and this version reads s"),
    "an older schema": (2, lambda e: e["payload"].update(schema=0), "0, and this version reads s"),
    "no schema": (2, lambda e: e["payload"].update(schema=True), NO_EVENT),
    "more beside the data": (2, lambda e: e["payload"].update(more=1), NO_EVENT),
    "a list as data": (2, lambda e: e["payload"].update(data=[]), NO_EVENT),
    "an unknown type": (2, lambda e: e["header"].update(type="facts.guessed"), "does not know. Op"),
    "a long actor": (2, lambda e: e["header"].update(actor="a" * 33), NO_EVENT),
    "an unknown kind": (2, lambda e: e["header"].update(actor_kind="god"), NO_EVENT),
    "no time": (2, lambda e: e["payload"].update(happened_at="now"), "a time that is none"),
    "an old time": (2, lambda e: e["payload"].update(happened_at=OLD), "a time that cannot be"),
    "a newer field": (2, said("weather", "rain"), r"more than this version knows \(weather\)"),
    "another shape": (2, said("answers", "none"), "does not hold what events of its kind hold"),
    "a NUL": (2, said("answers", {"solution": "a\x00b"}), "cannot be kept"),
    "a long title": (1, said("title", "T" * 201), NO_BEGINNING),
    "an unknown zone": (1, said("time_zone", "Moon/Base"), NO_BEGINNING),
    "a path as zone": (1, said("time_zone", "../../etc/localtime"), NO_BEGINNING),
    "two definitions": (1, said("pack_digest", "e" * 64), "names two definitions"),
    "a time without a zone": (
        12,
        lambda e: waits(e, "2026-11-22T00:00:00"),
        "cannot be: 2026-11-22T",
    ),
    "a wait of ages": (12, lambda e: waits(e, "9999-12-31T23:00:00Z"), "cannot be: 9999-12-31T"),
    "another beginning": (1, lambda e: waits(e, "2026-11-22T00:00:00Z"), NO_BEGINNING),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_signed_record_that_cannot_be_shown_is_refused_in_one_sentence(
    read: Read, case: str
) -> None:
    seq, change, told = WRITTEN[case]

    with pytest.raises(RecordRefused, match=told):
        read(rewritten(seq, change), named=fingerprint_of(fingerprint()))


def test_a_json_export_of_another_schema_is_refused(read: Read) -> None:
    for schema, told in ((2, "schema 2, and this version reads schema 1"), ("1", "no ZIP or JSON")):
        content = chain.canonical({"schema": schema, "events": []}).encode()
        with pytest.raises(RecordRefused, match=told):
            read(content)


def test_an_event_type_that_this_version_knows_is_the_condition(read: Read) -> None:
    """The guard of the test above: every kind in the bundle is one of today's."""
    assert {each.event.type for each in read(bundle()).recorded} <= set(ev.EVENT_CLASSES)

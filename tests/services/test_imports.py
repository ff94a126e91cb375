"""An exported record opens elsewhere word for word, as a marked copy that gives nobody rights (EX-05, IN-15)."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runbook import queries
from runbook.domain.redaction import Profile
from runbook.exports import FORMATS
from runbook.exports.incoming import RecordRefused
from runbook.models import (
    Attempt,
    Evidence,
    ImportedRecord,
    Member,
    Run,
    StoredFile,
    User,
)
from runbook.services import demonstration, erasing, exports, imports, upkeep
from runbook.services.imports import AlreadyHere
from tests.elsewhere import ADDRESS, Elsewhere, handed_out, opened
from tests.exports.bundles import Forgery, judged
from tests.exports.records import stored_run
from tests.exports.test_consumers import faults
from tests.factories import act, make_run

Open = Callable[..., Run]


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"


@pytest.fixture
def bundle(db: None, tmp_path: Path, now: datetime) -> Elsewhere:
    return handed_out(tmp_path, now)


@pytest.fixture
def open_as(tmp_path: Path, now: datetime) -> Open:
    def open_(content: bytes, user: User, **more: Any) -> Run:
        return opened(content, user, tmp_path, now, **more)

    return open_


def again(run: Run, now: datetime, export_format: str) -> bytes:
    made = exports.written(run.pk, FORMATS[export_format], now=now, address=ADDRESS)
    return b"".join(made.pieces())


# --- EX-05: word for word


def finished_example(lead: User, now: datetime) -> Run:
    return Run.objects.get(pk=demonstration.make(act(lead, now=now))[0])


@pytest.mark.parametrize("make", [stored_run, finished_example])
def test_a_json_export_keeps_to_its_schema_and_comes_out_again_byte_for_byte(
    tmp_path: Path, now: datetime, ana: User, open_as: Open, make: Callable[[User, datetime], Run]
) -> None:
    there = handed_out(tmp_path, now, export_format="json", make=make)
    assert faults(json.loads(there.content)) == []

    copy = open_as(there.content, ana)

    assert again(copy, now, "json") == there.content


@pytest.mark.parametrize("make", [stored_run, finished_example])
def test_the_proof_in_a_zip_comes_out_again_byte_for_byte(
    tmp_path: Path, now: datetime, ana: User, open_as: Open, make: Callable[[User, datetime], Run]
) -> None:
    there = handed_out(tmp_path, now, make=make)
    copy = open_as(there.content, ana)
    before, after = Forgery(there.content).files, Forgery(again(copy, now, "zip")).files

    proof = [name for name in before if not name.startswith(("report", "manifest"))]
    assert set(after) == set(before)
    assert {name: after[name] for name in proof} == {name: before[name] for name in proof}
    assert any(name.startswith("texts/") for name in proof)


def test_what_a_copy_hands_out_is_proved_by_the_key_of_its_own_installation(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    code, told = judged(again(copy, now, "zip"), known=(bundle.fingerprint,))

    assert (code, told.startswith("Intact")) == (0, True)


def test_an_erased_content_stays_erased(
    tmp_path: Path, now: datetime, ana: User, open_as: Open
) -> None:
    def erase(run: Run, lead: User) -> None:
        seq = next(e.seq for e in queries.all_entries(run) if e.type == "error.captured")
        erasing.erase_evidence(run_id=run.pk, act=act(lead, now=now), seq=seq, reason="Asked to.")

    for export_format in ("zip", "json"):
        there = handed_out(tmp_path, now, export_format=export_format, then=erase)
        copy = open_as(there.content, ana)

        assert upkeep.verify(copy.pk) == (copy.version, copy.head)
        assert not Evidence.objects.filter(run=copy, text__contains="octocat").exists()
        if export_format == "json":
            assert again(copy, now, "json") == there.content


def test_the_tables_of_a_copy_are_those_that_its_events_give(
    bundle: Elsewhere, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    assert upkeep.differences(copy.pk) == []
    Run.objects.filter(pk=copy.pk).update(title="Another", next_due_at=copy.created)
    assert upkeep.rebuild(copy.pk) == ["run.title", "run.next_due_at"]
    assert (Member.objects.count(), Attempt.objects.count()) == (0, 0)


# --- IN-15: what the mark says


def test_without_a_fingerprint_the_signature_is_the_word_of_the_file(
    bundle: Elsewhere, ana: User, open_as: Open
) -> None:
    told = open_as(bundle.content, ana).copy

    assert (told.verified, told.mark) == (False, "Imported copy, not verified")
    assert told.finding == (
        f"Signed by the key in the file, {bundle.fingerprint}; compare this fingerprint with its "
        "sender."
    )


@pytest.mark.parametrize("typed", [str, str.lower, lambda word: f" {word.replace(' ', '')} "])
def test_with_the_fingerprint_of_its_key_it_is_verified(
    bundle: Elsewhere, ana: User, open_as: Open, typed: Callable[[str], str]
) -> None:
    told = open_as(bundle.content, ana, fingerprint=typed(bundle.fingerprint)).copy

    assert (told.verified, told.mark) == (True, "Imported copy, signature checked")


def test_what_nobody_signed_says_so(bundle: Elsewhere, ana: User, open_as: Open) -> None:
    forged = Forgery(bundle.content)
    head = forged.json("head.json")
    head["body"]["key_id"] = None
    forged.put("head.json", {**head, "signature": None})

    told = open_as(forged.packed(), ana).copy

    assert (told.verified, told.signature) == (False, "")
    assert "Nobody signed it" in told.finding


def test_a_json_export_says_that_it_proves_nothing(
    tmp_path: Path, now: datetime, ana: User, open_as: Open
) -> None:
    told = open_as(handed_out(tmp_path, now, export_format="json").content, ana).copy

    assert not told.verified
    assert "carries no signature" in told.finding


def test_what_is_handed_out_for_people_begins_with_the_mark(
    bundle: Elsewhere, now: datetime, ana: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    for export_format in ("markdown", "html", "text"):
        if export_format in FORMATS:
            assert b"Imported copy, not verified. " in again(copy, now, export_format)
    assert b"Imported copy" not in Forgery(bundle.content).files["report.md"]


# --- IN-15: what is refused


def no_run(run: Run) -> bool:
    left = (Evidence, StoredFile, ImportedRecord)
    return not Run.objects.filter(pk=run.pk).exists() and not any(m.objects.exists() for m in left)


@pytest.mark.parametrize("wrong", ["0" * 32, "1A2B " * 7 + "1A2B"])
def test_a_signature_of_another_key_is_refused(
    bundle: Elsewhere, ana: User, open_as: Open, wrong: str
) -> None:
    with pytest.raises(RecordRefused, match="signed by another key than the one you named"):
        open_as(bundle.content, ana, fingerprint=wrong)

    assert no_run(bundle.run)


def test_a_fingerprint_that_is_none_is_refused(bundle: Elsewhere, ana: User, open_as: Open) -> None:
    for typed in ("1A2B", "not a key", "0" * 33):
        with pytest.raises(RecordRefused, match="eight groups of four"):
            open_as(bundle.content, ana, fingerprint=typed)


def forged_note(forged: Forgery) -> None:
    said = forged.event(2)
    said["header"]["actor"] = "f" * 32
    forged.put_event(2, said)


def forged_signature(forged: Forgery) -> None:
    head = forged.json("head.json")
    forged.put("head.json", {**head, "signature": "0" * 128})


def forged_text(forged: Forgery) -> None:
    name = next(each for each in forged.files if each.startswith("texts/"))
    forged.put(name, {**forged.json(name), "text": "It went well."})


def cut_tail(forged: Forgery) -> None:
    forged.lines = forged.lines[:-1]


@pytest.mark.parametrize("forge", [forged_note, forged_signature, forged_text, cut_tail])
def test_a_record_that_was_changed_is_refused(
    bundle: Elsewhere, ana: User, open_as: Open, forge: Callable[[Forgery], None]
) -> None:
    forged = Forgery(bundle.content)
    forge(forged)

    with pytest.raises(RecordRefused, match=r"^This record was tampered with: "):
        open_as(forged.packed(), ana)

    assert no_run(bundle.run)


@pytest.mark.parametrize(
    ("where", "value"),
    [("payload", {"data": {}}), ("salt", "0" * 64), ("hash", "0" * 64), ("payload", None)],
)
def test_a_changed_json_export_is_refused(
    tmp_path: Path, now: datetime, ana: User, open_as: Open, where: str, value: Any
) -> None:
    there = handed_out(tmp_path, now, export_format="json")
    told = json.loads(there.content)
    told["events"][3][where] = value
    if (where, value) == ("payload", None):
        told["events"][3]["salt"] = None

    with pytest.raises(RecordRefused):
        open_as(_canonical(told), ana)

    assert no_run(there.run)


@pytest.mark.parametrize("name", ["run", "instance", "genesis"])
def test_events_of_another_run_are_refused(
    tmp_path: Path, now: datetime, ana: User, open_as: Open, name: str
) -> None:
    told = json.loads(handed_out(tmp_path, now, export_format="json").content)
    told[name] = "3" * 64 if name == "genesis" else "33333333-3333-4333-8333-333333333333"

    with pytest.raises(RecordRefused, match="tampered with"):
        open_as(_canonical(told), ana)


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def test_a_redacted_copy_is_refused(
    tmp_path: Path, now: datetime, ana: User, open_as: Open
) -> None:
    there = handed_out(tmp_path, now, profile=Profile.PUBLIC)

    with pytest.raises(RecordRefused, match="Ask for an export with the profile internal"):
        open_as(there.content, ana)


def test_a_run_that_is_recorded_here_is_never_merged_with_a_file(
    ana: User, ben: User, now: datetime, open_as: Open
) -> None:
    run = stored_run(ana, now)
    content = exports.export(
        run_id=run.pk, act=act(ana, now=now), export_format="zip", address=ADDRESS
    ).content
    before = Run.objects.get(pk=run.pk)

    with pytest.raises(AlreadyHere, match="never merged") as refused:
        open_as(content, ana)
    assert refused.value.run == run.pk
    with pytest.raises(AlreadyHere) as refused:
        open_as(content, ben)

    assert refused.value.run is None  # a stranger to the run gets no link
    after = Run.objects.get(pk=run.pk)
    assert (after.version, after.head, after.imported_by) == (before.version, before.head, None)


def test_the_same_record_twice_is_refused_with_the_way_to_the_first(
    bundle: Elsewhere, ana: User, ben: User, open_as: Open
) -> None:
    copy = open_as(bundle.content, ana)

    for user, seen in ((ana, copy.pk), (ben, None)):
        with pytest.raises(AlreadyHere, match="opened here before") as refused:
            open_as(bundle.content, user)
        assert refused.value.run == seen


def test_of_two_who_open_a_record_at_once_one_is_told_that_it_is_here(
    bundle: Elsewhere, ana: User, open_as: Open
) -> None:
    open_as(bundle.content, ana)
    looks = [None, None]  # both looked before the other was done

    def look(*args: object) -> None:
        return looks.pop() if looks else check_new(*args)  # type: ignore[arg-type]

    check_new = imports._check_new
    with patch.object(imports, "_check_new", look), pytest.raises(AlreadyHere, match="before"):
        open_as(bundle.content, ana)


def test_a_definition_that_is_nowhere_is_named(
    tmp_path: Path, now: datetime, ana: User, open_as: Open
) -> None:
    """The pack of the tests is shipped nowhere, and a JSON export does not bring it."""
    there = handed_out(tmp_path, now, make=make_run, export_format="json")

    with pytest.raises(RecordRefused, match="follows the definition small in the revision"):
        open_as(there.content, ana)

    assert no_run(there.run)

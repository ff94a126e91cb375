"""The offline verifier finds every change, and says the four things that it may say (TL-04, TL-12).

MUTANTS=20000 tries so many edits of single bytes; without it a tenth of that.
"""

import ast
import functools
import os
import random
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from runbook.domain.redaction import Profile
from runbook.exports.verifier import verify
from tests.exports.bundles import (
    FIRST,
    FOREIGN_KEY,
    KEY,
    NEW_KEY,
    Forgery,
    archived,
    bundle,
    fingerprint,
    judged,
    proved,
    statement,
)

MUTANTS = int(os.environ.get("MUTANTS", "2000"))
BUNDLE = bundle()
HEAD = Forgery(BUNDLE).json("head.json")["body"]["head"]


@pytest.fixture(autouse=True)
def _quick_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same signature over the same message is checked once."""
    monkeypatch.setattr(verify, "_is_signed", functools.cache(verify._is_signed))


def test_an_untouched_bundle_is_intact_for_who_knows_the_key() -> None:
    code, sentence = judged(BUNDLE)

    assert code == 0
    assert sentence.startswith("Intact: 15 events of run 11111111")
    assert "the content of 1 erased" in sentence
    assert fingerprint() in sentence


def test_the_key_inside_is_never_trusted_by_itself() -> None:
    assert judged(BUNDLE, known=())[0] == 3
    assert judged(BUNDLE, known=(fingerprint(FOREIGN_KEY),))[0] == 3
    assert "the signer is unknown" in judged(BUNDLE, known=())[1]


# --- TL-04: single bytes


def flip(data: bytearray, place: int, chance: random.Random) -> None:
    data[place] ^= 1 << chance.randrange(8)


def delete(data: bytearray, place: int, chance: random.Random) -> None:
    del data[place]


def insert(data: bytearray, place: int, chance: random.Random) -> None:
    data.insert(place, chance.randrange(256))


def swap(data: bytearray, place: int, chance: random.Random) -> None:
    other = chance.randrange(len(data))
    data[place], data[other] = data[other], data[place]


def cut(data: bytearray, place: int, chance: random.Random) -> None:
    del data[place:]


EDITS = (flip, delete, insert, swap, cut)


def mutants(seed: int, count: int) -> list[tuple[str, bytes]]:
    """Edits of the archive's own bytes, and of single files packed again without the manifest.

    Every file gets the same share, or most edits would hit the largest one; so does the archive.
    """
    chance, forged = random.Random(seed), Forgery(BUNDLE)  # noqa: S311 - the same each time
    names = [*forged.files, ""]
    found: list[tuple[str, bytes]] = []
    while len(found) < count:
        name, edit = chance.choice(names), chance.choice(EDITS)
        data = bytearray(forged.files[name] if name else BUNDLE)
        edit(data, chance.randrange(len(data)), chance)
        whole = archived({**forged.files, name: bytes(data)}, forged.when) if name else bytes(data)
        if whole != BUNDLE:
            found.append((f"{name} {edit.__name__}", whole))
    return found


def undetected(seed: int, count: int) -> list[str]:
    return [told for told, whole in mutants(seed, count) if judged(whole)[0] == 0]


def test_no_edit_of_a_byte_stays_undetected() -> None:
    for part in range(0, MUTANTS, 500):
        assert undetected(part, min(500, MUTANTS - part)) == []


def test_without_a_look_at_the_manifest_edits_of_reports_would_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify.Record, "_check_manifest", lambda self: None)

    assert any("report." in told for told in undetected(1, 300))


def test_without_a_look_at_the_archive_edits_between_the_files_would_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = bytearray(BUNDLE)
    data[10] ^= 1  # the time in the first header, which no reader of ZIP files looks at
    assert judged(bytes(data))[0] == 2

    monkeypatch.setattr(verify, "formed", lambda holds, sentence: None)
    assert judged(bytes(data))[0] == 0


# --- Keys that follow each other


def rotated(*, endorsed: bool = True) -> bytes:
    later = statement(NEW_KEY, since=timedelta(minutes=90), seq=9, after=KEY, endorsed=endorsed)
    return bundle(proved(key=NEW_KEY, keys=(FIRST, later)))


def test_an_endorsed_key_is_trusted_by_who_knows_the_one_before_it() -> None:
    for known in (KEY, NEW_KEY):
        assert judged(rotated(), known=(fingerprint(known),))[0] == 0
    assert judged(rotated(endorsed=False), known=(fingerprint(KEY),))[0] == 3
    assert judged(rotated(endorsed=False), known=(fingerprint(NEW_KEY),))[0] == 0


def test_a_record_of_the_old_key_is_proved_by_the_new_one() -> None:
    later = statement(NEW_KEY, since=timedelta(hours=3), seq=9, after=KEY, endorsed=False)
    made = bundle(proved(keys=(FIRST, later)))

    assert judged(made, known=(fingerprint(NEW_KEY),))[0] == 0


def test_a_retired_key_signs_nothing_any_more() -> None:
    later = statement(NEW_KEY, since=timedelta(minutes=90), seq=9, after=KEY)

    code, sentence = judged(bundle(proved(keys=(FIRST, later))))

    assert (code, "did not count at that time" in sentence) == (1, True)


def test_a_false_endorsement_is_found() -> None:
    forged = Forgery(rotated())
    keys = forged.json("keys.json")
    keys["keys"][1]["endorsement"] = "00" * 64
    forged.put("keys.json", keys)

    assert judged(forged.packed())[0] == 1


# --- Redacted copies


def test_a_redacted_copy_proves_its_headers_and_nothing_of_its_words() -> None:
    code, sentence = judged(bundle(proved(profile=Profile.PUBLIC)))

    assert code == 3
    assert "headers are intact" in sentence
    assert "not covered by commitment" in sentence


def test_a_redacted_copy_holds_no_content_and_no_word_for_word_report() -> None:
    names = set(Forgery(bundle(proved(profile=Profile.PUBLIC))).files)

    assert not [n for n in names if n.startswith(("texts/", "files/"))]
    assert not names & {"report.json", "state.json"}
    assert "report.md" in names


def test_redacted_words_cannot_pass_as_the_original() -> None:
    forged = Forgery(bundle(proved(profile=Profile.PUBLIC)))
    manifest = forged.json("manifest.json")
    forged.put("manifest.json", {**manifest, "derived": False, "profile": "internal"})
    assert judged(forged.packed())[0] == 2

    forged = Forgery(bundle(proved(profile=Profile.PUBLIC)))
    said = forged.event(3)
    said["redacted"]["note"] = "original"
    forged.put_event(3, said)
    assert judged(forged.packed())[0] == 2


# --- The file by itself


def test_it_reads_the_folder_as_well_and_a_zip_packed_anew_only_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(BUNDLE)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "folder")
        with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as again:
            for name in archive.namelist():
                again.writestr(name, archive.read(name))

    def run(name: str) -> int:
        return verify.main([str(tmp_path / name), "--fingerprint", fingerprint()])

    assert [run("a.zip"), run("folder"), run("b.zip")] == [0, 0, 2]
    (tmp_path / "folder" / "more.txt").write_text("x")
    assert run("folder") == 1
    assert run("nothing") == 2
    (tmp_path / "empty.zip").write_bytes(b"")
    assert run("empty.zip") == 2


def test_the_command_line_takes_hashes_as_people_write_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(BUNDLE)

    anchor = f"15:{verify.groups(HEAD)}"
    assert verify.main([str(path), "--fingerprint", fingerprint(), "--anchor", anchor]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    for wrong in (["--fingerprint", "1234"], ["--anchor", "x:" + "0" * 64]):
        with pytest.raises(SystemExit):
            verify.main([str(path), *wrong])


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl"}


def pythons() -> dict[str, str]:
    """Every other Python on this machine that the verifier promises to run on."""
    found = {}
    for minor in range(9, 15):
        kept = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        path = str(kept[0]) if kept else shutil.which(f"python3.{minor}")
        if path and subprocess.run([path, "-V"], capture_output=True).returncode == 0:
            found[f"3.{minor}"] = path
    return found


def test_it_runs_alone_on_every_python_that_is_here(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(BUNDLE)
    (tmp_path / "b.zip").write_bytes(archived({**Forgery(BUNDLE).files, "x": b""}, (0, 33)))
    shutil.copy(verify.__file__, tmp_path / "verify.py")
    for version, path in pythons().items():
        for words, code in (
            (["a.zip", "--fingerprint", fingerprint()], 0),
            (["b.zip", "--fingerprint", fingerprint()], 2),
            (["a.zip"], 3),
        ):
            done = subprocess.run(
                [path, "-I", "-W", "error", "verify.py", *words],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                env={},
            )
            assert (done.returncode, done.stderr) == (code, ""), (version, done)
            assert re.fullmatch(r"[^\n]+\.\n", done.stdout), version

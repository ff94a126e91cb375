"""A pack is read from its folder as it is meant, or refused with one sentence that helps."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.domain.vocabulary import Disposition, StepKind
from runbook.library import PackInvalid, digest_of, dump_pack, load_packs, parse_pack

SOURCE = Path(__file__).parent / "fixture_pack"
Change = Callable[[str, str, str], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "fixture_pack")
    return tmp_path


@pytest.fixture
def change(root: Path) -> Change:
    def replace(file: str, old: str, new: str) -> None:
        path = root / "fixture_pack" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace


@pytest.fixture
def child(root: Path) -> Path:
    folder = root / "child"
    folder.mkdir()
    about = (root / "fixture_pack" / "pack.yaml").read_text()
    kept = [line for line in about.splitlines() if "_family:" not in line]
    text = "\n".join(kept).replace("slug: fixture_pack", "slug: child\nextends: fixture_pack")
    (folder / "pack.yaml").write_text(text)
    shutil.copy(root / "fixture_pack" / "runbook.yaml", folder)
    return folder


def refusal(root: Path) -> str:
    with pytest.raises(PackInvalid) as refused:
        load_packs(root)
    return refused.value.sentence


def test_a_folder_becomes_one_pack_with_everything_in_it(root: Path) -> None:
    pack = load_packs(root)["fixture_pack"]

    assert [step.slug for step in pack.runbook.steps] == ["look", "cool-down", "flash"]
    assert pack.runbook.step("cool-down").kind is StepKind.WAIT
    assert pack.family("busy").disposition is Disposition.WAIT_AND_RETRY
    assert pack.source("handbook").date == "2025-06"
    assert [code.hex for code in pack.codes] == ["80040001", "80040002"]


def test_words_and_dates_stay_the_text_that_was_written(root: Path) -> None:
    pack = load_packs(root)["fixture_pack"]

    assert pack.verified_on == "2026-01-31"
    assert pack.family("busy").retry_helps == "yes"


def test_equal_content_has_an_equal_digest_and_other_content_another(
    root: Path, change: Change
) -> None:
    before = load_packs(root)["fixture_pack"]
    again = load_packs(root)["fixture_pack"]
    change("families/busy.yaml", "revision: 1", "revision: 2")
    after = load_packs(root)["fixture_pack"]

    assert before.digest == again.digest == digest_of(before)
    assert len(before.digest) == 64
    assert after.digest != before.digest


def test_a_pack_survives_being_written_and_read(root: Path) -> None:
    pack = load_packs(root)["fixture_pack"]

    assert parse_pack(dump_pack(pack)) == pack


@pytest.mark.parametrize("text", ["{", "{}", '{"slug": 1}'])
def test_a_text_that_is_no_stored_pack_is_refused(text: str) -> None:
    with pytest.raises(PackInvalid, match="stored pack"):
        parse_pack(text)


@pytest.mark.usefixtures("child")
def test_a_pack_takes_families_sources_codes_and_readiness_from_the_one_it_extends(
    root: Path,
) -> None:
    found = load_packs(root)
    base, pack = found["fixture_pack"], found["child"]

    assert pack.families == base.families
    assert pack.sources == base.sources
    assert pack.codes == base.codes
    assert pack.readiness == base.readiness
    assert pack.fallback_family == "unknown"


def test_a_family_of_its_own_replaces_the_one_of_the_base(root: Path, child: Path) -> None:
    (child / "families").mkdir()
    text = (root / "fixture_pack" / "families" / "busy.yaml").read_text()
    (child / "families" / "busy.yaml").write_text(text.replace("is busy", "boils"))

    found = load_packs(root)

    assert found["child"].family("busy").title == "The kettle boils"
    assert found["fixture_pack"].family("busy").title == "The kettle is busy"


def test_a_family_takes_what_it_does_not_state_from_the_base(root: Path, child: Path) -> None:
    (child / "families").mkdir()
    (child / "families" / "busy.yaml").write_text("slug: busy\ntitle: The kettle boils\n")

    found = load_packs(root)
    own, base = found["child"].family("busy"), found["fixture_pack"].family("busy")

    assert own.title == "The kettle boils"
    assert (own.signatures, own.ladder) == (base.signatures, base.ladder)


def test_a_base_without_a_runbook_is_only_a_base(root: Path, child: Path) -> None:
    (root / "fixture_pack" / "runbook.yaml").unlink()

    assert list(load_packs(root)) == ["child"]


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "families/busy.yaml",
            "revision: 1",
            "revision: 1\ncolour: red",
            "fixture_pack/families/busy.yaml, colour: unexpected keyword argument.",
        ),
        (
            "families/busy.yaml",
            "disposition: wait-and-retry",
            "disposition: hope",
            "fixture_pack/families/busy.yaml, disposition: input should be 'wait-and-retry'",
        ),
        (
            "families/busy.yaml",
            "slug: busy",
            "slug: lazy",
            "fixture_pack/families/busy.yaml, slug: 'lazy' is not the name of the file.",
        ),
        (
            "families/busy.yaml",
            "fragment: answered with Steam",
            "pattern: '(steam'",
            "fixture_pack/families/busy.yaml, signature 2: the pattern cannot be compiled by RE2:",
        ),
        (
            "families/busy.yaml",
            "fragment: answered with Steam",
            "pattern: '(?=steam)'",
            "fixture_pack/families/busy.yaml, signature 2: the pattern cannot be compiled by RE2:",
        ),
        (
            "families/busy.yaml",
            "fragment: answered with Steam",
            "pattern: 'x*'",
            "fixture_pack/families/busy.yaml, signature 2: the pattern matches an empty text.",
        ),
        (
            "families/busy.yaml",
            "fragment: answered with Steam",
            "also: [steam]",
            "fixture_pack/families/busy.yaml, signature 2: must have either a fragment or a pattern.",
        ),
        (
            "families/busy.yaml",
            "80040002",
            "0x80040002",
            "fixture_pack/families/busy.yaml, codes: '0x80040002' is not the normal form",
        ),
        (
            "families/busy.yaml",
            "source: handbook",
            "source: hearsay",
            "fixture_pack/families/busy.yaml, family: cites the source 'hearsay'",
        ),
        (
            "runbook.yaml",
            "answer: boiling",
            "answer: freezing",
            "fixture_pack/runbook.yaml, step cool-down, condition: depends on the question 'freezing'",
        ),
        (
            "runbook.yaml",
            "resolved: look",
            "resolved: gaze",
            "fixture_pack/runbook.yaml, step flash, gate: depends on the step 'gaze'",
        ),
        (
            "runbook.yaml",
            "step: look",
            "step: gaze",
            "fixture_pack/runbook.yaml, step flash, gate: points to the step 'gaze'",
        ),
        (
            "runbook.yaml",
            "slug: cool-down",
            "slug: look",
            "fixture_pack/runbook.yaml, step look: stands there 2 times.",
        ),
        (
            "runbook.yaml",
            "equals: yes",
            "equal: yes",
            "phases.1.steps.0.condition: fits none of the shapes that a condition can have.",
        ),
        (
            "readiness.yaml",
            "state: U",
            "holding: [yes]\n    state: U",
            "fixture_pack/readiness.yaml, rows: no row fits",
        ),
        (
            "codes.tsv",
            "-2147221502",
            "-2147221503",
            "fixture_pack/codes.tsv, code 80040002: the decimal -2147221503 is not the same number.",
        ),
        (
            "pack.yaml",
            "fallback_family: unknown",
            "fallback_family: mystery",
            "fixture_pack/pack.yaml, fallback_family: names the family 'mystery'",
        ),
        (
            "pack.yaml",
            "slug: fixture_pack",
            "slug: other",
            "fixture_pack/pack.yaml, slug: must equal the folder's name.",
        ),
        (
            "sources.yaml",
            "title:",
            "slug: twice\n  title:",
            "fixture_pack/sources.yaml: cannot be read:",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_file_place_and_problem(
    file: str, old: str, new: str, sentence: str, root: Path, change: Change
) -> None:
    change(file, old, new)

    assert sentence in refusal(root)
    assert "\n" not in refusal(root)


def test_a_branch_must_lead_to_a_step(root: Path, change: Change) -> None:
    branch = "branches: [{slug: a, title: A, component_fragments: [a], step: gone, text: A}]"
    change("families/busy.yaml", "revision: 1", f"revision: 1\n{branch}")

    assert "branch a: leads to the step 'gone'" in refusal(root)


def test_a_pack_cannot_extend_what_is_not_there(root: Path, change: Change) -> None:
    change("pack.yaml", "revision: 1", "revision: 1\nextends: nothing")

    assert "the pack 'nothing' cannot be extended" in refusal(root)


def test_a_folder_without_packs_is_refused(tmp_path: Path) -> None:
    assert "no folder with a pack.yaml" in refusal(tmp_path)

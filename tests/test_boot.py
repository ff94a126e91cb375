"""The starter installs only what changed, and its summary does not hide a failed part."""

import sys
from pathlib import Path

import pytest

import boot


class Calls(list[tuple[str, ...]]):
    """Stands in for starting programs: remembers what was asked, answers with given codes."""

    def __init__(self, *failing: str) -> None:
        super().__init__()
        self.failing = failing

    def __call__(self, *command: object, **env: str) -> int:
        words = tuple(str(word) for word in command)
        self.append(words)
        return int(any(word in self.failing for word in words))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(boot, "call", calls)
    monkeypatch.setattr(boot, "VENV", tmp_path / "venv")
    monkeypatch.setattr(boot, "BIN", tmp_path / "venv" / "bin")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    return calls


def pips(calls: Calls) -> list[str]:
    return [words[-1] for words in calls if "pip" in words]


def test_an_unchanged_lock_is_installed_once(machine: Calls) -> None:
    boot.install(boot.RUN_LOCK)
    boot.install(boot.RUN_LOCK)

    assert pips(machine) == [str(boot.RUN_LOCK)]
    assert "--require-hashes" in machine[0]
    assert "--no-deps" in machine[0]


def test_after_the_tests_the_product_has_all_it_needs(machine: Calls) -> None:
    boot.install(boot.DEV_LOCK, boot.RUN_LOCK)
    boot.install(boot.RUN_LOCK)

    assert pips(machine) == [str(boot.DEV_LOCK)]


def test_a_changed_lock_is_installed_again(machine: Calls, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    for text in ("a==1", "a==2", "a==2"):
        lock.write_text(text)
        boot.install(lock)

    assert len(pips(machine)) == 2


def test_a_failed_installation_leaves_no_stamp(machine: Calls) -> None:
    machine.failing = ("pip",)

    with pytest.raises(SystemExit, match="could not be installed"):
        boot.install(boot.RUN_LOCK)
    assert not list(boot.VENV.glob(".*.sha256"))


def test_without_the_venv_module_one_sentence_says_what_to_do(
    machine: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.failing = ("venv",)
    monkeypatch.setattr(boot, "apt_install", lambda package: False)

    with pytest.raises(SystemExit, match="sudo apt-get install python3-venv"):
        boot.make_venv()
    assert not boot.VENV.exists()


def test_an_old_python_is_replaced_by_a_newer_one_or_refused(
    machine: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(boot.shutil, "which", {"python3.12": "/opt/python3.12"}.get)
    boot.make_venv()
    assert machine[0][0] == "/opt/python3.12"

    monkeypatch.setattr(boot.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is missing"):
        boot.make_venv()


def test_what_opens_exports_is_installed_where_it_is_missing(
    machine: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(boot.shutil, "which", lambda name: name if name == "pdftotext" else None)
    monkeypatch.setattr(boot, "apt_install", lambda package: asked.append(package))

    boot.find_readers()

    assert asked == ["libreoffice-calc"]
    assert "The tests that need soffice will be skipped" in capsys.readouterr().out


@pytest.mark.parametrize(("failing", "code"), [((), 0), (("--pg",), 1), (("poethepoet",), 1)])
def test_the_summary_names_each_part(
    machine: Calls, capsys: pytest.CaptureFixture[str], failing: tuple[str, ...], code: int
) -> None:
    machine.failing = failing

    assert boot.test(()) == code
    summary = capsys.readouterr().out.splitlines()[-1]
    for part in ("checks", "SQLite", "PostgreSQL", "browser"):
        assert f"{part} " in summary
    assert ("FAILED" in summary) == bool(code)

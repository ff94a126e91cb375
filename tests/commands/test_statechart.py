"""statechart keeps the diagram of the README equal to the transition table."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from runbook.domain.transitions import mermaid

Told = Callable[..., str]


def test_the_diagram_is_printed(told: Told) -> None:
    assert told("statechart") == mermaid() + "\n"


def test_only_the_block_is_replaced(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# A\n<!-- statechart -->old<!-- /statechart -->\nB\n")

    told("statechart", "--write", "--file", str(path))
    once = path.read_text()
    told("statechart", "--write", "--file", str(path))

    assert path.read_text() == once
    assert once == (
        f"# A\n<!-- statechart -->\n\n```mermaid\n{mermaid()}\n```\n\n<!-- /statechart -->\nB\n"
    )


@pytest.mark.parametrize("text", ["# A\n", "<!-- statechart -->\n", "<!-- /statechart -->"])
def test_without_a_block_nothing_is_written(told: Told, tmp_path: Path, text: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(text)

    with pytest.raises(CommandError, match=r"README.md has no block between <!-- statechart -->"):
        told("statechart", "--write", "--file", str(path))

    assert path.read_text() == text

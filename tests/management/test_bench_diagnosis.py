"""The benchmark of reading names each hostile text with its figure, and marks what takes too long."""

import io

import pytest
from django.core.management import call_command

from runbook.domain.diagnosis import hostile
from runbook.management.commands import bench_diagnosis


def test_each_hostile_text_gets_a_line_and_a_mark_if_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_diagnosis, "pieces_of", lambda pack: {"tea": "tea ", "ice": "ice "})
    monkeypatch.setattr(bench_diagnosis, "BOUND", 0)
    out = io.StringIO()

    call_command("bench_diagnosis", "--hostile", "--rounds", "1", stdout=out)

    lines = out.getvalue().splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:4]] == [
        "tea",
        "ice",
        "random characters",
    ]
    assert all(line.endswith("OVER") for line in lines[1:4])
    assert lines[-1] == "3 of 3 are OVER 0 ms."


def test_a_text_of_a_piece_has_the_size_that_is_asked_for() -> None:
    assert hostile.a_text_of("abc", size=7) == "abcabca"

"""Every parser meets a fixed number of made-up inputs in each run of the checks."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target, check


@st.composite
def inputs(draw: st.DrawFn, target: Target) -> bytes:
    """Pure noise, or a good input with pieces cut out, doubled and put in."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=300))
    data = draw(st.sampled_from(target.seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(target.pieces), st.binary(max_size=8)))
        data = data[:start] + piece * draw(st.integers(0, 5)) + data[end:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60)
@given(data=st.data())
def test_any_input_is_read_or_refused(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]

    check(target, data.draw(inputs(target)))


@pytest.mark.parametrize("name", TARGETS)
def test_a_good_input_is_read(name: str) -> None:
    for seed in TARGETS[name].seeds:
        check(TARGETS[name], seed)


@pytest.mark.parametrize("name", TARGETS)
def test_many_times_the_same_piece_stays_linear(name: str) -> None:
    for piece in TARGETS[name].pieces:
        check(TARGETS[name], TARGETS[name].seeds[0] + piece * 3000)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_guided_fuzzer_finds_no_fault(name: str) -> None:
    """In a process of its own: the fuzzer ends the process it runs in."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", "--target", name, "--runs", "1000"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]

"""Runs one fuzz target for long: coverage-guided with atheris if it is there, else by chance.

`python -m tests.fuzz.run --target spreadsheet --runs 20000`
"""

import argparse
import importlib
import importlib.util
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.targets import Target


def main() -> None:
    """Ends with an error at the first input that crashes or takes too much work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        _by_chance(_targets()[chosen.target], runs=chosen.runs, seed=chosen.seed)
    else:
        _guided(chosen.target, runs=chosen.runs, seed=chosen.seed)
    sys.stdout.write(f"{chosen.target}: {chosen.runs} inputs, no fault.\n")


def _targets() -> "dict[str, Target]":
    """Imported late, so that the fuzzer can follow the parsers while they load."""
    found: dict[str, Target] = importlib.import_module("tests.fuzz.targets").TARGETS
    return found


def _guided(name: str, *, runs: int, seed: int) -> None:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["runbook.domain.diagnosis"]):
        target = _targets()[name]
    check = importlib.import_module("tests.fuzz.targets").check

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        grown = _mutated(data, target, random.Random(seed))  # noqa: S311 - no secret
        return bytes(atheris.Mutate(grown[:most], most))

    def one(data: bytes) -> None:
        check(target, data)

    with tempfile.TemporaryDirectory() as corpus:
        for number, content in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(content)
        arguments = [
            sys.argv[0],
            f"-atheris_runs={runs}",
            f"-seed={seed}",
            "-max_len=20000",
            corpus,
        ]
        atheris.Setup(arguments, one, custom_mutator=mutate)
        atheris.Fuzz()


def _by_chance(target: "Target", *, runs: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    check = importlib.import_module("tests.fuzz.targets").check
    for _ in range(runs):
        data = chance.choice(target.seeds)
        for _ in range(chance.randint(1, 8)):
            data = _mutated(data, target, chance)
        check(target, data)


def _mutated(data: bytes, target: "Target", chance: random.Random) -> bytes:
    if not data:
        return chance.choice(target.seeds)
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randint(0, 60))
    piece = chance.choice((*target.pieces, chance.randbytes(4), data[start:end] * 2, b""))
    return data[:start] + piece + data[end:]


if __name__ == "__main__":
    main()

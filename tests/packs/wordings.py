"""Reads the lists of failure texts in tests/samples; a line break inside a text is written as a sign."""

from pathlib import Path

from runbook.domain.diagnosis.measure import Labelled

SAMPLES = Path(__file__).parents[1] / "samples"
LINE_BREAK = "⏎"

BLIND = SAMPLES / "blind_wordings.tsv"
OTHER = SAMPLES / "other_wordings.tsv"
BESIDE = SAMPLES / "beside_imports.tsv"


def blind(number: str) -> list[Labelled]:
    """One of the lists that were written before the signatures knew them."""
    rows = (line.split("\t", 2) for line in _lines(BLIND)[1:])
    return [_labelled(*row[1:]) for row in rows if row[0] == number]


def beside_imports() -> list[Labelled]:
    """Texts from around an import that report none, and real failures in the same surroundings."""
    return [_labelled(*line.split("\t", 1)) for line in _lines(BESIDE)[1:]]


def other() -> list[Labelled]:
    """The same failures in still other words."""
    return [_labelled(*line.split("\t", 1)) for line in _lines(OTHER)]


def every() -> list[Labelled]:
    """All lists together."""
    lists = sorted({line.split("\t", 1)[0] for line in _lines(BLIND)[1:]})
    return [text for number in lists for text in blind(number)] + other() + beside_imports()


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line]


def _labelled(family: str, text: str) -> Labelled:
    return Labelled(id=text[:60], raw=text.replace(LINE_BREAK, "\n"), family=family)

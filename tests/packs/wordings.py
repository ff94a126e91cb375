"""Reads the lists of failure texts in tests/samples; a line break inside a text is written as a sign."""

from dataclasses import replace
from pathlib import Path

from runbook.domain.diagnosis.measure import Labelled

SAMPLES = Path(__file__).parents[1] / "samples"
LINE_BREAK = "⏎"

BLIND = SAMPLES / "blind_wordings.tsv"
OTHER = SAMPLES / "other_wordings.tsv"
BESIDE = SAMPLES / "beside_imports.tsv"
HELD_OUT = SAMPLES / "held_out.tsv"
LOCALISED = SAMPLES / "localised.tsv"


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


def held_out(number: str) -> list[Labelled]:
    """One round of texts from in and around imports, in mails, chats, tickets and other languages."""
    rows = (line.split("\t", 2) for line in _lines(HELD_OUT)[1:])
    return [_labelled(*row[1:]) for row in rows if row[0] == number]


def localised() -> list[Labelled]:
    """Sentences of a portal in other languages; `surface` holds the language."""
    rows = (line.split("\t", 2) for line in _lines(LOCALISED)[1:])
    return [replace(_labelled(family, text), surface=language) for language, family, text in rows]


def every() -> list[Labelled]:
    """All lists together."""
    lists = sorted({line.split("\t", 1)[0] for line in _lines(BLIND)[1:]})
    rounds = sorted({line.split("\t", 1)[0] for line in _lines(HELD_OUT)[1:]})
    return [
        *(text for number in lists for text in blind(number)),
        *other(),
        *beside_imports(),
        *(text for number in rounds for text in held_out(number)),
        *localised(),
    ]


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def _labelled(family: str, text: str) -> Labelled:
    return Labelled(id=text[:60], raw=text.replace(LINE_BREAK, "\n"), family=family)

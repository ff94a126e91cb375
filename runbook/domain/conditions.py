"""Conditions over recorded answers: pure, three-valued, written as data in packs.

`None` means "not decided yet", because an answer it depends on was not given. Invariant 8 of
`engine.md`: the same answers give the same result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerIs:
    """True when the answer to a question equals a value."""

    answer: str
    equals: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResolved:
    """True when a step is done, skipped with a reason, or does not apply."""

    resolved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """True when every part is true."""

    all: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when at least one part is true."""

    any: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOf:
    """True when no part is true."""

    none: tuple["Condition", ...]


Condition = AnswerIs | StepResolved | AllOf | AnyOf | NoneOf


def holds(
    condition: Condition, answers: Mapping[str, str], *, resolved: frozenset[str]
) -> bool | None:
    """Whether the condition is met; None while an answer it needs is missing."""
    match condition:
        case AnswerIs(answer=question, equals=value):
            return answers[question] == value if question in answers else None
        case StepResolved(resolved=step):
            return step in resolved
        case AllOf(all=parts):
            return _all([holds(part, answers, resolved=resolved) for part in parts])
        case AnyOf(any=parts):
            return _not(_all([_not(holds(p, answers, resolved=resolved)) for p in parts]))
        case NoneOf(none=parts):
            return _all([_not(holds(part, answers, resolved=resolved)) for part in parts])
        case _:
            assert_never(condition)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def questions_in(condition: Condition) -> frozenset[str]:
    """The questions whose answers the condition depends on."""
    match condition:
        case AnswerIs(answer=question):
            return frozenset({question})
        case StepResolved():
            return frozenset()
        case AllOf(all=parts) | AnyOf(any=parts) | NoneOf(none=parts):
            return frozenset().union(*(questions_in(part) for part in parts))
        case _:
            assert_never(condition)


def steps_in(condition: Condition) -> frozenset[str]:
    """The steps whose resolution the condition depends on."""
    match condition:
        case StepResolved(resolved=step):
            return frozenset({step})
        case AnswerIs():
            return frozenset()
        case AllOf(all=parts) | AnyOf(any=parts) | NoneOf(none=parts):
            return frozenset().union(*(steps_in(part) for part in parts))
        case _:
            assert_never(condition)

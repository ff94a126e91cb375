"""Conditions are three-valued: yes, no, and "nobody has answered yet"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.domain.conditions import (
    AllOf,
    AnswerIs,
    AnyOf,
    Condition,
    NoneOf,
    StepResolved,
    holds,
    questions_in,
    steps_in,
)

RED = AnswerIs(answer="colour", equals="red")
BIG = AnswerIs(answer="size", equals="big")
DONE = StepResolved(resolved="look")

QUESTIONS, STEPS = ("colour", "size"), ("look", "touch")
LEAVES = st.one_of(
    st.builds(AnswerIs, answer=st.sampled_from(QUESTIONS), equals=st.sampled_from(("red", "big"))),
    st.builds(StepResolved, resolved=st.sampled_from(STEPS)),
)


def _parts(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, all=several),
        st.builds(AnyOf, any=several),
        st.builds(NoneOf, none=several),
    )


CONDITIONS = st.recursive(LEAVES, _parts, max_leaves=8)
ANSWERS = st.dictionaries(st.sampled_from(QUESTIONS), st.sampled_from(("red", "big", "")))
RESOLVED = st.frozensets(st.sampled_from(STEPS))


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        (RED, {}, None),
        (RED, {"colour": "red"}, True),
        (RED, {"colour": "blue"}, False),
        (DONE, {}, False),
        (AllOf(all=(RED, BIG)), {"colour": "red"}, None),
        (AllOf(all=(RED, BIG)), {"colour": "blue"}, False),
        (AllOf(all=(RED, BIG)), {"colour": "red", "size": "big"}, True),
        (AnyOf(any=(RED, BIG)), {"colour": "red"}, True),
        (AnyOf(any=(RED, BIG)), {"colour": "blue"}, None),
        (AnyOf(any=(RED, BIG)), {"colour": "blue", "size": "small"}, False),
        (NoneOf(none=(RED, BIG)), {"colour": "red"}, False),
        (NoneOf(none=(RED, BIG)), {"colour": "blue"}, None),
        (NoneOf(none=(RED, BIG)), {"colour": "blue", "size": "small"}, True),
        (AllOf(all=()), {}, True),
        (AnyOf(any=()), {}, False),
    ],
)
def test_a_condition_knows_what_was_not_answered(
    condition: Condition, answers: dict[str, str], expected: bool | None
) -> None:
    assert holds(condition, answers, resolved=frozenset()) is expected


def test_a_step_counts_once_it_is_resolved() -> None:
    assert holds(DONE, {}, resolved=frozenset({"look"})) is True


def test_a_condition_names_what_it_depends_on() -> None:
    condition = AllOf(all=(RED, AnyOf(any=(DONE, NoneOf(none=(BIG,))))))

    assert questions_in(condition) == {"colour", "size"}
    assert steps_in(condition) == {"look"}


@given(condition=CONDITIONS, answers=ANSWERS, resolved=RESOLVED)
def test_nothing_but_the_named_answers_and_steps_matters(
    condition: Condition, answers: dict[str, str], resolved: frozenset[str]
) -> None:
    named = {slug: text for slug, text in answers.items() if slug in questions_in(condition)}

    assert holds(condition, answers, resolved=resolved) is holds(
        condition, named, resolved=resolved & steps_in(condition)
    )


@given(condition=CONDITIONS, answers=ANSWERS, resolved=RESOLVED)
def test_a_decided_condition_stays_decided_when_more_is_answered(
    condition: Condition, answers: dict[str, str], resolved: frozenset[str]
) -> None:
    decided = holds(condition, answers, resolved=resolved)
    more = {**dict.fromkeys(QUESTIONS, "red"), **answers}

    assert decided is None or holds(condition, more, resolved=resolved) is decided


@given(condition=CONDITIONS, answers=ANSWERS, resolved=RESOLVED)
def test_none_of_is_the_opposite_of_any_of(
    condition: Condition, answers: dict[str, str], resolved: frozenset[str]
) -> None:
    some = holds(AnyOf(any=(condition,)), answers, resolved=resolved)
    none = holds(NoneOf(none=(condition,)), answers, resolved=resolved)

    assert none is (None if some is None else not some)

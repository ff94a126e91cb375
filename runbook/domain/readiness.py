"""Installed state before any retry: the decision table of a pack and how a reading meets it."""

from dataclasses import dataclass
from enum import StrEnum

from runbook.domain.sources import Citation, Disagreement
from runbook.domain.steps import Check
from runbook.domain.vocabulary import InstalledState, RetryRule


class Base(StrEnum):
    """What is listed under the solution's own unique name."""

    ABSENT = "absent"
    OLD = "old"
    NEW = "new"
    OTHER = "other"
    UNKNOWN = "unknown"


class YesNo(StrEnum):
    """An answer that may honestly be missing."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a person saw in the environment, already compared with the run's versions."""

    base: Base
    holding: YesNo
    running: YesNo
    mixed: YesNo = YesNo.NO
    already_exists: bool = False
    holding_is_target: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessRow:
    """One row of the decision table; an empty tuple in `base`, `holding`, ... means "whatever".

    Rows are tried in order; the last one must match everything.
    """

    state: InstalledState
    title: str
    seen: str
    meaning: str
    retry: RetryRule
    do: str
    never: str
    base: tuple[Base, ...] = ()
    holding: tuple[YesNo, ...] = ()
    running: tuple[YesNo, ...] = ()
    mixed: tuple[YesNo, ...] = ()
    already_exists: bool | None = None
    holding_is_target: bool | None = None
    look_again_minutes: int = 0
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The decision table of a pack, the list to answer before each retry, and the deletion warning.

    `removal_warning` is the data-loss explanation of the deletion interlock; `holding_suffix` turns
    a solution's unique name into its holding solution's. What was looked at before a retry counts
    for `answers_hold_minutes`.
    """

    rows: tuple[ReadinessRow, ...]
    before_retry: tuple[Check, ...]
    removal_warning: str
    holding_suffix: str = "_Upgrade"
    operation_limit_minutes: int = 240
    answers_hold_minutes: int = 60


def row_for(readiness: Readiness, sighting: Sighting) -> ReadinessRow:
    """The first row that fits what was seen; LookupError if the table has a hole."""
    for row in readiness.rows:
        if _fits(row, sighting):
            return row
    raise LookupError(f"no readiness row fits {sighting}")


def _fits(row: ReadinessRow, sighting: Sighting) -> bool:
    return (
        (not row.base or sighting.base in row.base)
        and (not row.holding or sighting.holding in row.holding)
        and (not row.running or sighting.running in row.running)
        and (not row.mixed or sighting.mixed in row.mixed)
        and row.already_exists in {None, sighting.already_exists}
        and row.holding_is_target in {None, sighting.holding_is_target}
    )

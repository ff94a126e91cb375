"""The decision table: every sighting has exactly one meaning, and doubt never allows a retry."""

from dataclasses import replace
from itertools import product

import pytest

from runbook.domain.decisions.readings import Look, sight
from runbook.domain.pack import Pack
from runbook.domain.readiness import Base, Sighting, YesNo, row_for
from runbook.domain.vocabulary import InstalledState, RetryRule
from runbook.library import packs
from tests.domain.history import started
from tests.domain.wishes import LOOKS, small_pack

SIGHTINGS = [
    Sighting(
        base=base,
        holding=holding,
        running=running,
        mixed=mixed,
        already_exists=exists,
        holding_is_target=target,
    )
    for base, holding, running, mixed, exists, target in product(
        Base, YesNo, YesNo, YesNo, (True, False), (True, False)
    )
]


def every_pack() -> list[Pack]:
    return [small_pack(), *packs().values()]


@pytest.mark.parametrize("pack", every_pack(), ids=lambda pack: pack.slug)
def test_the_table_answers_every_sighting(pack: Pack) -> None:
    assert {row_for(pack.readiness, sighting).state for sighting in SIGHTINGS} == set(
        InstalledState
    )


@pytest.mark.parametrize("pack", packs().values(), ids=lambda pack: pack.slug)
def test_no_row_is_hidden_behind_an_earlier_one(pack: Pack) -> None:
    reached = {row_for(pack.readiness, sighting).title for sighting in SIGHTINGS}

    # The last row stands for whatever nobody thought of.
    assert reached >= {row.title for row in pack.readiness.rows[:-1]}


@pytest.mark.parametrize("pack", packs().values(), ids=lambda pack: pack.slug)
def test_a_leftover_of_another_version_is_told_apart(pack: Pack) -> None:
    def title(target: bool) -> str:
        sighting = Sighting(
            base=Base.OLD, holding=YesNo.YES, running=YesNo.NO, holding_is_target=target
        )
        return row_for(pack.readiness, sighting).title

    assert title(target=True) == "The upgrade is pending"
    assert title(target=False) == "A leftover of another version is pending"


def test_a_table_with_a_hole_is_noticed() -> None:
    table = small_pack().readiness
    holed = replace(table, rows=table.rows[:-1])

    with pytest.raises(LookupError):
        [row_for(holed, sighting) for sighting in SIGHTINGS]


@pytest.mark.parametrize("pack", every_pack(), ids=lambda pack: pack.slug)
def test_only_a_clean_old_base_allows_another_import(pack: Pack) -> None:
    for sighting in SIGHTINGS:
        row = row_for(pack.readiness, sighting)
        if row.retry is RetryRule.IF_FAMILY_ALLOWS:
            assert row.state is InstalledState.ROLLED_BACK
            assert (sighting.base, sighting.holding, sighting.running, sighting.mixed) == (
                Base.OLD,
                YesNo.NO,
                YesNo.NO,
                YesNo.NO,
            )


@pytest.mark.parametrize("pack", every_pack(), ids=lambda pack: pack.slug)
def test_what_runs_is_running_whatever_else_is_seen(pack: Pack) -> None:
    for sighting in SIGHTINGS:
        if sighting.running is YesNo.YES:
            assert row_for(pack.readiness, sighting).state is InstalledState.RUNNING


@pytest.mark.parametrize("state", InstalledState)
def test_each_state_can_be_looked_up_and_seen(state: InstalledState) -> None:
    pack, run = small_pack(), started()

    assert row_for(pack.readiness, sight(run.state, LOOKS[state])).state is state


@pytest.mark.parametrize(
    ("version", "base"),
    [
        ("", Base.ABSENT),
        ("4.9", Base.OLD),
        ("4.9.0.0", Base.OLD),
        ("4.29", Base.NEW),
        ("4.10", Base.OTHER),
    ],
)
def test_a_version_is_compared_with_those_of_the_run(version: str, base: Base) -> None:
    look = Look(base_version=version, holding_listed=YesNo.NO, running=YesNo.NO)

    assert sight(started().state, look).base is base

"""The engine is measured on labelled texts; advice that does harm is counted apart."""

from pathlib import Path

import pytest

from runbook.domain.diagnosis.measure import Labelled, Miss, measure
from runbook.domain.pack import Pack
from runbook.library import load_packs

GUID = "41263d72-4dea-ee11-9048-000d3a341e15"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_packs(Path(__file__).parents[2] / "packs")["fixture_pack"]


def test_hits_are_counted_by_family_and_by_surface(pack: Pack) -> None:
    texts = [
        Labelled(id="1", raw="valve blocked by chalk", family="bad-water", surface="lamp"),
        Labelled(id="2", raw="valve blocked by chalk", family="busy", surface="lamp"),
    ]

    measured = measure(texts, pack)

    assert measured.families == {"bad-water": (1, 1), "busy": (0, 1)}
    assert measured.surfaces == {"lamp": (1, 2)}
    assert measured.total == (1, 2)


def test_facts_count_only_where_they_are_labelled(pack: Pack) -> None:
    texts = [
        Labelled(
            id="1",
            raw=f"0x80040002 status code BadGateway on workflow {GUID}",
            family="busy",
            code="80040002",
            status="BadGateway",
            component_id=f"{{{GUID.upper()}}}",
        ),
        Labelled(id="2", raw="0x80040002", family="busy", code="80040001"),
    ]

    assert measure(texts, pack).facts == {
        "code": (1, 2),
        "component id": (1, 1),
        "status": (1, 1),
    }


@pytest.mark.parametrize(
    ("raw", "family", "unsafe"),
    [
        ("0x80040002", "bad-water", True),
        ("0x80040002", "lost-answer", True),
        ("0x80040002", "unknown", False),
        ("valve blocked by chalk", "busy", False),
    ],
)
def test_to_wait_is_unsafe_where_a_repair_or_a_look_is_due(
    raw: str, family: str, unsafe: bool, pack: Pack
) -> None:
    measured = measure([Labelled(id="1", raw=raw, family=family)], pack)

    assert len(measured.misses) == 1
    assert measured.unsafe == (measured.misses if unsafe else ())
    assert measured.misses[0] == Miss(
        id="1", expected=family, got="busy" if raw[0] == "0" else "bad-water"
    )

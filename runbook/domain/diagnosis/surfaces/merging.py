"""Puts the readings of several errors into one, the cause first."""

from dataclasses import asdict, replace

from runbook.domain.diagnosis.family import Component, Diagnosis, Ids, Reading
from runbook.domain.diagnosis.knowledge import Knowledge
from runbook.domain.diagnosis.surfaces.handed import Handed, LogRow, part_of


def merged(readings: tuple[Reading, ...], pack: Knowledge, *, most: int) -> Reading:
    """One reading of several: what is known goes before what is not, otherwise in their order.

    Facts that only one of them has are kept; families stand once, at most `most` of them.
    """
    special = (pack.fallback_family, pack.not_an_error_family)
    ordered = sorted(readings, key=lambda reading: reading.diagnoses[0].family in special)
    first = ordered[0]
    known: dict[str, Diagnosis] = {}
    for reading in (first, *(each for each in ordered[1:] if _says_more(each, special))):
        for diagnosis in reading.diagnoses if reading is first else reading.diagnoses[:1]:
            known.setdefault(diagnosis.family, diagnosis)
    heads = {reading.diagnoses[0].family for reading in ordered}
    kept = sorted(known.values(), key=lambda each: each.family not in heads)
    return replace(
        first,
        diagnoses=tuple(kept[:most]),
        codes=tuple(dict.fromkeys(code for reading in ordered for code in reading.codes)),
        status=next((each.status for each in ordered if each.status), None),
        phase=next((each.phase for each in ordered if each.phase), None),
        component=next(
            (each.component for each in ordered if each.component != Component()), first.component
        ),
        ids=_ids(ordered),
        versions=tuple(dict.fromkeys(each for reading in ordered for each in reading.versions)),
    )


def _says_more(reading: Reading, special: tuple[str, str]) -> bool:
    return reading.diagnoses[0].family not in special


def with_row(reading: Reading, row: LogRow | None) -> Reading:
    """The reading with the component of its row, where the words name none."""
    if row is None or not (row.item_type or row.name or row.id):
        return reading
    named = reading.component
    if named.name and named.id:
        return reading
    identifier = row.id.strip("{} ").lower() or None
    if named.id and identifier and named.id != identifier:
        return reading
    component = Component(
        type=named.type or row.item_type or None,
        name=named.name or row.name or None,
        id=named.id or identifier,
    )
    return replace(reading, component=component)


def rows_by_part(handed: Handed) -> dict[str, LogRow]:
    """The failing row that each part of a log was made of."""
    wanted = set(handed.parts)
    found: dict[str, LogRow] = {}
    for row in handed.rows:
        part = part_of(row)
        if part in wanted:
            wanted.remove(part)
            found[part] = row
        if not wanted:
            break
    return found


def _ids(readings: list[Reading]) -> Ids:
    found: dict[str, str] = {}
    for reading in readings:
        for kind, value in asdict(reading.ids).items():
            if value:
                found.setdefault(kind, value)
    return Ids(**found)

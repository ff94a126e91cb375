"""Shapes a reading as the object that `manage.py diagnose` prints; the shape is an interface."""

from dataclasses import asdict

from runbook.domain.diagnosis.family import Reading


def as_json(reading: Reading) -> dict[str, object]:
    """The reading as plain values, families best first; missing facts are None or empty."""
    return {
        "is_import_error": reading.is_import_error,
        "families": [
            {
                "slug": diagnosis.family,
                "confidence": diagnosis.confidence.value,
                "disposition": diagnosis.disposition.value,
                "quote": diagnosis.quote,
                "reason": diagnosis.reason,
                "matched_by": diagnosis.matched_by,
            }
            for diagnosis in reading.diagnoses
        ],
        "codes": list(reading.codes),
        "status": reading.status,
        "phase": reading.phase.value if reading.phase else None,
        "component": asdict(reading.component),
        "ids": asdict(reading.ids),
        "versions": list(reading.versions),
    }

"""What scripts are told of the JSON exports holds for real records, and the schema can be fetched."""

import io
import json
import uuid
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from runbook.domain.redaction import Profile
from runbook.exports import FORMATS
from runbook.models import User
from runbook.services import demonstration, erasing, exports
from tests.exports.test_consumers import faults
from tests.factories import act

SCHEMA = "schemas/record-1.schema.json"


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: object) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"  # type: ignore[attr-defined]


@pytest.fixture(params=[0, 1], ids=["finished", "waiting"])
def record(request: pytest.FixtureRequest, db: None, ana: User, now: datetime) -> uuid.UUID:
    return demonstration.make(act(ana, now=now))[request.param]


def written(
    record: uuid.UUID, now: datetime, slug: str, profile: Profile = Profile.INTERNAL
) -> bytes:
    made = exports.written(
        record, FORMATS[slug], now=now, address="https://x.example/", profile=profile
    )
    return b"".join(made.pieces())


def test_a_real_record_keeps_to_the_published_schema(record: uuid.UUID, now: datetime) -> None:
    bundle = json.loads(written(record, now, "json"))

    assert len(bundle["events"]) > 10
    assert faults(bundle) == []


@pytest.mark.parametrize("profile", [Profile.INTERNAL, Profile.PUBLIC])
def test_each_line_of_the_json_lines_keeps_to_it(
    profile: Profile, record: uuid.UUID, now: datetime
) -> None:
    lines = written(record, now, "events-jsonl", profile).splitlines()
    with zipfile.ZipFile(io.BytesIO(written(record, now, "zip", profile))) as archive:
        lines += archive.read("events.jsonl").splitlines()
    events = [event for event in map(json.loads, lines) if "header" in event]

    assert len(events) > 20
    assert [fault for event in events for fault in faults(event, "line")] == []


def test_after_an_erasure_it_still_does(record: uuid.UUID, ana: User, now: datetime) -> None:
    bundle = json.loads(written(record, now, "json"))
    seq = next(each["seq"] for each in bundle["events"] if each["type"] == "error.captured")
    erasing.erase_evidence(run_id=record, act=act(ana, now=now), seq=seq, reason="A name")

    assert faults(json.loads(written(record, now, "json"))) == []


def test_the_schema_lies_where_the_readme_says() -> None:
    assert finders.find(SCHEMA)
    readme = Path(__file__).resolve().parent.parent.parent / "README.md"
    assert f"/static/{SCHEMA}" in readme.read_text()

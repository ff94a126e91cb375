"""The same failure has one fingerprint, whatever ids and numbers its text carries."""

import pytest

from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.fingerprint import fingerprint
from runbook.library import packs

TEXT = (
    "ImportAsHolding failed with exception :Error while importing workflow {%s} type ModernFlow "
    'name %s: Flow server error returned with status code "BadGateway" and details "". '
    "Activity Id: %s"
)
FIRST = (
    "11111111-2222-3333-4444-555555555555",
    "Send mail",
    "927d610b-0000-4000-8000-00000000be99",
)
AGAIN = (
    "99999999-2222-3333-4444-555555555555",
    "Send mail",
    "0a0a0a0a-0000-4000-8000-0000000000aa",
)
OTHER = ("11111111-2222-3333-4444-555555555555", "Clean up", "927d610b-0000-4000-8000-00000000be99")


def of(text: str) -> str:
    return fingerprint(diagnose(text, packs()["dataverse"]))


def test_ids_do_not_tell_failures_apart() -> None:
    assert of(TEXT % FIRST) == of(TEXT % AGAIN) != ""


def test_another_flow_is_another_failure() -> None:
    assert of(TEXT % FIRST) != of(TEXT % OTHER)


@pytest.mark.parametrize("text", ["", "Solution imported successfully.", "What is for lunch?"])
def test_what_is_no_failure_has_no_fingerprint(text: str) -> None:
    assert of(text) == ""

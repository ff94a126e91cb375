"""export_run writes the record and leaves an entry about it."""

import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from runbook import queries
from runbook.domain import chain
from runbook.domain.vocabulary import Role
from runbook.models import Run, User

Told = Callable[..., str]


def test_the_record_is_printed_with_the_entry_about_it(run: Run, told: Told) -> None:
    text = told("export_run", str(run.pk))

    assert text.startswith("# Dataverse managed solution import failed: Centerof")
    assert "Record handed out as markdown" in text


def test_the_entry_is_the_leads_and_made_by_the_system(run: Run, told: Told, ana: User) -> None:
    bundle = json.loads(told("export_run", str(run.pk), "--format", "json"))

    newest = bundle["events"][-1]
    assert newest["type"] == "export.made"
    assert newest["header"]["actor"] == ana.actor_id
    assert newest["header"]["actor_kind"] == "system"
    assert newest["name"] == "Ana"
    run.refresh_from_db()
    assert queries.verify_run(run) == (bundle["head"]["seq"], bundle["head"]["hash"])


def test_a_file_holds_the_same_bytes(run: Run, told: Told, tmp_path: Path) -> None:
    path = tmp_path / "run.json"

    said = told("export_run", str(run.pk), "--format", "json", "--output", str(path))

    assert said == f"Written to {path}.\n"
    assert json.loads(path.read_bytes())["run"] == str(run.pk)


def test_a_member_can_be_named(run: Run, told: Told, ana: User) -> None:
    assert told("export_run", str(run.pk), "--as", "ana")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("dora", "dora is no member of this run"), ("nobody", "There is no account nobody")],
)
def test_others_are_refused(run: Run, told: Told, dora: User, name: str, sentence: str) -> None:
    before = run.version

    with pytest.raises(CommandError, match=sentence):
        told("export_run", str(run.pk), "--as", name)

    run.refresh_from_db()
    assert run.version == before


@pytest.mark.django_db
def test_a_run_that_does_not_exist_is_named(told: Told) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    with pytest.raises(CommandError, match=f"There is no run {unknown}"):
        told("export_run", unknown)


def test_the_terminal_gets_the_bytes_of_the_file(
    run: Run, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    call_command("export_run", str(run.pk), "--format", "json")

    written = capfdbinary.readouterr().out
    assert chain.canonical(json.loads(written)).encode() == written


def test_a_role_that_may_not_is_named(run: Run, told: Told) -> None:
    with (
        patch.dict("runbook.domain.access.ACCESS", {Role.LEAD: frozenset()}),
        pytest.raises(CommandError, match="Your role on this run is lead"),
    ):
        told("export_run", str(run.pk))

"""The guards stand after every migration, and come back when a migration takes them away (TL-03)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker

from runbook.models import Head, JournalEntry, guards
from runbook.models.timeline import Event

SCRATCH = "scratch"


@pytest.fixture
def scratch(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[BaseDatabaseWrapper]:
    """An empty database beside the one that the other tests share."""
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_scratch"
        if connection.vendor == "sqlite":
            name = str(tmp_path / "scratch.sqlite3")
        else:
            _execute(f'CREATE DATABASE "{name}"')
        options = {k: v for k, v in connection.settings_dict["OPTIONS"].items() if k != "pool"}
        connections.databases[SCRATCH] = {
            **connection.settings_dict,
            "NAME": name,
            "OPTIONS": options,
        }
        try:
            yield connections[SCRATCH]
        finally:
            connections[SCRATCH].close()
            del connections[SCRATCH], connections.databases[SCRATCH]
            if connection.vendor == "postgresql":
                _execute(f'DROP DATABASE "{name}"')
            connection.close()


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def migrate(*target: str) -> None:
    call_command("migrate", *target, database=SCRATCH, verbosity=0)


def migrations() -> list[str]:
    loader = MigrationLoader(None)
    plan = loader.graph.forwards_plan(loader.graph.leaf_nodes("runbook")[0])
    return [name for app, name in plan if app == "runbook"]


def problems() -> list[str | None]:
    return [found.id for found in run_checks(databases=[SCRATCH]) if found.id == "runbook.E001"]


def test_after_each_migration_the_guards_stand_or_there_is_nothing_to_guard(
    scratch: BaseDatabaseWrapper,
) -> None:
    guarded = 0
    for name in migrations():
        migrate("runbook", name)
        if guards.tables_exist(scratch):
            guarded += 1
            assert guards.missing(scratch) == frozenset(), name
            assert problems() == [], name
        if name >= "0008":  # from here on there is a guard on each of them
            words = {guard.partition("_")[0] for guard in guards.present(scratch)}
            assert words == set(guards.TABLES), name

    assert guarded >= 2


@pytest.mark.parametrize(
    ("model", "column", "lost"),
    [
        (Event, "type", {"event_no_update", "event_no_delete", "event_in_order"}),
        (Head, "reason", {"head_no_update", "head_no_delete", "head_once"}),
        (JournalEntry, "type", {"journal_no_update", "journal_no_delete", "journal_in_order"}),
    ],
)
def test_a_migration_that_alters_the_table_cannot_take_the_guards_away(
    scratch: BaseDatabaseWrapper, model: type[models.Model], column: str, lost: set[str]
) -> None:
    """On SQLite an altered column rebuilds the table, silently without its triggers."""
    migrate()
    old = model._meta.get_field(column)
    assert isinstance(old, models.Field)
    new: models.CharField[str, str] = models.CharField(max_length=64)
    new.set_attributes_from_name(column)
    new.model = model
    with scratch.schema_editor() as editor:
        editor.alter_field(model, old, new)

    if scratch.vendor == "sqlite":  # the control: the loss is real, and would stop the start
        assert lost <= guards.missing(scratch)
        assert problems() == ["runbook.E001"]
    migrate()
    assert guards.missing(scratch) == frozenset()
    assert problems() == []


def test_guards_that_somebody_removed_stop_the_start_until_the_next_migrate(
    scratch: BaseDatabaseWrapper,
) -> None:
    migrate()
    guards.remove(scratch)
    assert problems() == ["runbook.E001"]

    migrate()
    assert problems() == []


def test_the_guards_can_be_taken_off_by_going_back(scratch: BaseDatabaseWrapper) -> None:
    migrate()
    migrate("runbook", "0002")
    migrate()

    assert guards.missing(scratch) == frozenset()

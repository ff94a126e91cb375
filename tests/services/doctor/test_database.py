"""The doctor: a database that would lose or change what is recorded is noticed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from runbook.services.doctor import Level, asking, sqlite
from tests.guards import remove_append_only_guards
from tests.services.doctor.patient import BAD, SQLITE, WARN, execute, look, noticed


@pytest.mark.usefixtures("sound")
def test_missing_guards_are_noticed() -> None:
    remove_append_only_guards()

    noticed(BAD, "event_in_order")


@pytest.mark.usefixtures("sound")
def test_pending_migrations_are_noticed_and_what_needs_them_is_left_out() -> None:
    newest = MigrationLoader(connection).graph.leaf_nodes("runbook")[0]
    MigrationRecorder(connection).record_unapplied(*newest)

    noticed(BAD, "Migrations that have not run")
    assert not [each for each in look() if "Owners" in each.sentence]


@pytest.mark.usefixtures("sound")
def test_an_unreachable_database_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError("could not connect.\nIs it running?")

    monkeypatch.setattr("runbook.services.doctor.database.value", refuse)

    noticed(BAD, "The database cannot be reached: could not connect.")
    noticed(Level.OK, "The packs can be read")


@pytest.mark.parametrize(
    ("pragma", "words"),
    [
        ("journal_mode=MEMORY", "The journal mode is MEMORY"),
        ("synchronous=NORMAL", "does not wait for the disk"),
        ("foreign_keys=OFF", "foreign_keys of SQLite is 0"),
        ("secure_delete=OFF", "secure_delete of SQLite is 0"),
        ("mmap_size=4096", "mmap_size of SQLite is 4096"),
        ("recursive_triggers=OFF", "recursive_triggers of SQLite is 0"),
    ],
)
def test_a_careless_sqlite_is_noticed(
    committed_db: None, request: pytest.FixtureRequest, pragma: str, words: str
) -> None:
    if not SQLITE:
        return
    request.getfixturevalue("sound")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")

    noticed(BAD, words)


@pytest.mark.usefixtures("sound")
def test_a_journal_that_this_library_corrupts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    if not SQLITE:
        return
    ask = asking.value
    doctor = "runbook.services.doctor.sqlite"
    monkeypatch.setattr(f"{doctor}.journal_mode", lambda version: "DELETE")
    monkeypatch.setattr(f"{doctor}.value", lambda sql: "wal" if "journal" in sql else ask(sql))

    noticed(BAD, "The journal mode is WAL")


@pytest.mark.usefixtures("sound")
def test_several_servers_or_waiting_transactions_on_sqlite_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not SQLITE:
        return
    monkeypatch.setattr(sqlite, "_holders", lambda path: {"1", "2", "3"})
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")

    noticed(WARN, "Processes that use one SQLite file: 3")
    noticed(BAD, "do not begin IMMEDIATE")


@pytest.mark.usefixtures("sound")
def test_who_has_the_file_open_is_counted() -> None:
    if not SQLITE or not Path("/proc/self/fd").exists():
        return
    path = Path(connection.settings_dict["NAME"])

    assert sqlite._holders(path) == {str(os.getpid())}
    assert sqlite._holders(path.with_name("other")) == set()


@pytest.mark.usefixtures("sound")
def test_a_careless_postgresql_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    if SQLITE:
        return
    execute("SET LOCAL synchronous_commit = off", "SET LOCAL timezone = 'Europe/Berlin'")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"max_size": 90})

    noticed(BAD, "synchronous_commit of PostgreSQL is off")
    noticed(BAD, "fsync of PostgreSQL is off")
    noticed(WARN, "time zone Europe/Berlin")
    noticed(WARN, "one process may open 90")
    noticed(BAD, "s apart", now=timezone.now() + timedelta(hours=1))
    monkeypatch.delitem(connection.settings_dict["OPTIONS"], "pool")
    noticed(WARN, "not pooled")


@pytest.mark.usefixtures("sound")
def test_a_role_with_too_many_or_too_few_rights_is_noticed() -> None:
    if SQLITE:
        return
    noticed(WARN, "owns the tables")
    execute("CREATE ROLE doctors_patient", "GRANT pg_read_all_data TO doctors_patient")
    execute("SET LOCAL ROLE doctors_patient")
    noticed(BAD, "doctors_patient may not use")
    execute("RESET ROLE", "GRANT DELETE ON runbook_event TO doctors_patient")
    execute("SET LOCAL ROLE doctors_patient")
    noticed(BAD, "rights to change the timeline")

"""Append-only guards in the database itself, for SQLite and PostgreSQL.

Source: `integrity-and-security.md` 4a.5. They stand on the timeline and, since migration 0008, on
signed heads and the installation's journal; a table that does not exist yet has none. They are installed by a migration, again after every
`migrate` (SQLite drops the triggers of a table that it rebuilds), and a system check refuses to
start without them. Only tests that flush tables take them off.
"""

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

EVENT, PAYLOAD, ERASURE = "runbook_event", "runbook_payload", "runbook_erasure"
HEAD, JOURNAL = "runbook_head", "runbook_journalentry"
#: The guarded tables by the first word in the names of their guards.
TABLES = {
    "event": EVENT,
    "payload": PAYLOAD,
    "erasure": ERASURE,
    "head": HEAD,
    "journal": JOURNAL,
}

_SQLITE = {
    "event_no_update": f"BEFORE UPDATE ON {EVENT} BEGIN "
    "SELECT RAISE(ABORT, 'the timeline is append-only'); END",
    "event_no_delete": f"BEFORE DELETE ON {EVENT} BEGIN "
    "SELECT RAISE(ABORT, 'the timeline is append-only'); END",
    # The only guard that stops INSERT OR REPLACE, by seq and by id, an upsert and a gap.
    "event_in_order": f"BEFORE INSERT ON {EVENT} WHEN NEW.seq <> 1 + COALESCE("
    f"(SELECT MAX(seq) FROM {EVENT} WHERE run_id = NEW.run_id), 0) "
    f"OR EXISTS (SELECT 1 FROM {EVENT} WHERE id = NEW.id) BEGIN "
    "SELECT RAISE(ABORT, 'the timeline has no gaps and no second truth'); END",
    "payload_once": f"BEFORE INSERT ON {PAYLOAD} WHEN EXISTS "
    f"(SELECT 1 FROM {PAYLOAD} WHERE event_id = NEW.event_id) BEGIN "
    "SELECT RAISE(ABORT, 'a payload is written once'); END",
    "payload_only_erased": f"BEFORE UPDATE ON {PAYLOAD} WHEN NEW.salt IS NOT NULL "
    "OR NEW.body IS NOT NULL OR NEW.event_id <> OLD.event_id OR NOT EXISTS "
    f"(SELECT 1 FROM {ERASURE} WHERE event_id = OLD.event_id) BEGIN "
    "SELECT RAISE(ABORT, 'a payload can only be erased, with an erasure on record'); END",
    "payload_no_delete": f"BEFORE DELETE ON {PAYLOAD} BEGIN "
    "SELECT RAISE(ABORT, 'the timeline is append-only'); END",
    "erasure_once": f"BEFORE INSERT ON {ERASURE} WHEN EXISTS "
    f"(SELECT 1 FROM {ERASURE} WHERE event_id = NEW.event_id) BEGIN "
    "SELECT RAISE(ABORT, 'an erasure is written once'); END",
    "erasure_no_update": f"BEFORE UPDATE ON {ERASURE} BEGIN "
    "SELECT RAISE(ABORT, 'the timeline is append-only'); END",
    "erasure_no_delete": f"BEFORE DELETE ON {ERASURE} BEGIN "
    "SELECT RAISE(ABORT, 'the timeline is append-only'); END",
    "head_once": f"BEFORE INSERT ON {HEAD} WHEN EXISTS "
    f"(SELECT 1 FROM {HEAD} WHERE id = NEW.id) BEGIN "
    "SELECT RAISE(ABORT, 'signed heads are append-only'); END",
    "head_no_update": f"BEFORE UPDATE ON {HEAD} BEGIN "
    "SELECT RAISE(ABORT, 'signed heads are append-only'); END",
    "head_no_delete": f"BEFORE DELETE ON {HEAD} BEGIN "
    "SELECT RAISE(ABORT, 'signed heads are append-only'); END",
    "journal_in_order": f"BEFORE INSERT ON {JOURNAL} WHEN NEW.seq <> 1 + COALESCE("
    f"(SELECT MAX(seq) FROM {JOURNAL}), 0) "
    f"OR EXISTS (SELECT 1 FROM {JOURNAL} WHERE id = NEW.id) BEGIN "
    "SELECT RAISE(ABORT, 'the journal is append-only and has no gaps'); END",
    "journal_no_update": f"BEFORE UPDATE ON {JOURNAL} BEGIN "
    "SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "journal_no_delete": f"BEFORE DELETE ON {JOURNAL} BEGIN "
    "SELECT RAISE(ABORT, 'the journal is append-only'); END",
}

_POSTGRESQL_FUNCTIONS = {
    "runbook_refuse": "BEGIN RAISE EXCEPTION 'the timeline is append-only'; END",
    "runbook_event_in_order": "BEGIN IF NEW.seq <> 1 + COALESCE("
    f"(SELECT MAX(seq) FROM {EVENT} WHERE run_id = NEW.run_id), 0) THEN "
    "RAISE EXCEPTION 'the timeline has no gaps and no second truth'; END IF; RETURN NEW; END",
    "runbook_payload_only_erased": "BEGIN IF NEW.salt IS NOT NULL OR NEW.body IS NOT NULL "
    "OR NEW.event_id <> OLD.event_id OR NOT EXISTS "
    f"(SELECT 1 FROM {ERASURE} WHERE event_id = OLD.event_id) THEN RAISE EXCEPTION "
    "'a payload can only be erased, with an erasure on record'; END IF; RETURN NEW; END",
    "runbook_journal_in_order": "BEGIN IF NEW.seq <> 1 + COALESCE("
    f"(SELECT MAX(seq) FROM {JOURNAL}), 0) THEN "
    "RAISE EXCEPTION 'the journal is append-only and has no gaps'; END IF; RETURN NEW; END",
}

#: Trigger name: when, table, level, function. Row triggers do not see TRUNCATE.
_POSTGRESQL_TRIGGERS = {
    "event_no_change": ("BEFORE UPDATE OR DELETE", EVENT, "ROW", "runbook_refuse"),
    "event_no_truncate": ("BEFORE TRUNCATE", EVENT, "STATEMENT", "runbook_refuse"),
    "event_in_order": ("BEFORE INSERT", EVENT, "ROW", "runbook_event_in_order"),
    "payload_only_erased": ("BEFORE UPDATE", PAYLOAD, "ROW", "runbook_payload_only_erased"),
    "payload_no_delete": ("BEFORE DELETE", PAYLOAD, "ROW", "runbook_refuse"),
    "payload_no_truncate": ("BEFORE TRUNCATE", PAYLOAD, "STATEMENT", "runbook_refuse"),
    "erasure_no_change": ("BEFORE UPDATE OR DELETE", ERASURE, "ROW", "runbook_refuse"),
    "erasure_no_truncate": ("BEFORE TRUNCATE", ERASURE, "STATEMENT", "runbook_refuse"),
    "head_no_change": ("BEFORE UPDATE OR DELETE", HEAD, "ROW", "runbook_refuse"),
    "head_no_truncate": ("BEFORE TRUNCATE", HEAD, "STATEMENT", "runbook_refuse"),
    "journal_no_change": ("BEFORE UPDATE OR DELETE", JOURNAL, "ROW", "runbook_refuse"),
    "journal_no_truncate": ("BEFORE TRUNCATE", JOURNAL, "STATEMENT", "runbook_refuse"),
    "journal_in_order": ("BEFORE INSERT", JOURNAL, "ROW", "runbook_journal_in_order"),
}


#: The product's own login role may not update payloads; this one deed it may, through the owner's
#: rights, and the trigger above still asks for the erasure. The tables are found where they are.
_POSTGRESQL_ERASE = f"""DO $do$ BEGIN EXECUTE format(
'CREATE OR REPLACE FUNCTION runbook_erase_payload(pk bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = %I, pg_temp
AS $f$ UPDATE {PAYLOAD} SET salt = NULL, body = NULL WHERE event_id = pk $f$', current_schema());
END $do$"""


def expected(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The names of all guards on this kind of database, for the tables that it has."""
    names = _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL_TRIGGERS
    tables = set(connection.introspection.table_names())
    return frozenset(name for name in names if TABLES[name.partition("_")[0]] in tables)


def present(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The names of the guards that stand in the database as they are meant, and are switched on.

    A guard whose text was changed counts as absent.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            wanted = {name: f"CREATE TRIGGER {name} {text}" for name, text in _SQLITE.items()}
        else:
            # 'A' means ENABLE ALWAYS; anything else could be bypassed by a replica session.
            cursor.execute(
                "SELECT t.tgname, btrim(p.prosrc) FROM pg_trigger t JOIN pg_proc p "
                "ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled = 'A'"
            )
            wanted = {
                name: _POSTGRESQL_FUNCTIONS[function]
                for name, (_, _, _, function) in _POSTGRESQL_TRIGGERS.items()
            }
        return frozenset(name for name, text in cursor.fetchall() if wanted.get(name) == text)


def missing(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The names of the guards that are absent, changed or switched off."""
    return expected(connection) - present(connection)


def install(connection: BaseDatabaseWrapper) -> None:
    """Puts every guard in place anew; safe to repeat."""
    _run(connection, _removal(connection))
    if connection.vendor == "sqlite":
        _run(
            connection, [f"CREATE TRIGGER {name} {_SQLITE[name]}" for name in expected(connection)]
        )
    else:
        _run(connection, _postgresql(expected(connection)))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Takes the guards off; for tests that empty the tables, and for nothing else."""
    _run(connection, _removal(connection))


def erase_payload(connection: BaseDatabaseWrapper, event_id: int) -> None:
    """Empties one payload; the guards refuse unless its erasure is on record."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT runbook_erase_payload(%s)", [event_id])
        else:
            cursor.execute(
                f"UPDATE {PAYLOAD} SET salt = NULL, body = NULL WHERE event_id = %s", [event_id]
            )


def tables_exist(connection: BaseDatabaseWrapper) -> bool:
    """Whether the guarded tables have been created yet."""
    return {EVENT, PAYLOAD, ERASURE} <= set(connection.introspection.table_names())


def _removal(connection: BaseDatabaseWrapper) -> Iterable[str]:
    if connection.vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE]
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {_POSTGRESQL_TRIGGERS[name][1]}"
        for name in expected(connection)
    ]


def _postgresql(names: Iterable[str]) -> Iterable[str]:
    for name, body in _POSTGRESQL_FUNCTIONS.items():
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        )
    yield _POSTGRESQL_ERASE
    for name in sorted(names):
        moment, table, level, function = _POSTGRESQL_TRIGGERS[name]
        yield (
            f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH {level} "
            f"EXECUTE FUNCTION {function}()"
        )
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

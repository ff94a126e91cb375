"""PostgreSQL: does it keep what it is given, and does the product's role have the right rights."""

from collections.abc import Iterator

from django.db import connection

from runbook.models import guards, roles
from runbook.services.doctor.asking import value
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

_OLDEST = 140000
_GUARDED = (guards.EVENT, guards.PAYLOAD, guards.ERASURE)
_DURABLE = {
    "fsync": "a power cut can destroy the database",
    "full_page_writes": "a power cut can destroy the database",
    "synchronous_commit": "a power cut can lose what people were told is recorded",
}


def _keeping(visit: Visit) -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        return
    version = int(value("SHOW server_version_num"))
    name = str(value("SHOW server_version")).split()[0]
    if version < _OLDEST:
        yield bad(f"PostgreSQL is {name}.", "Upgrade the server to PostgreSQL 14 or newer.")
    else:
        yield fine(f"The database is PostgreSQL {name}.")
    for setting, otherwise in _DURABLE.items():
        if value(f"SHOW {setting}") == "off":
            yield bad(f"{setting} of PostgreSQL is off: {otherwise}.", f"Set {setting} to on.")


def _connections(visit: Visit) -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        return
    zone = value("SHOW timezone")
    if zone not in {"UTC", "Etc/UTC"}:
        yield warn(f"Connections to PostgreSQL use the time zone {zone}.", "Leave it at UTC.")
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if not pool:
        yield warn(
            "Connections to PostgreSQL are not pooled: each page opens one.",
            "Leave the pool as the product sets it.",
        )
    elif isinstance(pool, dict):
        most = int(value("SHOW max_connections"))
        if pool.get("max_size", 4) > most // 2:
            yield warn(
                f"PostgreSQL takes {most} connections, one process may open {pool['max_size']}.",
                "Raise max_connections of PostgreSQL.",
            )


def _role(visit: Visit) -> Iterator[Finding]:
    """The role that serves should add to the timeline, and neither change it nor own it."""
    if connection.vendor != "postgresql" or not guards.tables_exist(connection):
        return
    user = value("SELECT current_user")
    owns = value(
        "SELECT r.rolsuper OR pg_has_role(current_user, c.relowner, 'USAGE') "
        "FROM pg_class c, pg_roles r WHERE r.rolname = current_user AND c.oid = %s::regclass",
        guards.EVENT,
    )
    remedy = "As the owner of the tables run: manage.py grant_app_role ROLE"
    if owns:
        yield warn(
            f"The product signs in to PostgreSQL as {user}, who owns the tables.",
            f"Make a role of its own for the product and use it in DATABASE_URL. {remedy}",
        )
        return
    tables = connection.introspection.table_names()
    lacking = [name for name in tables if _lacks(name)]
    if lacking:
        yield bad(f"The role {user} may not use {', '.join(lacking[:3])}.", f"{remedy}.")
    if any(_may(name, "UPDATE, DELETE, TRUNCATE, TRIGGER") for name in _GUARDED):
        yield bad(f"The role {user} has rights to change the timeline.", f"{remedy}.")


def _may(table: str, rights: str) -> bool:
    """Whether the role has any of these rights."""
    asked = connection.ops.quote_name(table)
    return bool(value("SELECT has_table_privilege(%s, %s)", asked, rights))


def _lacks(table: str) -> bool:
    """Whether the role cannot even do what it does with every table, as after a migration."""
    needed = roles.TIMELINE[:1] if table in roles.READ_ONLY else roles.TIMELINE
    return not all(_may(table, right) for right in needed)


CHECKS: tuple[Check, ...] = (_keeping, _connections, _role)

"""The rights of the role under which the product runs on PostgreSQL: it adds events, nothing more.

Source: `integrity-and-security.md` 4a.5. The owner of the tables migrates; a login role of its own
serves the product. Even with a hole in the product nobody can then change the timeline, nor switch
its guards off. Grant again after each migration, since a new table starts without rights.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from runbook.models import guards

#: What the product may do with the guarded tables: never UPDATE, DELETE or TRUNCATE.
TIMELINE = ("SELECT", "INSERT")
READ_ONLY = frozenset({"django_migrations"})
OTHER = ("SELECT", "INSERT", "UPDATE", "DELETE")


class NoSuchRole(Exception):
    """The database knows no role of this name, or the role owns everything anyway."""


def grant_app_role(connection: BaseDatabaseWrapper, role: str) -> None:
    """Gives an existing role exactly what the product needs, and takes away what it had beyond."""
    _check_role(connection, role)
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}")
        cursor.execute(f"REVOKE CREATE ON SCHEMA {schema} FROM {name}, PUBLIC")
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        for table in connection.introspection.table_names(cursor):
            rights = ", ".join(_rights(table))
            cursor.execute(f"GRANT {rights} ON {connection.ops.quote_name(table)} TO {name}")


def _rights(table: str) -> tuple[str, ...]:
    if table in guards.TABLES.values():
        return TIMELINE
    return ("SELECT",) if table in READ_ONLY else OTHER


def _check_role(connection: BaseDatabaseWrapper, role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolname = current_user FROM pg_roles WHERE rolname = %s", [role]
        )
        found = cursor.fetchone()
    if found is None:
        raise NoSuchRole(f"There is no role {role}. Create it first, with LOGIN and a password.")
    if any(found):
        raise NoSuchRole(
            f"The role {role} owns the tables or is a superuser; rights do not bind it."
        )

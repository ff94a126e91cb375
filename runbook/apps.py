"""Django's entry for the one app of this project; keeps the append-only guards in place."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.models.signals import post_migrate


class RunbookConfig(AppConfig):
    name = "runbook"
    verbose_name = "Upgrade Runbook"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The one signal of the product: SQLite loses a table's triggers whenever a migration
        # rebuilds the table, and only the end of `migrate` knows that.
        post_migrate.connect(restore_guards, sender=self)
        register(check_guards, Tags.database)


def restore_guards(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Puts back any append-only guard that a migration took away."""
    from runbook.models import guards  # noqa: PLC0415 - models load after the apps are ready

    connection = connections[using]
    if guards.tables_exist(connection) and guards.missing(connection):
        guards.install(connection)


def check_guards(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuses to start on a database whose timeline could be changed unnoticed."""
    from runbook.models import guards  # noqa: PLC0415 - models load after the apps are ready

    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if not guards.tables_exist(connection):
            continue
        absent = sorted(guards.missing(connection))
        if absent:
            found.append(
                Error(
                    f"The append-only guards {', '.join(absent)} are missing.",
                    hint="Run migrate; then run verify_timeline to see whether anything changed.",
                    id="runbook.E001",
                )
            )
    return found

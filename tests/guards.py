"""Taking the append-only guards away for a moment, because they refuse Django's flush."""

from django.db import connection

from runbook.models import guards


def remove_append_only_guards() -> None:
    guards.remove(connection)


def install_append_only_guards() -> None:
    guards.install(connection)

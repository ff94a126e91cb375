"""The append-only guards of the timeline, on both databases."""

from typing import Any

from django.db import migrations

from runbook.models import guards


def install(apps: Any, schema_editor: Any) -> None:
    guards.install(schema_editor.connection)


def remove(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runbook", "0002_runs_and_timeline")]

    operations = [migrations.RunPython(install, remove)]

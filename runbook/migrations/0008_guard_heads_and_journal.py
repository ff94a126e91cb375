"""The append-only guards of signed heads and of the installation's journal."""

from typing import Any

from django.db import migrations

from runbook.models import guards


def install(apps: Any, schema_editor: Any) -> None:
    guards.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runbook", "0007_files_heads_and_tokens")]

    # Going back takes no guard away: with the tables they go by themselves.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]

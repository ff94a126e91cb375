"""Records of other installations that are opened here: a mark on the run, and what came with it."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from runbook.models import guards


def install(apps: Any, schema_editor: Any) -> None:
    # The runs' table has no guards of its own; should a database rebuild it, those that name it stay.
    guards.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runbook", "0008_guard_heads_and_journal")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="imported_by",
            field=models.CharField(max_length=32, null=True),
        ),
        migrations.CreateModel(
            name="ImportedRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("imported_at", models.DateTimeField()),
                ("kind", models.CharField(max_length=8)),
                ("sha256", models.CharField(max_length=64)),
                ("instance", models.CharField(max_length=36)),
                ("head", models.TextField(blank=True)),
                ("signature", models.CharField(blank=True, max_length=128)),
                ("keys", models.TextField()),
                ("people", models.TextField()),
                ("verified", models.BooleanField()),
                ("finding", models.TextField()),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copy",
                        to="runbook.run",
                    ),
                ),
            ],
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]

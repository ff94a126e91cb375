"""Notes on families and codes; what makes two failures the same."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runbook", "0003_append_only_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[("family", "Family"), ("code", "Code")], max_length=8
                    ),
                ),
                ("subject", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("created", models.DateTimeField()),
                ("withdrawn", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="attempt",
            name="fingerprint",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="attempt",
            name="option",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="attempt",
            name="repairs",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["fingerprint"], name="attempt_by_fingerprint"),
        ),
        migrations.AddField(
            model_name="note",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["about", "subject"], name="note_by_subject"),
        ),
    ]

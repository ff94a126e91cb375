"""Stored files, pseudonyms, signed heads, the journal, anchors and tokens of scripts."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runbook", "0006_first_account_is_owner"),
    ]

    operations = [
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveBigIntegerField(unique=True)),
                ("header", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("type", models.CharField(max_length=48)),
                ("body", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("key_id", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("public", models.CharField(max_length=64)),
                ("created", models.DateTimeField()),
                ("valid_from", models.PositiveBigIntegerField()),
                ("valid_to", models.PositiveBigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "scope",
                    models.CharField(
                        choices=[("read", "Read"), ("append", "Append")], max_length=8
                    ),
                ),
                ("label", models.CharField(max_length=100)),
                ("created", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="runbook.run",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PseudonymMap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField()),
                ("rules_version", models.PositiveIntegerField()),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pseudonyms",
                        to="runbook.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("handle", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("inspecting", "Inspecting"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("erased", "Erased"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("name", models.CharField(max_length=255)),
                ("step", models.CharField(max_length=64)),
                ("slot", models.CharField(blank=True, max_length=64)),
                ("caption", models.CharField(blank=True, max_length=500)),
                ("size_received", models.PositiveBigIntegerField()),
                ("size_stored", models.PositiveBigIntegerField(default=0)),
                ("sha256_received", models.CharField(max_length=64)),
                ("sha256_stored", models.CharField(blank=True, db_index=True, max_length=64)),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("facts", models.TextField(blank=True)),
                ("refusal", models.CharField(blank=True, max_length=300)),
                ("actor_id", models.CharField(max_length=32)),
                ("created", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="runbook.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Anchor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.PositiveBigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("how", models.CharField(max_length=16)),
                ("receiver", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="anchors",
                        to="runbook.run",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "size"], name="anchor_by_run")],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.PositiveBigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("body", models.TextField()),
                ("signature", models.CharField(max_length=128)),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(max_length=16)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="heads",
                        to="runbook.run",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="runbook.signingkey"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "size"], name="head_by_run")],
            },
        ),
    ]

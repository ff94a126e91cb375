"""The first account of an installation set it up, so it owns it."""

from django.db import migrations


def name_the_owner(apps, schema_editor):
    users = apps.get_model("runbook", "User").objects
    if not users.filter(is_staff=True).exists():
        first = users.order_by("pk").first()
        if first is not None:
            users.filter(pk=first.pk).update(is_staff=True)


class Migration(migrations.Migration):
    dependencies = [("runbook", "0005_teams_links_and_notices")]
    operations = [migrations.RunPython(name_the_owner, migrations.RunPython.noop)]

"""What the pages of a copy say about files: nothing that is true of the opening alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from runbook.models import StoredFile, User
from runbook.services import imports
from tests.web.pages import page

SignIn = Callable[[User], Client]
EXAMPLE = Path(site.BASE_DIR) / "examples" / "finished-upgrade.zip"
#: Long after everything in the record.
OPENED = datetime(2031, 5, 17, 12, tzinfo=UTC)


def test_a_file_of_a_copy_bears_no_time_of_its_opening(
    ana: User, sign_in: SignIn, tmp_path: Path, settings: Any
) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "signing_key"
    settings.OBJECTS_DIR = tmp_path / "objects"
    copy = imports.open_record(EXAMPLE, user=ana, now=OPENED)
    names = set(StoredFile.objects.filter(run=copy).values_list("name", flat=True))

    kept = page(sign_in(ana).get(reverse("run-evidence", args=[copy.pk]))).all(
        "ul", class_="kept-files"
    )

    assert names
    assert {name for name in names if any(name in each.text for each in kept)} == names
    assert not [each.text for each in kept if "17 May" in each.text]

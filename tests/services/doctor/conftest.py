"""An installation without a fault, for the tests of the doctor."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection

from runbook.models import User
from tests.services.doctor.patient import SOUND, SQLITE


@pytest.fixture
def sound(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[User]:
    """An installation without a fault, and its owner."""
    for name, value in {**SOUND, "DATA_DIR": tmp_path}.items():
        setattr(settings, name, value)
    tmp_path.chmod(0o700)
    for name in ("FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY", "SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRET_KEY", SOUND["SECRET_KEY"])
    owner = User.objects.create_user("olga", "olga@example.org", "long enough", is_staff=True)
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={})
    yield owner
    if SQLITE and connection.get_autocommit():
        connection.close()  # with the pragmas that a test may have changed

"""Records that another installation keeps: made here, handed out, and then never having been here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import transaction

from runbook.domain.heads import key_fingerprint
from runbook.domain.redaction import Profile
from runbook.models import Run, SigningKey, User
from runbook.services import exports, imports
from tests.exports.bundles import FILE, FILE_DIGEST
from tests.exports.records import stored_run
from tests.factories import act

ADDRESS = "https://runbook.example.org/runs/1/"


class Elsewhere:
    """One hand-out of another installation, with the fingerprint of that installation's key."""

    def __init__(self, content: bytes, *, run: Run, fingerprint: str) -> None:
        self.content, self.run, self.fingerprint = content, run, fingerprint

    def written(self, folder: Path) -> Path:
        path = folder / "handed-out"
        path.write_bytes(self.content)
        return path


@contextmanager
def another_installation(folder: Path) -> Iterator[None]:
    """What is made in here was never in this database, and was signed with another key."""
    mark = transaction.savepoint()
    keys = folder / "elsewhere" / "signing_key"
    try:
        with patch.object(settings, "SIGNING_KEY_FILE", keys):
            yield
    finally:
        transaction.savepoint_rollback(mark)


def handed_out(
    folder: Path,
    now: datetime,
    *,
    export_format: str = "zip",
    lead: User | None = None,
    make: Callable[[User, datetime], Run] = stored_run,
    then: Callable[[Run, User], object] = lambda run, lead: None,
    profile: Profile = Profile.INTERNAL,
) -> Elsewhere:
    """A run of that installation as a file. Without a `lead` of this one, of somebody unknown here."""
    with another_installation(folder):
        who = lead or User.objects.create_user(username="zoe", display_name="Zoe")
        run = make(who, now)
        then(run, who)
        made = exports.export(
            run_id=run.pk,
            act=act(who, now=now),
            export_format=export_format,
            address=ADDRESS,
            profile=profile,
        )
        run.refresh_from_db()
        key = SigningKey.objects.first()
        public = bytes.fromhex(key.public) if key else b""
        return Elsewhere(b"".join(made.pieces()), run=run, fingerprint=key_fingerprint(public))


def opened(content: bytes, user: User, folder: Path, now: datetime, **more: Any) -> Run:
    """The copy that opening these bytes makes."""
    path = folder / "came-in"
    path.write_bytes(content)
    return imports.open_record(path, user=user, now=now, **more)


__all__ = ["ADDRESS", "FILE", "FILE_DIGEST", "Elsewhere", "handed_out", "opened"]

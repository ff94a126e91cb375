"""Writes the record of a run to a file or to the terminal, and records that it did."""

import sys
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from runbook.domain.errors import DomainError
from runbook.domain.redaction import Profile
from runbook.domain.snapshot import load_state
from runbook.domain.vocabulary import Role
from runbook.exports import FORMATS
from runbook.management.choosing import chosen_runs
from runbook.models import Run, User
from runbook.queries import RunNotFound
from runbook.services import exports
from runbook.services.exports import Exported
from runbook.services.timeline import Act


class Command(BaseCommand):
    help = (
        "Writes the record of a run. The timeline gets an entry about it under the name of the "
        "run's lead, or of the member named with --as, marked as made by the system."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=uuid.UUID, help="id of the run")
        parser.add_argument("--format", choices=sorted(FORMATS), default="markdown")
        parser.add_argument("--output", type=Path, help="file to write; without it the terminal")
        profiles = [profile.value for profile in Profile]
        parser.add_argument(
            "--profile", choices=profiles, default=Profile.INTERNAL.value, help="who receives it"
        )
        parser.add_argument("--as", dest="member", default="", help="user name of a member")

    def handle(self, *args: Any, **options: Any) -> None:
        [run] = chosen_runs([options["run"]])
        profile = Profile(options["profile"])
        made = self._export(run, options["format"], member=options["member"], profile=profile)
        if options["output"]:
            with options["output"].open("wb") as file:
                file.writelines(made.pieces())
            self.stdout.write(f"Written to {options['output']}.")
        else:
            self._print(made)

    def _export(self, run: Run, export_format: str, *, member: str, profile: Profile) -> Exported:
        actor = _named(member) if member else _lead(run)
        try:
            return exports.export(
                run_id=run.pk,
                act=Act(actor=actor, now=timezone.now(), actor_kind="system"),
                export_format=export_format,
                address=_place(run),
                profile=profile,
            )
        except RunNotFound as refusal:
            raise CommandError(f"{member} is no member of this run.") from refusal
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal

    def _print(self, made: Exported) -> None:
        """The bytes as they are: a terminal's encoding or line ends would change the file."""
        stream = getattr(self.stdout, "_out", sys.stdout)
        if stream is sys.stdout and hasattr(stream, "buffer"):
            stream.buffer.writelines(made.pieces())
            stream.flush()
        else:
            self.stdout.write(made.content.decode(), ending="")


def _named(name: str) -> str:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no account {name}.")
    return user.actor_id


def _lead(run: Run) -> str:
    """The run's lead; nobody here leads a copy, so whoever opened it stands for that."""
    if run.imported_by is not None:
        return run.imported_by
    members = load_state(run.state).members
    return next(actor for actor, role in members.items() if role is Role.LEAD)


def _place(run: Run) -> str:
    """Where the record is read; without a site of its own a command knows the path only."""
    path = reverse("run-report", args=[run.pk])
    return f"{settings.SITE_URL}{path}" if settings.HTTPS else path

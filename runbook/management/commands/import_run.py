"""Opens an exported record of another installation as a copy that can only be read."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from runbook.domain.errors import DomainError
from runbook.models import User
from runbook.services import imports
from runbook.services.timeline import Busy


class Command(BaseCommand):
    help = (
        "Opens a ZIP or JSON export of a run, made with the profile internal, as a marked copy that "
        "can only be read. The person named with --as reads it, and the owners of the installation. "
        "With --fingerprint only a record that this key signed is opened."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the ZIP or JSON file as it was handed out")
        parser.add_argument(
            "--as", dest="reader", required=True, help="mail address or user name of who reads it"
        )
        parser.add_argument("--fingerprint", default="", help="of the key that must have signed it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            run = imports.open_record(
                options["file"],
                user=_reader(options["reader"]),
                now=timezone.now(),
                fingerprint=options["fingerprint"],
            )
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        except Busy as busy:
            raise CommandError("The database is busy. Nothing was opened; run it again.") from busy
        self.stdout.write(f"Run {run.pk}, {run.version} events. {run.copy.mark}.")
        self.stdout.write(run.copy.finding)


def _reader(name: str) -> User:
    active = User.objects.filter(is_active=True)
    found = active.filter(username=name).first()
    if found is not None:
        return found
    same = list(active.filter(email__iexact=name)[:2])
    if len(same) != 1:
        raise CommandError(f"There is no account {name}, or more than one.")
    return same[0]

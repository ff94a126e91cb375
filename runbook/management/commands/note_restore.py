"""Writes into the journal that an earlier copy of the database was put back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from runbook.domain.errors import DomainError
from runbook.services import journal


class Command(BaseCommand):
    help = (
        "Says in the installation's journal that a backup was restored, with the head that every "
        "run has now. Do it right after a restore: whoever holds a later head will ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("note", help="why, and from when the backup is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                entry = journal.backup_restored(note=options["note"], now=timezone.now())
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"Entry {entry.seq} of the journal says so.")

"""Erases what was handed in on runs that ended longer ago than the installation keeps it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from runbook.services import retention


class Command(BaseCommand):
    help = (
        "Erases the evidence of runs that ended more than KEEP_EVIDENCE_MONTHS ago; their records "
        "stay. The worker does the same once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only list what is due")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        now, view = timezone.now(), retention.outlook()
        if not view.months:
            self.stdout.write("KEEP_EVIDENCE_MONTHS is not set, so evidence is kept for ever.")
            return
        due = view.due(now)
        for each in due:
            self.stdout.write(
                f"{each.run_id}  ended {each.ended_at:%Y-%m-%d}, kept until {each.until:%Y-%m-%d}, "
                f"pieces: {each.pieces}"
            )
        if dry_run:
            self.stdout.write(f"Due: {len(due)}. Nothing was erased.")
            return
        found = retention.erase_due(now=now)
        for sentence in found:
            self.stdout.write(sentence)
        self.stdout.write(f"Runs whose evidence was erased: {len(due) - len(found)}.")
        if found:
            raise CommandError("Not all of it could be erased; it is due again the next time.")

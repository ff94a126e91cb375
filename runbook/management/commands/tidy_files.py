"""Takes away what uploads left behind: unfinished files, and bytes that no record names."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from runbook.services import files


class Command(BaseCommand):
    help = "Removes unfinished uploads after an hour and unnamed bytes after a day."

    def handle(self, *args: Any, **options: Any) -> None:
        done = files.tidy(timezone.now())
        self.stdout.write(f"Removed {done.temporary} unfinished and {done.objects} unnamed files.")

"""For every night: checks and signs each run that went on, and adds the root of the day."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from runbook.services import heads


class Command(BaseCommand):
    help = (
        "Checks the chain of every run that went on since its last signature, signs it, and writes "
        "one hash over all runs into the journal. Run it once a night; fails if a run is broken."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = heads.nightly(now=timezone.now())
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError("Not everything could be signed.")
        self.stdout.write("Every run is signed.")

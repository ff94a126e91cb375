"""Checks that no recorded event was changed, moved or taken away."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.domain.chain import fingerprint
from runbook.domain.errors import BrokenChain
from runbook.management.choosing import chosen_runs
from runbook.models import Run
from runbook.services import upkeep


class Command(BaseCommand):
    help = "Verifies the timelines of all runs, or of those named; fails if any is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", nargs="*", type=uuid.UUID, help="id of a run; without it all")

    def handle(self, *args: Any, **options: Any) -> None:
        runs = chosen_runs(options["run"])
        broken = [run for run in runs if not self._verify(run)]
        if broken:
            raise CommandError(f"{len(broken)} of {len(runs)} timelines are broken.")
        if not runs:
            self.stdout.write("There is no run yet.")

    def _verify(self, run: Run) -> bool:
        try:
            count, head = upkeep.verify(run.pk)
        except BrokenChain as fault:
            self.stdout.write(f"Run {run.pk}: broken at event {fault.seq}. {fault.sentence}")
            return False
        self.stdout.write(f"Run {run.pk}: {count} events, unbroken, head {fingerprint(head)}.")
        return True

"""Checks signed heads, the journal, the keys and the copies that the anchor file holds."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.management.choosing import chosen_runs
from runbook.services import anchors, heads, journal, signing


class Command(BaseCommand):
    help = (
        "Checks every signed head against its run, the installation's journal, the register of "
        "keys, and the anchor file if there is one; fails if anything differs. That the events "
        "themselves are whole says verify_timeline."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", nargs="*", type=uuid.UUID, help="id of a run; without it all")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [*signing.problems(), *journal.problems(), *anchors.problems()]
        for run in chosen_runs(options["run"]):
            found += heads.problems_of(run)
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{len(found)} findings.")
        self.stdout.write("All signed heads, the journal and the keys are right.")

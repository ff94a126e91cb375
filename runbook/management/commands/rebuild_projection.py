"""Compares the tables that pages read with the events, and writes them anew where they differ."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.management.choosing import chosen_runs
from runbook.services import upkeep


class Command(BaseCommand):
    help = "Writes the tables computed from events anew, for all runs or for those named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", nargs="*", type=uuid.UUID, help="id of a run; without it all")
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail if anything differs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check, differing = options["check"], 0
        look = upkeep.differences if check else upkeep.rebuild
        runs = chosen_runs(options["run"])
        for run in runs:
            found = look(run.pk)
            differing += bool(found)
            told = f"differs in {', '.join(found)}" if found else "equals its events"
            done = "; written anew" if found and not check else ""
            self.stdout.write(f"Run {run.pk}: {told}{done}.")
        if differing and check:
            raise CommandError(f"{differing} of {len(runs)} runs differ from their events.")

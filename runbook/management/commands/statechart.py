"""Prints the transition table as a diagram, or puts it into the README."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.domain.transitions import mermaid

BEGIN, END = "<!-- statechart -->", "<!-- /statechart -->"


class Command(BaseCommand):
    help = "Prints the states of a run and what leads from one to the other as a Mermaid diagram."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="put it into the README")
        parser.add_argument(
            "--file",
            type=Path,
            default=settings.BASE_DIR / "README.md",
            help="instead of the README",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(mermaid())
            return
        path: Path = options["file"]
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(_replaced(text, path.name), encoding="utf-8")
        self.stdout.write(f"{path.name} shows the transition table as it is now.")


def _replaced(text: str, name: str) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CommandError(f"{name} has no block between {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n```mermaid\n{mermaid()}\n```\n\n{END}{after}"

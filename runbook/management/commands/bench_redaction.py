"""Measure redaction beside the ingest layer alone in the same run; prints seconds and ratios."""

import statistics
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from runbook.domain.redaction import Profile, mask, redact
from runbook.management.measuring import milliseconds, processor_time, ratio

MIB = 1024 * 1024

_QUIET = (
    "2026-05-01T10:11:12.1234567Z Component {} of the solution has been looked at, all is well.\n"
)
_BUSY = (
    "2026-05-01T10:11:12Z Activity Id: {0:08x}-0d1e-4f2a-9b3c-7d8e9f0a1b2c, tenant "
    "41263d72-4dea-ee11-9048-{0:012x} answered person{0}@contoso.example from "
    "https://org{0}.crm4.dynamics.com/main.aspx?appid=7&amp;tid=9\n"
)


class Command(BaseCommand):
    help = "Prints seconds, MB/s and the ratio to the ingest layer for texts of 1 MiB."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=5, help="samples per figure")

    def handle(self, *args: Any, rounds: int, **options: Any) -> None:
        self.stdout.write(
            f"Python {sys.version.split()[0]}, {rounds} rounds, CPU time: minimum / median / maximum"
        )
        mixed = "".join(_QUIET.format(n) * 99 + _BUSY.format(n) for n in range(130))
        texts = (
            ("1 MiB log, nothing in it", _sized(_QUIET)),
            ("1 MiB log, one line in a hundred with identifiers", mixed[:MIB]),
            ("1 MiB, every line full of identifiers", _sized(_BUSY)),
        )
        for name, text in texts:
            first = processor_time(lambda text=text: mask(text), rounds)  # type: ignore[misc]
            second = processor_time(lambda text=text: redact(text, Profile.PUBLIC), rounds)  # type: ignore[misc]
            self.stdout.write(name)
            self._row("ingest layer", text, first)
            self._row("public profile", text, second)
            self.stdout.write(f"  public profile : ingest layer = {ratio(second, first):.2f}")

    def _row(self, name: str, text: str, taken: list[float]) -> None:
        speed = len(text) / statistics.median(taken) / 1e6
        self.stdout.write(f"  {name}: {milliseconds(taken)} ms, {speed:.1f} MB/s")


def _sized(shape: str) -> str:
    lines = [shape.format(number) for number in range(MIB // len(shape) + 1)]
    return "".join(lines)[:MIB]

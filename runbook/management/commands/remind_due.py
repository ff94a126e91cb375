"""Raises due reminders and sends what waits: once, for cron, or until it is stopped."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from runbook.management.worker import SECONDS, Worker, do_nightly_duties


class Command(BaseCommand):
    help = (
        "Raises due reminders, sends waiting notices, and does the nightly duties once a day; "
        "`serve` does the same by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until stopped")
        parser.add_argument("--seconds", type=float, default=SECONDS, help="pause with --loop")

    def handle(self, *args: Any, loop: bool, seconds: float, **options: Any) -> None:
        worker = Worker(seconds=seconds)
        if loop:
            worker.stop_on_signals()
            worker.run()
            return
        done = {name: count for name, count in asdict(worker.tick()).items() if count}
        if done:
            self.stdout.write(", ".join(f"{name} {count}" for name, count in done.items()))
        for name in do_nightly_duties():
            self.stdout.write(f"nightly: {name}")

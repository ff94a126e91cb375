"""Start the product: bring the database and the static files up to date, then serve in one process."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.urls import reverse

from runbook.management.worker import Worker
from runbook.services import accounts


class Command(BaseCommand):
    help = "Brings the database up to date and serves the product."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-reminders",
            action="store_true",
            help="serve pages only; `remind_due` reminds and sends elsewhere",
        )

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        collect_static_files()
        address = settings.SITE_URL if settings.HTTPS else f"http://{host}:{port}"
        self.stdout.write(f"Upgrade Runbook is served at {address}/ until you press Ctrl-C.")
        if accounts.needs_set_up():
            self.stdout.write(f"There is no account yet. Open {address}{reverse('set-up')}")
            self.stdout.write(f"and enter this one-time set-up code: {accounts.new_set_up_code()}")
        self.stdout.flush()
        worker = Worker()
        if not options["no_reminders"]:
            worker.start()
        try:
            uvicorn.run(
                "runbook.asgi:application",
                host=host,
                port=port,
                log_config=None,  # Django's settings have set logging up already
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        finally:
            worker.stop()


def collect_static_files() -> None:
    """Collect, compress and name the static files by content, but only when one has changed."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint)


def _fingerprint() -> str:
    lines = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            lines.append(f"{name} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

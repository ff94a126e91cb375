"""Measure the product beside a bare Django transaction in the same run; prints ratios, never a verdict.

It works on a throw-away database next to the configured one and touches no record.
"""

import sys
import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from runbook import library
from runbook.domain.diagnosis.engine import diagnose
from runbook.management.measuring import milliseconds, processor_time, ratio
from runbook.models import Run, User
from runbook.services import demonstration, runs
from runbook.services.timeline import Act

LENGTHS = (1, 50, 500)
_STATIC = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


class Command(BaseCommand):
    help = "Prints SQL counts and CPU per step beside a bare Django transaction, as ratios."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=30, help="samples per figure")

    def handle(self, *args: Any, rounds: int, **options: Any) -> None:
        original = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            call_command("createcachetable", verbosity=0)
            with override_settings(
                STORAGES=_STATIC, ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False
            ):
                self._measure(rounds)
        finally:
            connection.creation.destroy_test_db(str(original), verbosity=0)

    def _measure(self, rounds: int) -> None:
        user = User.objects.create_user("bench", "bench@example.org")
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        run_id = demonstration.make(Act(actor=user.actor_id, now=timezone.now()))[1]
        self.stdout.write(f"{connection.vendor}, Python {sys.version.split()[0]}, {rounds} rounds")
        self._counts(client, user, run_id)
        self._steps(client, run_id, rounds)
        self._diagnosis(rounds)

    def _counts(self, client: Client, user: User, run_id: uuid.UUID) -> None:
        self.stdout.write("\nSQL statements by length of the run")
        for length in LENGTHS:
            _lengthen(run_id, user, length)
            page = _statements(lambda: client.get(f"/runs/{run_id}/"))
            post = _statements(lambda: _note(client, run_id))
            events = Run.objects.get(pk=run_id).version
            self.stdout.write(f"  {events:>6} events: page {page}, note with its answer {post}")

    def _steps(self, client: Client, run_id: uuid.UUID, rounds: int) -> None:
        whole = processor_time(lambda: _note(client, run_id), rounds)
        page = processor_time(lambda: client.get(f"/runs/{run_id}/"), rounds)
        with override_settings(ROOT_URLCONF="runbook.management.bare"):
            bare = processor_time(lambda: _bare_step(client, run_id), rounds)
            bare_page = processor_time(lambda: client.get(f"/bare/{run_id}/"), rounds)
        self.stdout.write("\nCPU in milliseconds (minimum / median / maximum)")
        self._row("a step: POST and the fragments of its answer", whole, bare)
        self._row("the run page", page, bare_page)

    def _row(self, name: str, ours: list[float], bare: list[float]) -> None:
        self.stdout.write(
            f"  {name}: {milliseconds(ours)}; bare Django {milliseconds(bare)}; "
            f"ratio {ratio(ours, bare):.2f}"
        )

    def _diagnosis(self, rounds: int) -> None:
        pack = next(pack for pack in library.packs().values() if pack.example)
        text = (pack.example.error_text if pack.example else "").ljust(2048, ".")
        diagnose(text, pack)
        taken = processor_time(lambda: diagnose(text, pack), rounds)
        self.stdout.write(f"\nA 2 KB error, read whole: {milliseconds(taken)} ms")


def _lengthen(run_id: uuid.UUID, user: User, more: int) -> None:
    for number in range(more):
        act = Act(actor=user.actor_id, now=timezone.now())
        runs.add_note(run_id=run_id, act=act, text=f"Note {number}, to make the run longer.")


def _note(client: Client, run_id: uuid.UUID) -> None:
    answer = client.post(
        f"/runs/{run_id}/notes/",
        {"submission_key": str(uuid.uuid4()), "text": "Measured.", "step": "import"},
        headers={"hx-request": "true"},
    )
    if answer.status_code != 200:
        raise RuntimeError(f"The note was answered with {answer.status_code}.")


def _bare_step(client: Client, run_id: uuid.UUID) -> None:
    client.post(f"/bare/{run_id}/", {"text": "Measured."})
    client.get(f"/bare/{run_id}/")


def _statements(do: Callable[[], object]) -> int:
    do()
    with CaptureQueriesContext(connection) as captured:
        do()
    return len(captured)

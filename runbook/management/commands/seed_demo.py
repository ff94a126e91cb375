"""Make the two example runs: a finished one and one in the middle of a wait."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from runbook.models import User
from runbook.services import demonstration
from runbook.services.timeline import Act


class Command(BaseCommand):
    help = "Makes a finished example run and one in the middle of a wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as", dest="username", help="whose runs they are; else the first account"
        )

    def handle(self, *args: Any, username: str | None, **options: Any) -> None:
        people = User.objects.order_by("pk")
        user = people.filter(username=username).first() if username else people.first()
        if user is None:
            raise CommandError("There is no such account. Set the installation up first.")
        for run_id in demonstration.make(Act(actor=user.actor_id, now=timezone.now())):
            self.stdout.write(f"Example run {run_id} is ready.")

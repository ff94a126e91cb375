"""Gives the role that serves the product its rights on PostgreSQL; run it after each migrate."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from runbook.models.roles import NoSuchRole, grant_app_role


class Command(BaseCommand):
    help = "Let a database role add to the timeline but never change it (PostgreSQL only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="an existing login role that does not own the tables")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("SQLite knows no roles; there the guards in the file do the work.")
        try:
            with transaction.atomic():
                grant_app_role(connection, options["role"])
        except NoSuchRole as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"The role {options['role']} may now add to the timeline, not change it.")

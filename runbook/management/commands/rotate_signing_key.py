"""Gives the installation a new signing key; the old one endorses it and is then gone."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from runbook.domain.errors import DomainError
from runbook.domain.heads import key_fingerprint
from runbook.services import signing


class Command(BaseCommand):
    help = (
        "Makes a new key for signing heads. What the old key signed stays valid, and copies can "
        "still be checked with its fingerprint. Without the old key's file nothing endorses the "
        "new one, and everybody who checks records must be told its fingerprint."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = signing.rotate(now=timezone.now())
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"The new key is {key_fingerprint(bytes.fromhex(row.public))}.")
        if not signing.statements()[-1]["endorsement"]:
            self.stdout.write("No earlier key endorses it.")

"""Looks at the whole installation and says what is wrong and what to do."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from runbook.services import doctor
from runbook.services.doctor import Finding, Level

_MARKS = {Level.BAD: "BAD ", Level.WARN: "WARN", Level.OK: "ok  "}


class Command(BaseCommand):
    help = "Says in plain words what is wrong with the installation; fails if anything is bad."
    requires_system_checks = ()  # what they refuse is what the doctor is asked about

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--deep", action="store_true", help="every run and every pack, however long it takes"
        )
        parser.add_argument("--send-mail", metavar="ADDRESS", help="send a test mail there")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        found = doctor.examine(now=now, deep=options["deep"])
        if options["send_mail"]:
            letter = doctor.send_test_mail(options["send_mail"], now=now)
            found.insert(0 if letter.level is Level.BAD else len(found), letter)
        counts = {level.value: sum(each.level is level for each in found) for level in Level}
        if options["json"]:
            told = {"findings": [asdict(each) for each in found], **counts}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            lines = [line for each in found for line in _lines(each)]
            count = "{bad} bad, {warn} to look at, {ok} in order.".format(**counts)
            self.stdout.write("\n".join([*lines, "", count]))
        if counts["bad"]:
            raise CommandError(f"Findings to mend: {counts['bad']}.")


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{_MARKS[finding.level]}  {finding.sentence}"
    if finding.remedy:
        yield f"      {finding.remedy}"

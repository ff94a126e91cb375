"""Reads a failure text from standard input and prints what it tells."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.domain.diagnosis.as_json import as_json
from runbook.domain.diagnosis.engine import diagnose
from runbook.domain.diagnosis.family import Reading
from runbook.domain.pack import Pack
from runbook.library import packs

DEFAULT_PACK = "coe_starter_kit"


class Command(BaseCommand):
    help = "Reads a failure text from standard input and prints the families that fit, best first."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pack", default=DEFAULT_PACK, help="slug of the pack")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--jsonl",
            action="store_true",
            help='read one {"id", "raw"} per line and print one JSON object per line',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pack = packs().get(options["pack"])
        if pack is None:
            raise CommandError(f"There is no pack {options['pack']!r}; {', '.join(packs())} exist.")
        text = _standard_input()
        if options["jsonl"]:
            self._answer_lines(text, pack)
        elif options["json"]:
            self.stdout.write(_dumped(as_json(diagnose(text, pack))))
        else:
            self.stdout.write(_for_people(diagnose(text, pack), pack))

    def _answer_lines(self, text: str, pack: Pack) -> None:
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                name, raw = row["id"], str(row["raw"])
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise CommandError(f"Line {number} is no object with id and raw.") from error
            self.stdout.write(_dumped({"id": name, **as_json(diagnose(raw, pack))}))


def _standard_input() -> str:
    content = sys.stdin.buffer.read()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def _dumped(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=True)


def _for_people(reading: Reading, pack: Pack) -> str:
    lines = []
    for diagnosis in reading.diagnoses:
        family = pack.family(diagnosis.family)
        lines += [
            f"{family.title} ({diagnosis.family}, {diagnosis.confidence}, {diagnosis.disposition})",
            f"  {diagnosis.reason}",
            f"  First: {family.first_action.strip()}",
            *(f"  > {line}" for line in diagnosis.quote.split("\n") if line),
        ]
    facts = {
        "codes": ", ".join(reading.codes),
        "status": reading.status,
        "phase": reading.phase,
        "component": " ".join(filter(None, _component(reading))),
        "versions": ", ".join(reading.versions),
    }
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in facts.items() if value)])


def _component(reading: Reading) -> tuple[str | None, str | None, str | None]:
    return reading.component.type, reading.component.name, reading.component.id

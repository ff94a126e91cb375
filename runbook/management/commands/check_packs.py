"""Checks the packs: schema and references, good content, and each family's own samples."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runbook.domain.diagnosis.measure import Labelled, Measurement, Miss, measure
from runbook.domain.lint import best_family, lint
from runbook.domain.pack import Pack
from runbook.library import FOLDER, PackInvalid, load_packs


class Command(BaseCommand):
    help = "Checks all packs and prints one sentence per finding; fails if there is any."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--path", type=Path, default=FOLDER, help="folder of the packs")
        parser.add_argument("--report", action="store_true", help="table of families and samples")
        parser.add_argument("--samples", type=Path, help="labelled texts, one JSON object per line")
        parser.add_argument("--pack", default="", help="only this pack")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = load_packs(options["path"])
        except PackInvalid as refusal:
            raise CommandError(refusal.sentence) from refusal
        chosen = [pack for pack in found.values() if options["pack"] in ("", pack.slug)]
        findings = [f"{pack.slug}/{finding.sentence}." for pack in chosen for finding in lint(pack)]
        for sentence in findings:
            self.stdout.write(sentence)
        for pack in chosen:
            if options["report"]:
                self._report(pack)
            if options["samples"]:
                self._measure(pack, options["samples"])
        if findings:
            raise CommandError(f"{len(findings)} findings.")
        self.stdout.write(f"{len(chosen)} packs are in order.")

    def _report(self, pack: Pack) -> None:
        self.stdout.write(f"\n{pack.slug}: families and their own samples")
        for family in pack.families:
            hits = sum(best_family(text, pack) == family.slug for text in family.samples)
            quiet = sum(best_family(text, pack) != family.slug for text in family.near_misses)
            self.stdout.write(
                f"  {family.slug:<30} samples {hits}/{len(family.samples)}"
                f"   near misses kept away {quiet}/{len(family.near_misses)}"
            )

    def _measure(self, pack: Pack, path: Path) -> None:
        measured = measure(_labelled(path), pack)
        hit, of = measured.total
        self.stdout.write(f"\n{pack.slug}: {path.name}, best family right {_rate(hit, of)}")
        for title in ("families", "surfaces", "facts"):
            self.stdout.write(f" {title}")
            for name, (hit, of) in getattr(measured, title).items():
                self.stdout.write(f"  {name:<30} {_rate(hit, of)}")
        self._list(measured)

    def _list(self, measured: Measurement) -> None:
        for title, misses in (("missed", measured.misses), ("unsafe", measured.unsafe)):
            self.stdout.write(f" {title}: {len(misses)}")
            for miss in misses:
                self.stdout.write(f"  {_told(miss)}")


def _told(miss: Miss) -> str:
    return f"{miss.id}: {miss.expected} was taken for {miss.got}"


def _rate(hit: int, of: int) -> str:
    return f"{hit}/{of} ({100 * hit / of:.1f} %)" if of else "0/0"


def _labelled(path: Path) -> list[Labelled]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [
        Labelled(
            id=row["id"],
            raw=row["raw"],
            family=row["family"],
            surface=row.get("surface") or "",
            code=row.get("code"),
            status=row.get("status"),
            component_id=(row.get("component") or {}).get("id"),
        )
        for row in rows
    ]

"""What proves the records: the signing key, signed heads, the journal, the anchor file; and the nights."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F

from runbook.models import Head, Run
from runbook.services import anchors, heads, journal, nightly, signing
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn

#: As many runs as fit into a moment; all of them with --deep.
_RUNS, _HEADS = 20, 200
_LATE = timedelta(days=2)
_COMPARE = (
    "Change nothing. Keep a copy of the database, and compare with a backup and with exports that "
    "others hold; verify_timeline and verify_heads say more."
)


def _signing_key(visit: Visit) -> Iterator[Finding]:
    found = signing.problems()
    for sentence in found:
        yield bad(
            sentence,
            "Until this is mended, new heads are not signed; recording goes on. The key file belongs "
            "in the place that SIGNING_KEY_FILE names, readable by the product's account only.",
        )
    path = Path(settings.SIGNING_KEY_FILE)
    if not found and path.exists():
        yield fine(f"The key that signs heads is in place: {path}.")


def _journal(visit: Visit) -> Iterator[Finding]:
    for sentence in journal.problems():
        yield bad(
            sentence,
            f"{_COMPARE} If somebody put a backup back, note that with: manage.py note_restore.",
        )


def _anchor_file(visit: Visit) -> Iterator[Finding]:
    path = Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None
    if path is None:
        return
    if not path.exists() and Head.objects.exists():
        yield warn(
            f"The anchor file {path} is not there, so heads have no copy outside.",
            "Put it back, or let its folder be written by the product's account; each newly signed "
            "head adds a line.",
        )
    for sentence in anchors.problems():
        yield bad(
            sentence,
            f"{_COMPARE} If somebody put a backup back, note that with: manage.py note_restore.",
        )


def _signed_heads(visit: Visit) -> Iterator[Finding]:
    # What another installation signed stands beside its copy, and its times are whatever it says.
    own = Run.objects.filter(imported_by=None)
    rows = own.order_by(F("last_at").desc(nulls_last=True)).defer("state")
    right = seen = 0
    for run in rows if visit.deep else rows[:_RUNS]:
        count = Head.objects.filter(run=run).count()
        if not visit.deep and seen and seen + count > _HEADS:
            break
        seen += count
        found = heads.problems_of(run)
        for sentence in found:
            yield bad(sentence, _COMPARE)
        right += 0 if found else count
    if right:
        yield fine(f"Signed heads that fit their runs: {right}.")


def _nights(visit: Visit) -> Iterator[Finding]:
    """What the worker does once a day: was it done, and did it go well."""
    own = Run.objects.filter(imported_by=None)
    is_young = not own.filter(created__lt=visit.now - _LATE).exists()
    for name in nightly.DUTIES:
        told = nightly.newest(name)
        if told is not None and told.found:
            yield bad(
                f"The nightly duty “{name}” failed on {told.began:%Y-%m-%d %H:%M} UTC: "
                f"{' '.join(told.found)}",
                "Mend what it names. The worker tries again within the hour, up to six times a day.",
            )
        late = told is None or told.began < visit.now - _LATE
        if late and not is_young:
            since = f"since {told.began:%Y-%m-%d}" if told else "so far"
            yield warn(
                f"Nobody did the nightly duty “{name}” {since}.",
                "Start the worker: serve runs one by itself, else run manage.py remind_due --loop.",
            )


def _holds(visit: Visit) -> Iterator[Finding]:
    held = set(settings.KEEP_EVIDENCE_RUNS)
    unknown = held - set(Run.objects.filter(pk__in=held).values_list("pk", flat=True))
    if unknown:
        yield warn(
            f"KEEP_EVIDENCE_RUNS names runs that do not exist: {', '.join(map(str, sorted(unknown)))}.",
            "Correct the ids: what they were meant for is erased by the rule.",
        )


CHECKS: tuple[Check, ...] = (
    _signing_key,
    _journal,
    _anchor_file,
    _signed_heads,
    _nights,
    _holds,
)

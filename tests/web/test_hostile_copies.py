"""Pages of a copy whose words a forger chose: each answers, and none runs or believes them (IN-15)."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runbook.exports import FORMATS
from runbook.models import User
from runbook.services import exports
from tests.elsewhere import ADDRESS, handed_out, opened
from tests.hostile import forged
from tests.web.test_imports import READ, address

SignIn = Callable[[User], Client]
EVIL = "</script><script>alert(1)</script>{{ 7*7 }}{% load x %}'\"\u202e\n../x"
H = "a" * 64
SCRIPT = b"<script>alert"
CASES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "note": (("note.added", {"text": EVIL, "step": EVIL, "corrects": 10**15}),),
    "note2": (("note.added", {"text": EVIL, "corrects": -1}),),
    "evidence": (
        (
            "evidence.added",
            {"step": EVIL, "slot": EVIL, "digest": "", "size": -5, "caption": EVIL, "name": EVIL},
        ),
    ),
    "evidence2": (
        (
            "evidence.added",
            {
                "step": EVIL,
                "slot": EVIL,
                "digest": H,
                "size": 2**53 - 1,
                "caption": EVIL,
                "name": EVIL,
            },
        ),
    ),
    "file": (
        (
            "evidence.added",
            {
                "step": EVIL,
                "slot": EVIL,
                "digest": "",
                "size": 5,
                "file": "1" * 32,
                "kind": "png",
                "name": EVIL,
                "sha256_stored": H,
            },
        ),
    ),
    "facts": (("facts.recorded", {"step": EVIL, "answers": {EVIL: EVIL, "source_version": EVIL}}),),
    "check": (
        (
            "check.recorded",
            {"step": EVIL, "check": EVIL, "result": "pass", "note": EVIL, "attempt": -3},
        ),
    ),
    "skip": (("step.skipped", {"step": EVIL, "reason": EVIL}),),
    "done": (("step.completed", {"step": EVIL}),),
    "reopened": (("step.reopened", {"step": EVIL, "reason": EVIL}),),
    "attempt": (("attempt.started", {"number": 10**9, "method": "cli", "option": "upgrade"}),),
    "wait": (
        ("wait.started", {"step": EVIL, "due": "2100-12-31T23:59:59.000000Z", "reason": EVIL}),
    ),
    "retry": (
        (
            "retry.scheduled",
            {"number": 1, "due": "2000-01-01T00:00:00.000000Z", "family": EVIL, "reason": EVIL},
        ),
    ),
    "escalation": (
        ("escalation.drafted", {"rules": [EVIL]}),
        ("escalation.sent", {"recipient": EVIL, "ticket": EVIL}),
    ),
    "member": (("member.added", {"member": EVIL, "role": "lead"}),),
    "claim": (("claim.taken", {"step": EVIL, "stale_minutes": 4 * 10**9}),),
    "question": (("question.asked", {"number": -1, "about": 10**12, "text": EVIL}),),
    "link": (
        (
            "link.created",
            {
                "link": EVIL,
                "label": EVIL,
                "scope": "read",
                "profile": EVIL,
                "expires": "2050-01-01T00:00:00.000000Z",
            },
        ),
    ),
    "paused": (("run.paused", {"reason": EVIL}),),
    "closed": (("run.closed", {"partial": True, "reason": EVIL}),),
    "abandoned": (("run.abandoned", {"reason": EVIL}),),
    "removal": (
        ("removal.recorded", {"solution": EVIL, "version": EVIL, "backup_reference": EVIL}),
    ),
    "error": (("error.captured", {"number": 1, "digest": "", "size": 3}),),
    "error2": (("error.captured", {"number": 99, "digest": H, "size": 3, "source": EVIL}),),
    "unknown": (("attempt.unknown", {"number": 77, "reason": EVIL}),),
    "failed": (("attempt.failed", {"number": -1}),),
    "chosen": (
        (
            "diagnosis.chosen",
            {
                "number": 1,
                "family": EVIL,
                "revision": 1,
                "disposition": "wait-and-retry",
                "reason": EVIL,
            },
        ),
    ),
    "assigned": (("step.assigned", {"step": EVIL, "member": EVIL, "role": None}),),
    "promised": (
        ("update.promised", {"promise": EVIL, "next_update": "2030-01-01T00:00:00.000000Z"}),
    ),
    "export": (("export.made", {"format": EVIL}),),
    "reminder": (
        (
            "reminder.raised",
            {
                "key": EVIL,
                "kind": "claim stale",
                "due": "2030-01-01T00:00:00.000000Z",
                "step": EVIL,
            },
        ),
    ),
    "evidence_erased": (
        ("evidence.erased", {"added": 3, "reason": EVIL, "step": EVIL, "slot": EVIL, "file": "zz"}),
    ),
    "payload_erased": (("payload.erased", {"seq": 10**14, "reason": EVIL}),),
    "handover": (("handover.offered", {"to": EVIL, "card": [EVIL], "doubts": EVIL}),),
    "signed": (("step.signed_off", {"step": EVIL}),),
    "team": (("role.changed", {"member": EVIL, "role": "lead"}),),
    "state": (
        (
            "state.read",
            {
                "step": EVIL,
                "state": "S3",
                "retry": "no",
                "sighting": {"base": "new", "holding": "no", "running": "no"},
                "base_version": EVIL,
                "operation_minutes": 2**20,
            },
        ),
    ),
}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"
    settings.OBJECTS_DIR = tmp_path / "objects"


@pytest.mark.parametrize("name", CASES)
def test_every_page_and_file_of_such_a_copy_answers(
    name: str, tmp_path: Path, now: datetime, ana: User, sign_in: SignIn
) -> None:
    content = handed_out(tmp_path, now, export_format="json").content
    copy = opened(forged(content, *CASES[name]), ana, tmp_path, now)
    client = sign_in(ana)

    for page in READ:
        answer = client.get(address(page, copy))
        assert answer.status_code == 200, page
        assert SCRIPT not in answer.content, page
    cut = client.get(address("run-report", copy), {"profile": "public"})
    assert cut.status_code == 200
    for slug in ("html", "svg", "ics", "csv"):
        made = exports.written(copy.pk, FORMATS[slug], now=now, address=ADDRESS).content
        assert SCRIPT not in made or slug in {"ics", "csv"}, slug

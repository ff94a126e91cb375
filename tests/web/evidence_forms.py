"""Handing files in by the form of a step, and asking for them again."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from runbook.models import Run, StoredFile
from tests.web.builders import HTMX, by_hand


def hand_in(
    client: Client,
    run: Run,
    content: bytes,
    *,
    name: str,
    htmx: bool = False,
    typed: Mapping[str, str] | None = None,
) -> Any:
    """Sends a file for the keeper's log on the import's panel."""
    data = by_hand(run, typed or {})
    file = SimpleUploadedFile(name, content)
    address = reverse("work-on-step", args=[run.pk, "import"])
    return client.post(address, {**data, "file-log": file}, headers=HTMX if htmx else {})


def get(client: Client, row: StoredFile) -> Any:
    """The answer to who asks for a stored file."""
    return client.get(reverse("evidence-file", args=[row.run_id, row.handle]))


def body(response: Any) -> bytes:
    """The bytes that were sent."""
    return b"".join(response.streaming_content)

"""What the tests of commands share."""

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command

from runbook.models import Run, User
from tests.exports.records import stored_run


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return stored_run(ana, now)


@pytest.fixture
def told() -> Callable[..., str]:
    """What a command prints."""

    def call(*words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    return call

"""A start form sent twice makes one run: one after the other, at once, and with other words."""

import uuid
from datetime import datetime
from functools import partial

import pytest

from runbook.domain.errors import SubmissionMismatch
from runbook.models import Run, User
from runbook.services import runs
from runbook.services.runs import Beginning
from runbook.services.timeline import Act
from tests.services.crowd import at_once

ANSWERS = {
    "environment_name": "Tower 7",
    "solution": "CenterofExcellenceCoreComponents",
    "source_version": "4.50.2",
    "target_version": "4.50.6",
}


def start(user: User, now: datetime, *, key: uuid.UUID, title: str = "Tower 7") -> Run:
    return runs.start_run(
        beginning=Beginning(
            pack="coe_starter_kit", title=title, time_zone="Europe/Berlin", answers=ANSWERS
        ),
        act=Act(actor=user.actor_id, now=now, key=key, content={"title": title}),
    )


def test_four_clicks_at_once_make_one_run(committed_db: None, ana: User, now: datetime) -> None:
    for _ in range(5):
        key = uuid.uuid4()
        made = at_once([partial(start, ana, now, key=key)] * 4)

        assert len({run.pk for run in made if isinstance(run, Run)}) == 1
        assert not [each for each in made if isinstance(each, Exception)]

    assert Run.objects.count() == 5


def test_the_same_form_with_other_words_is_refused(db: None, ana: User, now: datetime) -> None:
    key = uuid.uuid4()
    start(ana, now, key=key)

    with pytest.raises(SubmissionMismatch):
        start(ana, now, key=key, title="Tower 8")

    assert Run.objects.count() == 1

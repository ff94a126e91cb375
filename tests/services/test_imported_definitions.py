"""A ZIP brings the steps and the advice that its run followed, so it opens wherever it comes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from runbook import library, queries
from runbook.domain.pack import Pack
from runbook.exports import FORMATS
from runbook.exports.incoming import RecordRefused
from runbook.models import PackRevision, Run, User
from runbook.services import exports
from tests.domain.history import PREPARATION, START
from tests.domain.wishes import GATEWAY, failing, small_pack
from tests.elsewhere import ADDRESS, handed_out, opened
from tests.exports.bundles import Forgery
from tests.exports.test_example import EXAMPLE
from tests.factories import act, carry_out, make_run

SignIn = Callable[[User], Client]
ADVICE = "Try again at once and take the base away."


@pytest.fixture(autouse=True)
def _key_file(tmp_path: Path, settings: Any) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing_key"


def with_pack(changed: Pack) -> Callable[[User, datetime], Run]:
    """A run that began with another definition than any that is shipped."""
    pack = replace(changed, digest=library.digest_of(changed))

    def make(lead: User, now: datetime) -> Run:
        with patch("tests.factories.small_pack", lambda: pack):
            return make_run(lead, now)

    return make


def test_a_record_with_a_definition_that_is_not_shipped_opens_with_its_own(
    db: None, tmp_path: Path, now: datetime, ana: User, sign_in: SignIn
) -> None:
    there = handed_out(tmp_path, now, make=make_run)
    assert not PackRevision.objects.filter(slug="small").exists()
    copy = opened(there.content, ana, tmp_path, now)

    assert queries.pack_of(copy) == small_pack()
    page = sign_in(ana).get(reverse("run-review", args=[copy.pk]))
    assert page.status_code == 200
    assert small_pack().product in page.content.decode()


def test_it_comes_out_again_as_it_came_in(
    db: None, tmp_path: Path, now: datetime, ana: User
) -> None:
    there = handed_out(tmp_path, now, make=make_run)
    copy = opened(there.content, ana, tmp_path, now)
    made = exports.written(copy.pk, FORMATS["zip"], now=now, address=ADDRESS)

    before, after = Forgery(there.content), Forgery(b"".join(made.pieces()))
    assert before.files["definition.json"] == after.files["definition.json"]


def test_nobody_can_begin_a_run_with_it_or_look_it_up(
    db: None, tmp_path: Path, now: datetime, ana: User, sign_in: SignIn
) -> None:
    opened(handed_out(tmp_path, now, make=make_run).content, ana, tmp_path, now)
    client = sign_in(ana)

    assert "small" not in library.packs()
    for name in ("knowledge-pack", "new-run"):
        assert client.get(reverse(name, args=["small"])).status_code == 404


@pytest.mark.parametrize(
    "place", ["javascript:alert(1)", "\tjavascript:alert(1)", "data:text/html,x"]
)
def test_a_definition_that_leads_to_a_script_is_refused(
    db: None, tmp_path: Path, now: datetime, ana: User, place: str
) -> None:
    first, *others = small_pack().sources
    evil = replace(small_pack(), sources=(replace(first, url=place), *others))
    there = handed_out(tmp_path, now, make=with_pack(evil))

    with pytest.raises(RecordRefused, match="links that are no web addresses"):
        opened(there.content, ana, tmp_path, now)
    assert not PackRevision.objects.filter(slug="small").exists()


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"slug":"small"}', b"\xff", b"[" * 5000])
def test_what_is_no_definition_is_refused(text: bytes) -> None:
    with pytest.raises(library.PackInvalid):
        library.body_of(text)


def test_a_definition_of_an_older_release_keeps_its_digest() -> None:
    """What is stored decides, not what today's code would write for the same pack."""
    body = library.dump_pack(small_pack())
    older = body.replace('"example":null,', "", 1)
    assert older != body

    assert library.parse_pack(library.body_of(library.definition_in(older))).slug == "small"
    assert b'"example"' not in library.definition_in(older)


def test_the_example_of_the_readme_opens(
    db: None, tmp_path: Path, now: datetime, ana: User, sign_in: SignIn
) -> None:
    copy = opened(EXAMPLE.read_bytes(), ana, tmp_path, now)
    page = sign_in(ana).get(reverse("run-report", args=[copy.pk]))

    assert copy.title == "Example: Contoso CoE production"
    assert page.status_code == 200


def test_a_definition_from_a_file_gives_no_advice(
    db: None, tmp_path: Path, now: datetime, ana: User, sign_in: SignIn
) -> None:
    """Whoever forged it could say anything: a copy shows what was recorded, and what to do nowhere."""
    families = tuple(
        replace(
            family,
            remedies=tuple(replace(each, text=ADVICE) for each in family.remedies),
            never=tuple(ADVICE for _ in family.never),
        )
        for family in small_pack().families
    )
    phases = tuple(
        replace(phase, steps=tuple(replace(step, guide=ADVICE) for step in phase.steps))
        for phase in small_pack().runbook.phases
    )
    runbook = replace(small_pack().runbook, phases=phases)
    make = with_pack(replace(small_pack(), families=families, runbook=runbook))

    def fail(run: Run, lead: User) -> None:
        for asked in (*PREPARATION, START, failing(GATEWAY)):
            carry_out(run, asked, act(lead, now=now))

    copy = opened(handed_out(tmp_path, now, make=make, then=fail).content, ana, tmp_path, now)
    client = sign_in(ana)
    told = [
        client.get(reverse(name, args=[copy.pk]), follow=True).content.decode()
        for name in ("run", "run-review", "run-report", "run-at", "timeline", "run-evidence")
    ]
    for slug in ("html", "markdown", "ticket", "csv", "ics"):
        made = exports.written(copy.pk, FORMATS[slug], now=now, address=ADDRESS)
        told.append(b"".join(made.pieces()).decode())

    assert ADVICE in (PackRevision.objects.get(pk=copy.pack_id).body)
    assert [text for text in told if ADVICE in text] == []

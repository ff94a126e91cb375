"""SL-07 and AZ-08: each scope of a link gives what it names, on every route, and nothing else."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from runbook import queries
from runbook.domain.vocabulary import Action, LinkScope, RunStage
from runbook.models import Run, ShareLink, Team, User
from runbook.models.timeline import Event
from runbook.services import sharing
from tests import routes
from tests.factories import act, make_run_at
from tests.shares import make_link, open_it, page_of

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def standing(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def run(ana: User, now: datetime) -> Run:
    return make_run_at(RunStage.RETRY_PLANNED, ana, now)


#: What each scope gives, by route; everything else is closed.
GRANTED = {
    LinkScope.STATUS: {"shared-run"},
    LinkScope.READ: {"shared-run", "shared-at"},
    LinkScope.COMMENT: {"shared-run", "shared-at"},
    LinkScope.READ_FILES: {"shared-run", "shared-at", "shared-evidence"},
}
#: Open to everybody, with or without a link.
FOR_ALL = {
    *("account_login", "account_reset_password", "open-link", "join", "accept-invitation"),
    *("api-docs", "api-document"),  # what scripts can ask for; of no run
}


def counts() -> dict[str, int]:
    """Rows of each table but sessions, throttles and the like."""
    models: list[type[Model]] = [Event, ShareLink, Run, User, Team]
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.mark.parametrize("scope", LinkScope)
def test_sl_07_every_route_gives_only_what_was_granted(
    run: Run, ana: User, now: datetime, scope: LinkScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, token = make_link(run, ana, now, scope=scope)
    client = open_it(token)
    digest = next(
        each.error_digest
        for each in queries.run_for(ana, run.pk, action=Action.VIEW).state.attempts
    )
    before = counts()
    seen: dict[str, set[str]] = {"GET": set(), "POST": set()}
    for uuid, slug in ((run.pk, "import"), (link.handle, digest), (link.handle, "small")):
        monkeypatch.setitem(routes.SAMPLES, "uuid", uuid)
        monkeypatch.setitem(routes.SAMPLES, "slug", slug)
        for name, address in routes.all_routes().items():
            if name in FOR_ALL or name.startswith(("account_", "mfa_", "socialaccount_", "openid")):
                continue
            if client.get(address).status_code == 200:
                seen["GET"].add(name)
            fields = {"text": "Why?", "about": "1", "submission_key": str(run.pk), "format": "svg"}
            if client.post(address, fields).status_code in {200, 302, 303}:
                answer = client.post(address, fields)
                if "/accounts/login/" not in answer.headers.get("Location", ""):
                    seen["POST"].add(name)

    sent = {LinkScope.COMMENT: {"ask-shared-question"}, LinkScope.READ_FILES: {"shared-export"}}
    assert seen == {"GET": GRANTED[scope], "POST": sent.get(scope, set())}
    # A question counts once; a file is taken as often as it is asked for, which is four times here.
    written = {LinkScope.COMMENT: 1, LinkScope.READ_FILES: 4}
    grown = {"Event": before["Event"] + written.get(scope, 0)}
    assert counts() == before | grown


# --- AZ-08 ------------------------------------------------------------------------------------


def test_az_08_downloads_are_for_those_who_may(
    run: Run, ana: User, dora: User, now: datetime, sign_in: SignIn
) -> None:
    state = queries.run_for(ana, run.pk, action=Action.VIEW).state
    digest = state.attempts[0].error_digest
    files, token = make_link(run, ana, now, scope=LinkScope.READ_FILES, profile="internal")
    reading, plain = make_link(run, ana, now, scope=LinkScope.READ)
    reader, other = open_it(token), open_it(plain)

    mine = sign_in(ana).get(reverse("evidence-text", args=[run.pk, digest]))
    theirs = reader.get(page_of(files, "shared-evidence", digest))
    assert (mine.status_code, theirs.status_code) == (200, 200)
    assert (
        mine.content == theirs.content == b"Lamp import failed because the bridge is closed "
        b"for everybody."
    )
    for answer in (mine, theirs):
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"

    assert sign_in(dora).get(reverse("evidence-text", args=[run.pk, digest])).status_code == 404
    assert other.get(page_of(reading, "shared-evidence", digest)).status_code == 404
    sharing.revoke_link(run_id=run.pk, act=act(ana, now=now), link=files.handle)
    assert reader.get(page_of(files, "shared-evidence", digest)).status_code == 404


def test_a_text_of_another_run_is_not_handed_out(
    run: Run, ana: User, now: datetime, sign_in: SignIn
) -> None:
    other = make_run_at(RunStage.STATE_UNREAD, ana, now)
    theirs = queries.run_for(ana, other.pk, action=Action.VIEW).state
    digest = theirs.attempts[0].error_digest
    files, token = make_link(run, ana, now, scope=LinkScope.READ_FILES)

    assert open_it(token).get(page_of(files, "shared-evidence", digest)).status_code == 404
    lead = sign_in(ana)
    assert lead.get(reverse("evidence-text", args=[run.pk, digest])).status_code == 404
    assert lead.get(reverse("evidence-text", args=[other.pk, digest])).status_code == 200

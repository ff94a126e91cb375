"""Every kind of page, with something on it: where to look, and the data that makes it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from runbook import library
from runbook.domain.retries import import_step
from runbook.domain.vocabulary import Action, RunStage
from runbook.models import Run, User
from runbook.services import demonstration, teams
from runbook.services.teams import By
from runbook.services.timeline import Act
from tests import factories
from tests.domain.wishes import small_pack, wish

KIT = "coe_starter_kit"
#: The steps of the kit that stand for each kind of panel.
PANELS = (
    "facts",
    "before-you-begin",
    "backup",
    "pre-import",
    "state-before",
    "dlp-branch",
    "go",
    "import",
    "verify-now",
    "nightly-wait",
    "close",
)


def without_an_account() -> Iterator[str]:
    yield "/accounts/login/"
    yield "/accounts/password/reset/"


def without_a_run() -> Iterator[str]:
    yield from ("/", f"/runs/new/{KIT}/", f"/runs/adopt/{KIT}/", "/runs/import/", "/knowledge/")
    yield from (
        "/knowledge/dataverse/",
        f"/knowledge/{KIT}/",
        f"/knowledge/{KIT}/transient-gateway/",
    )
    yield "/no-such-page/"


def with_runs(user: User) -> Iterator[str]:
    """A finished run, one that waits, one that has just begun, and one at each stage."""
    now = datetime.now(UTC)
    finished, waiting = demonstration.make(Act(actor=user.actor_id, now=now))
    yield "/"
    yield from (f"/runs/{finished}/", f"/runs/{finished}/timeline/", f"/runs/{finished}/report/")
    yield f"/runs/{finished}/report/?profile=public"
    yield f"/runs/{finished}/steps/pre-import/"
    yield f"/runs/{waiting}/"
    team = teams.create_team(name="Keepers", by=By(actor=user, now=now))
    yield from (f"/teams/{team.handle}/figures/", f"/teams/{team.handle}/figures/?period=no")
    fresh = _fresh(user, now)
    yield from (f"/runs/{fresh.pk}/steps/{step}/" for step in PANELS)
    for stage in RunStage:
        run = factories.make_run_at(stage, user, now)
        yield f"/runs/{run.pk}/steps/{import_step(small_pack())}/"
        if stage is RunStage.VERIFYING:
            yield from (f"/runs/{run.pk}/steps/{step}/" for step in ("look-before", "end"))
    resting = factories.make_run(user, now)
    wait = wish(Action.START_WAIT, step="cool-down")
    factories.carry_out(resting, wait, factories.act(user, resting, now=now))
    yield f"/runs/{resting.pk}/steps/cool-down/"


def _fresh(user: User, now: datetime) -> Run:
    example = library.packs()[KIT].example
    assert example
    facts = ("environment_name", "solution", "source_version", "target_version")
    answers = {name: example.answers[name] for name in facts}
    return factories.make_run(user, now, pack=KIT, answers=answers, title="CoE production")

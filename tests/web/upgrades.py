"""A whole upgrade on the small pack, with the minutes that pass: for pages that measure time."""

from collections.abc import Sequence
from datetime import timedelta

from runbook.domain.vocabulary import Action, InstalledState
from runbook.models import Run, User
from tests import factories
from tests.domain.history import PREPARATION, START, SUCCESS
from tests.domain.wishes import BEFORE_RETRY, GATEWAY, Wish, failing, looking, wish

#: What was asked for, with the minutes that pass before it.
Story = Sequence[tuple[int, Wish]]
PREPARED: Story = [(0, asked) for asked in PREPARATION]
REST: Story = (
    (0, wish(Action.COMPLETE_STEP, step="tidy")),
    (5, wish(Action.START_WAIT, step="cool-down")),
    (30, wish(Action.END_WAIT, step="cool-down")),
    (5, looking(InstalledState.ROLLED_BACK, step="look-before")),
)
ROLLED_BACK = looking(InstalledState.ROLLED_BACK)
MET: Story = ((0, START), (16, failing(GATEWAY)), (1, ROLLED_BACK))
AGAIN: Story = ((58, BEFORE_RETRY), (0, ROLLED_BACK), (1, START), (44, SUCCESS))


def play(run: Run, user: User, story: Story, *, after: int = 0) -> None:
    clock = run.created + timedelta(minutes=after)
    for minutes, asked in story:
        clock += timedelta(minutes=minutes)
        factories.carry_out(run, asked, factories.act(user, now=clock))


def upgrade(run: Run, user: User) -> None:
    """Prepared within 55 minutes; failed once, and tried again an hour later."""
    play(run, user, (*PREPARED, *REST, *MET, *AGAIN), after=15)

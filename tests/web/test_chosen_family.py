"""What a person settles on stands first and says so; a family without a suggestion needs a reason."""

from collections.abc import Callable

from django.test import Client

from runbook.domain.vocabulary import RunStage
from runbook.models import Run
from tests.web.builders import address, as_shown

RunAt = Callable[[RunStage], Run]


def choose(client: Client, run: Run, family: str, reason: str = "") -> int:
    data = as_shown(client, "choose-diagnosis", run, {"family": family, "reason": reason})
    return client.post(address("choose-diagnosis", run), data).status_code


def first_card(client: Client, run: Run) -> str:
    text = client.get(f"/runs/{run.pk}/").content.decode()
    return text[text.index('id="diagnosis-1"') :][:900]


def test_a_chosen_family_stands_first_also_when_the_text_did_not_suggest_it(
    as_ana: Client, run_at: RunAt
) -> None:
    run = run_at(RunStage.STATE_UNREAD)
    assert "Chosen by a person" not in first_card(as_ana, run)

    assert choose(as_ana, run, "broken-lens", "The keeper saw it.") == 302

    assert "Chosen by a person" in first_card(as_ana, run)


def test_a_family_that_nothing_suggests_needs_a_reason(as_ana: Client, run_at: RunAt) -> None:
    run = run_at(RunStage.STATE_UNREAD)

    assert choose(as_ana, run, "broken-lens") == 409
    assert "Chosen by a person" not in first_card(as_ana, run)

"""Several people on one run: claims, signatures, questions, hand-over, roles, as pages show them."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from runbook.domain.errors import TransitionRefused
from runbook.domain.teamwork import Assignment
from runbook.domain.vocabulary import Action, Role, RunStage
from runbook.models import Delivery, Member, Run, User
from tests import factories
from tests.domain.history import PREPARATION
from tests.domain.wishes import answering, wish

SignIn = Callable[[User], Client]
STEP = "tidy"


@pytest.fixture
def run(ana: User, ben: User, cleo: User, now: datetime) -> Run:
    """Led by Ana, operated by Ben, reviewed by Cleo."""
    made = factories.make_run_at(RunStage.PREPARING, ana, now)
    factories.add_member(made, ana, user=ben, role=Role.OPERATOR, now=now)
    factories.add_member(made, ana, user=cleo, role=Role.REVIEWER, now=now)
    return made


def guards(run: Run, **more: object) -> dict[str, object]:
    run.refresh_from_db()
    return {
        "submission_key": f"{run.version:08d}-0000-4000-8000-{len(more):012d}",
        "expected_version": run.version,
        **more,
    }


def post(client: Client, run: Run, path: str, **fields: object) -> tuple[int, str]:
    """Status and page of a plain post, redirects followed."""
    answer = client.post(f"/runs/{run.pk}/{path}", guards(run, **fields), follow=True)
    return answer.status_code, words(answer)


def words(answer: object) -> str:
    """The page with each run of blanks as one, as a browser shows it."""
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def test_a_claim_is_taken_shown_to_others_and_released(
    run: Run, ana: User, ben: User, sign_in: SignIn
) -> None:
    status, page = post(sign_in(ana), run, f"steps/{STEP}/claim/")
    assert status == 200
    assert "You hold this step" in page

    page = words(sign_in(ben).get(f"/runs/{run.pk}/steps/{STEP}/"))
    assert "Ana holds" in page
    assert "Take over" in page

    _, page = post(sign_in(ana), run, f"steps/{STEP}/claim/release/")
    assert "Nobody holds this step" in page


def test_who_does_not_hold_a_claimed_step_cannot_record_on_it(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    factories.carry_out(run, wish(Action.CLAIM_STEP, step=STEP), factories.act(ana, run, now=now))
    run.refresh_from_db()
    before = run.version

    status, page = post(sign_in(ben), run, f"steps/{STEP}/skip/", reason="It is tidy.")

    run.refresh_from_db()
    assert (status, run.version) == (409, before)
    assert "Somebody else holds this step" in page
    assert "It is tidy." in page, "the typed reason comes back"


def test_a_claim_is_taken_over_with_a_reason_only(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    factories.carry_out(run, wish(Action.CLAIM_STEP, step=STEP), factories.act(ana, run, now=now))

    status, _ = post(sign_in(ben), run, f"steps/{STEP}/claim/take-over/", reason=" ")
    assert status == 422
    status, page = post(sign_in(ben), run, f"steps/{STEP}/claim/take-over/", reason="Ana sleeps.")

    assert status == 200
    assert "You hold this step" in page
    assert "Taken over from Ana" in page
    assert Delivery.objects.filter(user=ana, kind="claim").exists()


def completed_by(run: Run, user: User, now: datetime) -> None:
    for asked in (
        wish(Action.REOPEN_STEP, step="wiring", reason="A new wall."),
        wish(Action.RECORD_DECISION, step="wiring", answers={"wired": "yes"}),
        wish(Action.COMPLETE_STEP, step="wiring"),
    ):
        factories.carry_out(run, asked, factories.act(user, run, now=now))
    for asked in (answering("wires", "whole"), wish(Action.COMPLETE_STEP, step="wires")):
        factories.carry_out(run, asked, factories.act(user, run, now=now))


def test_a_step_with_sign_off_waits_for_somebody_else(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    completed_by(run, ben, now)

    page = sign_in(ben).get(f"/runs/{run.pk}/steps/wires/").content.decode()
    assert "A second person must stand by this step" in page
    assert "Record: I sign this step off" not in page
    status, page = post(sign_in(ben), run, "steps/wires/sign-off/")
    assert status == 409
    assert "somebody else must sign it off" in page

    status, page = post(sign_in(ana), run, "steps/wires/sign-off/", note="I pulled at them.")
    assert status == 200
    assert "Signed off: Check the wires" in page


def test_alone_on_a_run_nobody_waits_for_a_second_person(
    ana: User, sign_in: SignIn, now: datetime
) -> None:
    alone = factories.make_run(ana, now)
    for asked in PREPARATION:
        factories.carry_out(alone, asked, factories.act(ana, alone, now=now))
    completed_by(alone, ana, now)

    page = sign_in(ana).get(f"/runs/{alone.pk}/steps/wires/").content.decode()

    assert "A second person must stand by" not in page


def test_a_question_is_asked_and_answered(run: Run, ana: User, cleo: User, sign_in: SignIn) -> None:
    reviewer = sign_in(cleo)
    asking = reviewer.get(f"/runs/{run.pk}/questions/?about=1")
    assert "Ask about entry 1" in asking.content.decode()
    key = str(asking.context["form"]["submission_key"].value())
    reviewer.post(
        f"/runs/{run.pk}/questions/",
        {"submission_key": key, "about": "1", "text": "Who decided that?"},
    )

    lead = sign_in(ana)
    page = lead.get(f"/runs/{run.pk}/").content.decode()
    assert "Who decided that?" in page
    assert "1 question without an answer" in page
    status, page = post(lead, run, "questions/answers/", number=1, text="The board did.")
    assert status == 200
    assert "Question 1 answered" in page
    assert "question without an answer" not in page
    assert Delivery.objects.filter(user=cleo, kind="answer").exists()


def test_a_run_with_an_open_question_cannot_be_closed(
    ana: User, sign_in: SignIn, now: datetime
) -> None:
    run = factories.make_run_at(RunStage.VERIFYING, ana, now)
    asked = wish(Action.ASK_QUESTION, about=1, text="Who decided that?")
    factories.carry_out(run, asked, factories.act(ana, run, now=now))
    client = sign_in(ana)

    status, page = post(client, run, "steps/end/close/", partial="on", reason="Enough.")
    assert status == 409
    assert "A question is still open" in page

    post(client, run, "questions/answers/", number=1, text="We do not know.")
    status, page = post(client, run, "steps/end/close/", partial="on", reason="Enough.")
    assert status == 200
    assert "Run closed as partial" in page


def test_a_question_without_words_comes_back(run: Run, cleo: User, sign_in: SignIn) -> None:
    answer = sign_in(cleo).post(
        f"/runs/{run.pk}/questions/",
        {"submission_key": "00000000-0000-4000-8000-000000000001", "about": "1", "text": " "},
    )

    assert answer.status_code == 422


def test_a_shift_ends_and_the_successor_accepts(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    factories.carry_out(run, wish(Action.CLAIM_STEP, step=STEP), factories.act(ana, run, now=now))
    status, page = post(
        sign_in(ana), run, "people/handover/", to=ben.actor_id, doubts="The fuse looks old."
    )
    assert status == 200
    assert "Waiting for Ben to accept the handover" in page

    successor = sign_in(ben)
    page = words(successor.get(f"/runs/{run.pk}/"))
    assert "asks you to take this run over" in page
    assert "The fuse looks old." in page
    assert "Held by Ana" in page
    assert "Accept or decline the handover" in successor.get("/").content.decode()

    post(successor, run, "people/handover/accept/")
    page = successor.get(f"/runs/{run.pk}/steps/{STEP}/").content.decode()
    assert "You hold this step" in page
    assert "Handover accepted from Ana" in page
    assert Member.objects.get(run=run, actor_id=ben.actor_id).role == Role.LEAD


def test_nobody_else_accepts_an_offer(run: Run, ana: User, ben: User, sign_in: SignIn) -> None:
    post(sign_in(ana), run, "people/handover/", to=ben.actor_id)

    status, page = post(sign_in(ana), run, "people/handover/accept/")

    assert status == 409
    assert "Nobody has offered you this run" in page


def test_an_offer_is_declined_with_a_reason(
    run: Run, ana: User, ben: User, sign_in: SignIn
) -> None:
    post(sign_in(ana), run, "people/handover/", to=ben.actor_id)

    status, page = post(sign_in(ben), run, "people/handover/withdraw/", reason="I am ill.")

    assert status == 200
    assert "asks you to take" not in page


def test_steps_are_assigned_and_stand_among_my_tasks(
    run: Run, ana: User, ben: User, sign_in: SignIn
) -> None:
    status, _ = post(sign_in(ana), run, "people/assignments/", **{STEP: ben.actor_id})
    assert status == 200

    page = sign_in(ben).get("/").content.decode()
    assert "Meant for you: Tidy the room" in page
    assert "Meant for you" not in sign_in(ana).get("/").content.decode()
    run.refresh_from_db()
    assert Delivery.objects.filter(user=ben, kind="assigned").count() == 1


def test_a_page_of_people_that_grew_old_changes_nothing(
    run: Run, ana: User, ben: User, sign_in: SignIn, now: datetime
) -> None:
    old = guards(run, **{STEP: ben.actor_id})
    factories.carry_out(run, wish(Action.CLAIM_STEP, step=STEP), factories.act(ben, run, now=now))
    run.refresh_from_db()
    before = run.version

    answer = sign_in(ana).post(f"/runs/{run.pk}/people/assignments/", old)

    run.refresh_from_db()
    assert (answer.status_code, run.version) == (409, before)


def test_the_last_lead_stays(run: Run, ana: User, ben: User, sign_in: SignIn) -> None:
    """AZ-07: a run is never orphaned."""
    client = sign_in(ana)
    assert post(client, run, "people/leave/")[0] == 409
    post(client, run, "people/role/", member=ben.actor_id, role="lead")

    status, _ = post(client, run, "people/leave/")

    assert status == 200
    assert client.get(f"/runs/{run.pk}/").status_code == 404


def test_a_removed_member_is_a_stranger_at_once(
    run: Run, ana: User, ben: User, sign_in: SignIn
) -> None:
    """AZ-05: the next request is refused."""
    theirs = sign_in(ben)
    assert theirs.get(f"/runs/{run.pk}/").status_code == 200

    post(sign_in(ana), run, "people/remove/", member=ben.actor_id, reason="Another shift.")

    assert theirs.get(f"/runs/{run.pk}/").status_code == 404
    assert post(theirs, run, "notes/", text="Still here?")[0] == 404


def test_only_people_who_share_a_team_can_be_added(
    run: Run, ana: User, dora: User, sign_in: SignIn
) -> None:
    status, _ = post(sign_in(ana), run, "people/add/", member=dora.actor_id, role="operator")

    assert status == 422
    assert not Member.objects.filter(run=run, actor_id=dora.actor_id).exists()


def test_assigning_to_a_stranger_is_refused(run: Run, ana: User, now: datetime) -> None:
    with pytest.raises(TransitionRefused):
        factories.carry_out(
            run,
            wish(Action.ASSIGN_STEPS, wanted={STEP: Assignment(member="d" * 32)}),
            factories.act(ana, run, now=now),
        )

"""What is written with an event, and for whom; who gets it once it is sent."""

from dataclasses import asdict
from datetime import datetime, time, timedelta

import pytest
from django.db import transaction

from runbook.domain import events as ev
from runbook.domain.vocabulary import Action, Role
from runbook.models import Channel, Delivery, Run, User, Wishes
from runbook.services import demonstration, outbox, reminders, timeline
from runbook.services.timeline import Act
from tests.factories import add_member
from tests.services.receivers import (
    DOWN,
    GONE,
    Outside,
    channel,
    question,
    states,
    team_of,
    tell_about,
)

MINUTE = timedelta(minutes=1)
STEP = ev.StepAssigned(step="tidy", role=Role.OPERATOR)


def receivers(run: Run) -> list[str]:
    keys = Delivery.objects.filter(run=run).order_by("pk").values_list("key", flat=True)
    return [key.split("/")[-1] for key in keys]


def wish(user: User, **wishes: object) -> None:
    Wishes.objects.update_or_create(user=user, defaults=wishes)


def test_each_person_is_told_by_mail_and_on_own_channels(
    run: Run, ana: User, ben: User, now: datetime
) -> None:
    own = channel(ben, now)
    question(run, ana, now=now)

    assert receivers(run) == [f"channel-{own.pk}", f"mail-{ben.pk}"]
    assert set(states(run)) == {"waiting"}
    assert {row.due_at for row in run.deliveries.all()} == {now}


def test_who_wants_no_message_finds_it_on_the_page(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, by_mail=False)
    question(run, ana, now=now)
    reminders.tick(now)

    assert receivers(run) == [f"page-{ben.pk}"]
    assert (states(run), outside.tried) == (["sent"], [])


def test_the_team_hears_what_concerns_the_team(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    room = channel(team_of(run, ana, now), now, label="the tower's room")
    tell_about(run, ana, now=now, events=[ev.AttemptFailed(number=1), STEP])
    reminders.tick(now)

    assert receivers(run) == [f"channel-{room.pk}", f"mail-{ben.pk}"]
    assert ("the tower's room", "Tower 7: Attempt 1 did not succeed.") in [
        (to, message.title) for to, message in outside.taken
    ]


def test_nothing_is_told_that_did_not_happen(run: Run, ana: User, now: datetime) -> None:
    class Stumble(Exception):
        pass

    def stumble() -> None:
        with transaction.atomic():
            question(run, ana, now=now)
            raise Stumble

    with pytest.raises((Stumble, RuntimeError)):
        stumble()
    assert states(run) == []


def test_a_message_says_what_happened_and_where(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    tell_about(run, ana, now=now, events=[STEP])
    reminders.tick(now)

    [(to, message)] = outside.taken
    assert to == ben.email
    assert message.title == "Tower 7: You were given the step “Tidy the room”."
    assert message.url == f"http://localhost:8000/runs/{run.pk}/steps/tidy/"
    assert "2026-11-22 09:30 UTC" in message.body
    assert "/account/notices/" in message.body


@pytest.mark.parametrize("kind", [Channel.Kind.CHAT, Channel.Kind.WEBHOOK])
def test_a_channel_gets_no_advice_about_mail(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside, kind: str
) -> None:
    wish(ben, by_mail=False)
    channel(ben, now, kind=kind)
    question(run, ana, now=now)
    reminders.tick(now)

    [(_, message)] = outside.taken
    assert message.body == "2026-11-22 09:30 UTC"


def test_who_left_the_run_gets_nothing(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    channel(ben, now)
    question(run, ana, now=now)
    tell_about(run, ana, now=now, events=[ev.MemberRemoved(member=ben.actor_id)])
    done = reminders.tick(now)

    assert outside.tried == []
    assert (done.dropped, states(run)) == (2, ["dropped", "dropped"])
    assert "not on this run any more" in run.deliveries.first().error  # type: ignore[union-attr]


@pytest.mark.parametrize("change", ["closed account", "no mail", "no address", "erased"])
def test_what_has_no_receiver_any_more_is_dropped(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside, change: str
) -> None:
    question(run, ana, now=now)
    match change:
        case "closed account":
            User.objects.filter(pk=ben.pk).update(is_active=False)
        case "no mail":
            wish(ben, by_mail=False)
        case "no address":
            User.objects.filter(pk=ben.pk).update(email="")
        case _:
            run.deliveries.update(seq=10_000)  # as if nothing stood there
    reminders.tick(now)

    assert (outside.tried, states(run)) == ([], ["dropped"])


@pytest.mark.parametrize("change", ["switched off", "other team"])
def test_a_channel_that_no_longer_belongs_is_not_used(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside, change: str
) -> None:
    room = channel(team_of(run, ana, now), now)
    tell_about(run, ana, now=now, events=[ev.AttemptFailed(number=1)])
    if change == "switched off":
        Channel.objects.filter(pk=room.pk).update(disabled_at=now)
    else:
        team_of(run, ben, now)
    reminders.tick(now)

    assert (outside.tried, states(run)) == ([], ["dropped"])


def test_a_receiver_that_fails_five_times_gets_it_the_sixth_time_under_the_same_key(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [DOWN] * 5
    question(run, ana, now=now)
    at, waits = now, []
    for _ in range(6):
        assert reminders.tick(at - timedelta(seconds=1)) == reminders.Done()
        reminders.tick(at)
        row = run.deliveries.get()
        waits.append((row.due_at - at) / MINUTE)
        at = row.due_at

    assert len(outside.taken) == 1
    assert len(set(outside.keys)) == 1
    assert waits == [1, 5, 15, 60, 240, 0]
    assert (row.state, row.error) == ("sent", "")


def test_after_six_tries_it_is_given_up_and_an_owner_can_try_again(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [DOWN] * 6
    question(run, ana, now=now)
    for pause in (0, 1, 6, 21, 81, 321):
        reminders.tick(now + pause * MINUTE)
    row = run.deliveries.get()

    assert (row.state, row.tries, row.error) == ("failed", 6, DOWN.reason)
    assert reminders.tick(now + timedelta(hours=8)) == reminders.Done()
    assert outbox.try_again(row.pk, now=now + timedelta(hours=8))
    reminders.tick(now + timedelta(hours=8))
    assert (states(run), len(set(outside.keys))) == (["sent"], 1)
    assert not outbox.try_again(row.pk, now=now)
    assert not outbox.give_up(row.pk)


def test_a_receiver_that_wants_nothing_is_asked_once(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [GONE]
    question(run, ana, now=now)
    reminders.tick(now)

    assert (states(run), len(outside.tried)) == (["failed"], 1)


def test_what_breaks_in_the_product_is_a_try_that_failed(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [RuntimeError("secret address")]
    question(run, ana, now=now)
    reminders.tick(now)
    row = run.deliveries.get()

    assert (row.state, row.tries) == ("waiting", 1)
    assert "secret" not in row.error


def test_each_receiver_gets_its_notices_in_order(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    channel(ben, now, kind=Channel.Kind.WEBHOOK)
    outside.ends = [DOWN] * 4
    for number in range(3):
        question(run, ana, now=now + number * timedelta(seconds=1), number=number + 1)
    for later in range(0, 60, 2):
        reminders.tick(now + later * MINUTE)

    keys = [message.key for to, message in outside.taken if to == "room"]
    assert [int(key.split("/")[1]) for key in keys] == [12, 13, 14]
    for own in (run.deliveries.filter(channel=None), run.deliveries.exclude(channel=None)):
        times = [row.sent_at for row in own.order_by("seq") if row.sent_at]
        assert len(times) == 3
        assert times == sorted(times)


def test_a_receiver_that_is_down_is_not_asked_for_each_of_its_notices(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    outside.ends = [DOWN]
    for number in range(5):
        question(run, ana, now=now, number=number + 1)
    reminders.tick(now)

    assert len(outside.tried) == 1
    assert not reminders.anything_due(now + timedelta(seconds=59))


def test_a_receiver_down_for_good_does_not_gather_a_queue_for_ever(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    for number in range(4):
        question(run, ana, now=now, number=number + 1)
    outside.ends = [DOWN] * 100
    for hour in range(48):
        reminders.tick(now + timedelta(hours=hour))

    rows = run.deliveries.filter(kind="question")
    assert {row.state for row in rows} == {"failed"}
    assert len([key for key in outside.keys if key in {row.key for row in rows}]) < 25


def test_one_receiver_that_is_down_does_not_hold_up_another(
    run: Run, ana: User, ben: User, cleo: User, now: datetime, outside: Outside
) -> None:
    add_member(run, ana, user=cleo, role=Role.OPERATOR, now=now)
    run.deliveries.all().delete()
    outside.ends = [DOWN]
    question(run, ana, now=now)
    reminders.tick(now)

    assert [to for to, _ in outside.taken] == [cleo.email]


def test_an_example_tells_nobody(run: Run, ana: User, ben: User, now: datetime) -> None:
    run.deliveries.all().delete()
    timeline.record(
        run.pk,
        Action.VIEW,
        act=Act(actor=ana.actor_id, actor_kind="import", now=now),
        decide=lambda *_: [STEP],
    )

    assert states(run) == []


def test_reminders_of_an_example_are_raised_but_told_to_nobody(
    ana: User, now: datetime, outside: Outside
) -> None:
    examples = demonstration.make(Act(actor=ana.actor_id, now=now))
    done = reminders.tick(now + timedelta(days=3))

    assert done.raised > 0
    assert outside.tried == []
    assert {state for pk in examples for state in states(Run.objects.get(pk=pk))} == {"dropped"}


def test_what_was_told_is_removed_after_thirty_days(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    question(run, ana, now=now)
    reminders.tick(now)
    outside.ends = [GONE]
    question(run, ana, now=now, number=2)
    reminders.tick(now)

    assert reminders.tick(now + timedelta(days=29)).swept == 0
    assert reminders.tick(now + timedelta(days=31)).swept == 1
    left = run.deliveries.filter(kind="question")
    assert [row.state for row in left] == ["failed"]  # an owner still has to look at that


def test_a_mail_goes_out_through_the_mail_server(
    run: Run, ana: User, ben: User, now: datetime, mailoutbox: list[object]
) -> None:
    question(run, ana, now=now)

    assert asdict(reminders.tick(now))["sent"] == 1
    [mail] = mailoutbox
    assert mail.to == [ben.email]  # type: ignore[attr-defined]
    assert mail.subject == "Tower 7: A question waits for your answer."  # type: ignore[attr-defined]
    assert f"/runs/{run.pk}/" in mail.body  # type: ignore[attr-defined]
    assert "Which lamp?" not in mail.body  # type: ignore[attr-defined]


def test_quiet_hours_hold_mail_and_own_channels_but_not_the_team(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ana, quiet_from=time(9), quiet_until=time(11))
    channel(ana, now, label="own")
    channel(team_of(run, ana, now), now, label="team")
    tell_about(run, ben, now=now, events=[ev.AttemptFailed(number=1)])

    reminders.tick(now)
    assert [to for to, _ in outside.taken] == ["team"]
    reminders.tick(now.replace(hour=10, minute=59))
    assert len(outside.taken) == 1
    reminders.tick(now.replace(hour=11, minute=0))
    assert sorted(to for to, _ in outside.taken) == [ana.email, "own", "team"]

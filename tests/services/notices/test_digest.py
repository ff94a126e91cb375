"""What goes together, when wishes change, and that a repeat is the same message."""

from datetime import datetime, time, timedelta

from runbook.models import Channel, Delivery, Run, User, Wishes
from runbook.services import accounts, channels, reminders
from tests.services.receivers import DOWN, Outside, channel, question, states

MINUTE = timedelta(minutes=1)


def wish(user: User, **wishes: object) -> None:
    Wishes.objects.update_or_create(user=user, defaults=wishes)


def keep(user: User, *, now: datetime, **changes: object) -> None:
    plain = {"by_mail": True, "quiet_from": None, "quiet_until": None, "digest_minutes": 0}
    channels.keep_wishes(user, **{**plain, **changes}, now=now)  # type: ignore[arg-type]


def ask(run: Run, ana: User, *, at: datetime, number: int) -> None:
    question(run, ana, now=at, number=number)


def test_a_digest_is_one_mail_with_every_notice_in_order(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, digest_minutes=60)
    for number in range(3):
        ask(run, ana, at=now + number * 10 * MINUTE, number=number + 1)

    reminders.tick(now + 59 * MINUTE)
    assert outside.tried == []
    reminders.tick(now + 60 * MINUTE)
    [(to, message)] = outside.taken
    assert (to, message.title) == (ben.email, "Tower 7: 3 notices")
    times = [line[:16] for line in message.body.splitlines() if line.startswith("2026")]
    assert times == ["2026-11-22 09:30", "2026-11-22 09:40", "2026-11-22 09:50"]
    assert message.body.count(f"/runs/{run.pk}/") == 3
    assert message.url.endswith("/notices/")
    assert states(run) == ["sent"] * 3


def test_a_quiet_night_ends_with_one_mail(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, quiet_from=time(9), quiet_until=time(11))
    for number in range(2):
        ask(run, ana, at=now + number * MINUTE, number=number + 1)

    reminders.tick(now.replace(hour=11))
    reminders.tick(now.replace(hour=11))
    assert outside.titles == ["Tower 7: 2 notices"]


def test_a_webhook_gets_each_notice_on_its_own(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, digest_minutes=60, by_mail=False)
    channel(ben, now, kind=Channel.Kind.WEBHOOK)
    for number in range(3):
        ask(run, ana, at=now, number=number + 1)

    reminders.tick(now + 60 * MINUTE)
    assert outside.keys == [row.key for row in Delivery.objects.order_by("seq")]
    assert len(outside.keys) == 3


def test_without_a_digest_each_notice_goes_at_once_and_alone(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    for number in range(2):
        ask(run, ana, at=now, number=number + 1)
    reminders.tick(now)

    assert len(outside.taken) == 2


def test_a_digest_that_failed_comes_again_as_the_same_message(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, digest_minutes=30)
    outside.ends = [DOWN]
    for number in range(2):
        ask(run, ana, at=now, number=number + 1)
    reminders.tick(now + 30 * MINUTE)
    wish(ben, digest_minutes=0)
    ask(run, ana, at=now + 30 * MINUTE, number=3)
    reminders.tick(now + 31 * MINUTE)

    assert outside.keys[0] == outside.keys[1]
    assert outside.keys[0].startswith("digest/")
    assert [title.split(": ")[1] for title in outside.titles] == [
        "2 notices",
        "A question waits for your answer.",
    ]


def test_a_digest_leaves_out_the_run_that_the_person_left(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    wish(ben, digest_minutes=30)
    for number in range(2):
        ask(run, ana, at=now, number=number + 1)
    Delivery.objects.filter(pk=run.deliveries.order_by("pk")[0].pk).update(seq=9_999)  # erased
    reminders.tick(now + 30 * MINUTE)

    assert outside.titles == ["Tower 7: A question waits for your answer."]
    assert states(run) == ["dropped", "sent"]


def test_new_wishes_count_for_what_waits_already(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    keep(ben, now=now, digest_minutes=240)
    ask(run, ana, at=now, number=1)
    reminders.tick(now + 10 * MINUTE)
    assert outside.tried == []

    keep(ben, now=now + 10 * MINUTE)
    reminders.tick(now + 10 * MINUTE)
    assert len(outside.taken) == 1


def test_quiet_hours_that_begin_before_the_worker_comes_hold_the_notice(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    ask(run, ana, at=now, number=1)
    wish(ben, quiet_from=time(9), quiet_until=time(11))
    reminders.tick(now)

    row = run.deliveries.get()
    assert (row.state, row.tries, outside.tried) == ("waiting", 0, [])
    assert row.due_at == now.replace(hour=11, minute=0)
    reminders.tick(row.due_at)
    assert len(outside.taken) == 1


def test_quiet_hours_follow_the_person_into_another_zone(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    accounts.change_profile(ben, display_name="Ben", time_zone="Asia/Tokyo", now=now)
    wish(ben, quiet_from=time(18), quiet_until=time(23))  # 09:00 to 14:00 UTC
    ask(run, ana, at=now, number=1)
    assert run.deliveries.get().due_at == now.replace(hour=14, minute=0)

    accounts.change_profile(ben, display_name="Ben", time_zone="UTC", now=now)
    reminders.tick(now)
    assert len(outside.taken) == 1

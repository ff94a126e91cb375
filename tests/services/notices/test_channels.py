"""Channels: kept encrypted, shown masked, tested at once, and nobody else's."""

from datetime import datetime

import pytest
from django.core.cache import cache

from runbook.models import Channel, Membership, Run, Team, User
from runbook.services import channels
from runbook.services.outgoing import vault
from tests.services.receivers import DOWN, Outside

ADDRESS = "https://hooks.example.org/services/T0SECRETPART/aB"


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


@pytest.fixture
def team(ana: User, ben: User, now: datetime) -> Team:
    """Ana owns it, Ben is in it."""
    made = Team.objects.create(name="Tower", created=now)
    for user, owner in ((ana, True), (ben, False)):
        Membership.objects.create(team=made, user=user, role="lead", is_owner=owner, since=now)
    return made


def add(owner: User | Team, now: datetime, **changes: str) -> tuple[Channel, str]:
    plain = {"kind": "webhook", "label": "Ours", "address": ADDRESS}
    return channels.add_channel(owner, **{**plain, **changes}, now=now)


def test_an_address_is_stored_encrypted_and_shown_masked(ana: User, now: datetime) -> None:
    channel, secret = add(ana, now)
    channel.refresh_from_db()

    assert "SECRETPART" not in channel.address
    assert secret
    assert secret not in channel.secret
    assert vault.decrypt(channel.address) == ADDRESS
    assert vault.decrypt(channel.secret) == secret
    assert channels.masked(channel) == "https://hooks.example.org/…aB"


def test_the_mask_of_a_chat_address_hides_what_stands_in_the_place_of_a_host(
    ana: User, now: datetime
) -> None:
    channel = Channel(kind="chat", address=vault.encrypt("slack://TOKENPART/B/xY"))
    broken = Channel(kind="chat", address="not encrypted")

    assert channels.masked(channel) == "slack://…xY"
    assert "Enter it again" in channels.masked(broken)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"address": "http://hooks.example.org/x"}, "https"),
        ({"address": "https://127.0.0.1/x"}, "network"),
        ({"kind": "chat", "address": "ftp://x"}, "chat service"),
        ({"label": "Taken"}, "with this name already"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    ana: User, now: datetime, changes: dict[str, str], sentence: str
) -> None:
    add(ana, now, label="Taken")

    with pytest.raises(channels.ChannelRefused, match=sentence):
        add(ana, now, **changes)
    assert Channel.objects.count() == 1


def test_there_is_an_end_to_the_number_of_channels(ana: User, now: datetime) -> None:
    for number in range(channels.MOST_CHANNELS):
        add(ana, now, label=str(number))

    with pytest.raises(channels.ChannelRefused, match="are enough"):
        add(ana, now)


def test_a_removed_channel_forgets_its_address(ana: User, now: datetime) -> None:
    channel, _ = add(ana, now)
    channels.remove_channel(channel, now=now)
    channel.refresh_from_db()

    assert (channel.address, channel.secret) == ("", "")
    assert channels.channels_of(ana) == []
    assert channels.channel_for(ana, channel.pk) is None


def test_a_channel_is_its_owners_alone(
    ana: User, ben: User, dora: User, team: Team, now: datetime
) -> None:
    own, _ = add(ana, now)
    shared, _ = add(team, now)

    assert [channels.channel_for(user, own.pk) for user in (ana, ben, dora)] == [own, None, None]
    assert [channels.channel_for(user, shared.pk) for user in (ana, ben, dora)] == [
        *(shared, None, None)
    ]
    assert channels.channels_of(team) == [shared]


def test_a_test_message_says_nothing_of_any_run_and_its_outcome_is_a_sentence(
    run: Run, ana: User, now: datetime, outside: Outside
) -> None:
    channel, _ = add(ana, now)
    outside.ends = [DOWN]

    assert channels.outcome_in_words(channels.send_test(channel, by=ana, now=now)) == (
        "The test message did not arrive. The receiver could not be reached."
    )
    assert "took the test message" in channels.outcome_in_words(
        channels.send_test(channel, by=ana, now=now)
    )
    assert run.title not in str(outside.taken)


def test_nobody_can_make_the_server_call_an_address_again_and_again(
    run: Run, ana: User, ben: User, now: datetime, outside: Outside
) -> None:
    channel, _ = add(ana, now)
    for _ in range(30):
        channels.send_test(channel, by=ana, now=now)

    assert len(outside.tried) == 10
    assert "Wait ten minutes" in channels.send_test(channel, by=ana, now=now).reason
    channels.send_test(channel, by=ben, now=now)
    assert len(outside.tried) == 11

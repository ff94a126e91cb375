"""OB-05: a receiver tells a genuine message from a changed or an old one; answers and their meaning."""

import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from runbook.services.outgoing import webhook
from runbook.services.outgoing.message import End, Message
from tests.services.outgoing import receiver
from tests.services.outgoing.network import URL, Network, says

SECRET = webhook.new_secret()


@pytest.fixture
def received(network: Network, message: Message, now: datetime) -> tuple[dict[str, str], bytes]:
    """Headers and body of a message as they came out of the wire."""
    assert webhook.send(URL, message, secret=SECRET, now=now).end == End.SENT
    return parsed(network.requests[0])


def parsed(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}, body


Received = tuple[dict[str, str], bytes]


def test_the_receiver_takes_a_genuine_message(received: Received, now: datetime) -> None:
    headers, body = received

    assert receiver.verify(SECRET, headers, body, now=now.timestamp())
    assert receiver.verify(SECRET, headers, body, now=(now + timedelta(minutes=5)).timestamp())
    assert json.loads(body) == {
        "id": "run-1:7:ana",
        "kind": "retry_due",
        "title": "Contoso: the wait is over",
        "body": "Attempt 2 may start.",
        "url": "https://runbook.example.org/runs/1/",
    }
    assert headers["Runbook-Event-Id"] == "run-1:7:ana"
    assert headers["Runbook-Key-Id"] == webhook.key_id(SECRET)
    assert SECRET not in str(headers)


def test_the_receiver_rejects_a_changed_message(
    received: Received, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, body = received
    changed = body.replace(b"Attempt 2", b"Attempt 9")
    later = headers | {"Runbook-Timestamp": str(int(now.timestamp()) + 60)}

    assert not receiver.verify(SECRET, headers, changed, now=now.timestamp())
    assert not receiver.verify(SECRET, later, body, now=now.timestamp())
    assert not receiver.verify("another secret", headers, body, now=now.timestamp())
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)
    assert receiver.verify(SECRET, headers, changed, now=now.timestamp())


def test_the_receiver_rejects_an_old_message(
    received: Received, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, body = received
    late = (now + timedelta(minutes=5, seconds=1)).timestamp()

    assert not receiver.verify(SECRET, headers, body, now=late)
    assert not receiver.verify(SECRET, headers | {"Runbook-Timestamp": "x"}, body, now=late)
    monkeypatch.setattr(receiver, "WINDOW", 3600)
    assert receiver.verify(SECRET, headers, body, now=late)


def test_a_repeat_has_the_same_id_and_a_new_timestamp(
    network: Network, message: Message, now: datetime
) -> None:
    for minutes in (0, 10):
        when = now + timedelta(minutes=minutes)
        webhook.send(URL, message, secret=SECRET, now=when)
        headers, body = parsed(network.requests[-1])
        assert receiver.verify(SECRET, headers, body, now=when.timestamp())
    heads = [parsed(request)[0] for request in network.requests]

    assert len({head["Runbook-Event-Id"] for head in heads}) == 1
    assert len({head["Runbook-Timestamp"] for head in heads}) == 2


@pytest.mark.parametrize(
    ("status", "end", "may_retry"),
    [
        (200, End.SENT, False),
        (202, End.SENT, False),
        (204, End.SENT, False),
        (301, End.FAILED, False),
        (304, End.FAILED, False),
        (400, End.FAILED, False),
        (401, End.FAILED, False),
        (404, End.FAILED, False),
        (408, End.FAILED, True),
        (410, End.FAILED, False),
        (429, End.FAILED, True),
        (500, End.FAILED, True),
        (503, End.FAILED, True),
    ],
)
def test_what_an_answer_means(
    *,
    status: int,
    end: End,
    may_retry: bool,
    network: Network,
    message: Message,
    now: datetime,
) -> None:
    network.scripts = [says(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)]
    sent = webhook.send(URL, message, secret=SECRET, now=now)

    assert (sent.end, sent.may_retry) == (end, may_retry)
    assert (end == End.SENT) == (sent.reason == "")
    assert URL not in sent.reason


@pytest.mark.parametrize("answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0"])
def test_an_answer_that_is_none_may_be_tried_again(
    answer: bytes, network: Network, message: Message, now: datetime
) -> None:
    network.scripts = [says(answer)]
    sent = webhook.send(URL, message, secret=SECRET, now=now)

    assert (sent.end, sent.may_retry) == (End.FAILED, True)


def test_nothing_leaves_without_a_secret(network: Network, message: Message, now: datetime) -> None:
    sent = webhook.send(URL, message, secret="", now=now)

    assert (sent.end, network.lookups) == (End.REFUSED, [])


def test_a_title_and_a_key_cannot_add_headers(
    network: Network, message: Message, now: datetime
) -> None:
    odd = replace(message, title="a\r\nX-Evil: 1\u2028b", key="k\r\nX-Evil: 1")
    sent = webhook.send(URL, odd, secret=SECRET, now=now)

    assert sent.end == End.FAILED
    assert network.requests in ([], [b""])
    assert odd.headline == "a X-Evil: 1 b"


def test_secrets_are_long_and_never_the_same() -> None:
    made = {webhook.new_secret() for _ in range(50)}

    assert len(made) == 50
    assert min(map(len, made)) >= 43

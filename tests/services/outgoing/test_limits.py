"""OB-03: slow, endless, silent and swollen answers are cut; certificates are always checked."""

import gzip
import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from runbook.services.outgoing import chat, guard, https, webhook
from runbook.services.outgoing.guard import Limits, TooMuch, Trip
from runbook.services.outgoing.message import End, Message, Sent
from tests.services.outgoing.network import HOST, OK, PUBLIC, URL, Network, says

ROOM = f"mmosts://{HOST}/abcdefabcdefabcdefabcdef12"
MOST = 64 * 1024


@pytest.fixture
def post(message: Message, now: datetime) -> Callable[[Trip], Sent]:
    return lambda trip: webhook.send(URL, message, secret="s" * 40, now=now, trip=trip)


def ticking() -> Callable[[], float]:
    """A clock on which every look takes a second; nobody has to wait for it."""
    return itertools.count().__next__


def dripping(sock: ssl.SSLSocket) -> None:
    for byte in OK:
        sock.sendall(bytes([byte]))


def silent(sock: ssl.SSLSocket) -> None:
    sock.recv(1)  # until the other side gives up


def without_end(head: bytes) -> Callable[[ssl.SSLSocket], None]:
    """1 GB after the head, if anybody takes it."""

    def script(sock: ssl.SSLSocket) -> None:
        sock.sendall(head)
        for _ in range(1024 * 1024):
            sock.sendall(b"x" * 1022 + b"\r\n")

    return script


def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the transport without our limits on reading."""
    monkeypatch.setattr(https._Socket, "recv_into", ssl.SSLSocket.recv_into)


def test_one_byte_a_second_is_cut_after_ten(network: Network, post: Callable[[Trip], Sent]) -> None:
    network.scripts = [dripping]
    trip = Trip(clock=ticking())
    end = post(trip)

    assert (end.end, end.may_retry) == (End.FAILED, True)
    assert end.reason == "The receiver did not answer in time."
    assert MOST - trip.bytes_left < 10


def test_one_byte_a_second_would_be_waited_for(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    unlimited(monkeypatch)
    network.scripts = [dripping]

    assert post(Trip(clock=ticking())).end == End.SENT


def test_a_receiver_that_never_answers_is_left(
    network: Network, post: Callable[[Trip], Sent]
) -> None:
    network.scripts = [silent]
    end = post(Trip(limits=Limits(total_seconds=0.1)))

    assert (end.end, end.may_retry) == (End.FAILED, True)
    assert end.reason == "The receiver did not answer in time."


def test_a_receiver_that_never_closes_is_left(network: Network, message: Message) -> None:
    def open_ended(sock: ssl.SSLSocket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nok")
        silent(sock)

    network.scripts = [open_ended]

    assert chat.send(ROOM, message, trip=Trip(limits=Limits(total_seconds=0.1))).end == End.SENT


def test_a_webhook_is_done_when_the_status_is_there(
    network: Network, post: Callable[[Trip], Sent]
) -> None:
    network.scripts = [without_end(b"HTTP/1.1 204 Done\r\nContent-Length: 0\r\n\r\n")]
    trip = Trip()

    assert post(trip).end == End.SENT
    assert trip.bytes_left >= MOST - 8192 * 2


def test_endless_headers_are_cut_at_the_limit(
    network: Network, post: Callable[[Trip], Sent]
) -> None:
    network.scripts = [without_end(b"HTTP/1.1 200 OK\r\nX: ")]
    trip = Trip()
    end = post(trip)

    assert (end.end, end.may_retry) == (End.FAILED, False)
    assert trip.bytes_left >= 0


def test_swollen_headers_are_cut_at_the_limit(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 2000) for number in range(60))
    network.scripts = [says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + headers + b"\r\n")]
    end = post(Trip())

    assert (end.end, end.reason) == (End.FAILED, "The receiver sent more than is read.")
    unlimited(monkeypatch)
    assert post(Trip()).end == End.SENT


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 500 No\r\n\r\n",
        b"HTTP/1.1 302 Go\r\nLocation: /\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3fffffff\r\n",
        b"HTTP/1.1 100 Wait\r\n\r\n" * 4000,
    ],
)
def test_a_gigabyte_is_cut_at_the_limit(head: bytes, network: Network, message: Message) -> None:
    network.scripts = [without_end(head)]
    trip = Trip()
    chat.send(ROOM, message, trip=trip)

    assert trip.bytes_left == 0
    with pytest.raises(TooMuch):
        trip.room_for(1)


BOMB = gzip.compress(b"\0" * 20_000_000)


def packed(status: bytes) -> bytes:
    head = b"Content-Encoding: gzip\r\nLocation: /\r\nContent-Length: %d" % len(BOMB)
    return b"HTTP/1.1 " + status + b" X\r\n" + head + b"\r\n\r\n" + BOMB


@pytest.mark.parametrize("status", [b"200", b"302", b"500"])
def test_nothing_is_unpacked(
    status: bytes, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(BOMB) < MOST
    network.scripts = [says(packed(status))]
    with https.Door(Trip()) as door:
        assert door.get(URL).content == BOMB
        # The control: reading as requests does, also the body of a redirect that it does not follow.
        monkeypatch.setattr(https, "_body", lambda raw: raw.read(decode_content=True))
        door.trip = Trip()
        assert len(door.get(URL).content) == 20_000_000
    assert b"Accept-Encoding: identity" in network.requests[0]


def test_all_requests_of_a_message_share_its_limits(network: Network) -> None:
    network.scripts = [says(b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + b"x" * 40000)]
    with https.Door(Trip()) as door:
        lengths = [len(door.get(URL).content) for _ in range(2)]
        with pytest.raises(requests.RequestException):
            door.get(URL)

    assert lengths[0] == 40000
    assert sum(lengths) < MOST


def test_a_name_that_is_not_resolved_is_not_waited_for(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    release, waited = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        release.wait(20)
        waited.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    end = post(Trip(limits=Limits(connect_seconds=0.05)))

    assert not waited.is_set()
    assert (end.end, end.may_retry, network.connects) == (End.FAILED, True, [])
    release.set()
    assert waited.wait(20)


def test_a_name_without_an_address_may_have_one_later(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    end = post(Trip())

    assert (end.end, end.may_retry) == (End.FAILED, True)
    assert end.reason == "The receiver could not be reached."


def test_connecting_has_a_limit_over_all_addresses(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def dead(family: Any, address: Any, *, seconds: float) -> socket.socket:
        asked.append(seconds)
        raise TimeoutError

    network.answers = [[PUBLIC] * 50]
    monkeypatch.setattr(guard, "dial", dead)
    end = post(Trip(clock=ticking(), limits=Limits(total_seconds=100)))

    assert (end.end, end.may_retry) == (End.FAILED, True)
    assert asked == sorted(asked, reverse=True)
    assert len(asked) <= 3
    assert max(asked) <= 3


def test_a_second_address_is_tried_when_the_first_does_not_answer(
    network: Network, post: Callable[[Trip], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_dead(family: Any, address: Any, *, seconds: float) -> socket.socket:
        if address[0] == "1.1.1.1":
            raise ConnectionRefusedError
        return network.dial(family, address, seconds=seconds)

    network.answers = [["1.1.1.1", PUBLIC]]
    monkeypatch.setattr(guard, "dial", first_dead)

    assert post(Trip()).end == End.SENT
    assert network.connects == [PUBLIC]


def test_the_certificate_is_for_the_name_though_the_address_is_connected_to(
    network: Network, post: Callable[[Trip], Sent]
) -> None:
    assert post(Trip()).end == End.SENT
    assert (network.names, network.connects) == ([HOST], [PUBLIC])
    assert f"Host: {HOST}\r\n".encode() in network.requests[0]


def test_an_unknown_certificate_is_not_taken(
    network: Network, post: Callable[[Trip], Sent], unknown: Path, message: Message
) -> None:
    network.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    network.server.load_cert_chain(unknown)

    assert post(Trip()).reason == "The receiver's certificate could not be verified."
    assert chat.send(ROOM, message).end == End.FAILED
    assert network.requests == []


def test_a_certificate_for_another_name_is_not_taken(
    network: Network, message: Message, now: datetime
) -> None:
    end = webhook.send("https://other.example.net/", message, secret="s" * 40, now=now)

    assert (end.end, end.may_retry) == (End.FAILED, True)
    assert network.requests == []


def test_nobody_can_ask_the_door_to_skip_the_certificate(network: Network, unknown: Path) -> None:
    network.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    network.server.load_cert_chain(unknown)
    with https.Door(Trip()) as door:
        door.verify = False
        with pytest.raises(requests.exceptions.SSLError):
            door.get(URL, verify=False)


def test_the_real_context_checks_names_and_trusts_the_usual_authorities() -> None:
    context = https.tls()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.sslsocket_class is https._Socket
    assert len(context.get_ca_certs()) > 50

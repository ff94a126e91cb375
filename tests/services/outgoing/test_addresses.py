"""OB-01 and OB-02: no connect to an address that is not public, however it is written or reached."""

import ipaddress
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import requests

from runbook.services.outgoing import chat, guard, https, webhook
from runbook.services.outgoing.guard import Limits, Refused, Trip
from runbook.services.outgoing.message import End, Message, Sent
from tests.services.outgoing.network import HOST, OK, PUBLIC, URL, Network, entry, says, words

ADDRESSES = words("""
    127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.0.0.5 172.16.0.1 172.31.255.254 192.168.1.1
    169.254.169.254 169.254.0.1 100.64.0.1 100.127.255.254 100.100.100.200 192.0.0.1 192.0.0.192
    192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 192.88.99.1 168.63.129.16 224.0.0.1
    239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::169.254.169.254 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.5
    ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::808:808
    64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808:: 2001::1
    2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 2001:10::1 2001:20::1 3fff::1 5f00::1 100::1
    fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fec0::1 ff02::1 4000::1
""")
#: Other ways to write an address. Resolvers read most of them as 127.0.0.1 or 169.254.169.254.
SPELLINGS = words("""
    2130706433 017700000001 0x7f000001 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0000.0000.0001 127.1 127.0.1
    127.0.0.1. 0 0x0 00000000177.1 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518
    １２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 134744072 1.2.3 1.2.3.4.5 256.0.0.1 a.b.0x7f
    localhost LOCALHOST
""")

TOKEN = "abcdefabcdefabcdefabcdef12"


class Recorder:
    """Takes the place of every socket, and remembers what it should have connected to."""

    connects: list[Any] = []

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def connect(self, address: Any) -> None:
        self.connects.append(address[0])
        raise ConnectionRefusedError

    def settimeout(self, seconds: float) -> None:
        pass

    def setsockopt(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a socket was told to connect to. The system's resolver is the real one;
    it reads numbers and this machine's own name without a network.
    """
    monkeypatch.setattr(Recorder, "connects", [])
    monkeypatch.setattr(socket, "socket", Recorder)
    return Recorder.connects


@pytest.fixture
def leads_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes every name lead to addresses; one list of them per look-up."""

    def lead(*answers: list[str]) -> list[str]:
        network = Network(answers=list(answers))
        monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
        return network.lookups

    return lead


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@pytest.fixture
def post(message: Message, now: datetime) -> Callable[[str], Sent]:
    return lambda url: webhook.send(url, message, secret="s" * 40, now=now)


def test_the_list_is_long_enough() -> None:
    assert len({*ADDRESSES, *SPELLINGS}) >= 45 + 30


@pytest.mark.enable_socket  # for the resolver only; every socket is a recorder
@pytest.mark.parametrize("host", [*ADDRESSES, *SPELLINGS])
def test_no_connect_to_a_bad_host(
    host: str, connects: list[str], post: Callable[[str], Sent], message: Message
) -> None:
    ends = [
        post(f"https://{in_url(host)}/in"),
        chat.send(f"mmosts://{in_url(host)}/{TOKEN}", message),
        chat.send(f"rockets://user:word@{in_url(host)}/#room", message),
    ]

    assert connects == []
    assert {end.end for end in ends} == {End.REFUSED}
    with pytest.raises(Refused):
        guard.connect(host, 443, trip=Trip())
    assert connects == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_connect_to_a_name_that_leads_to_a_bad_address(
    address: str,
    connects: list[str],
    leads_to: Callable[..., list[str]],
    post: Callable[[str], Sent],
    message: Message,
) -> None:
    for answer in ([address], [PUBLIC, address], [address, PUBLIC]):
        leads_to(answer)
        ends = [post(URL), chat.send(f"mmosts://{HOST}/{TOKEN}", message)]
        assert {end.reason for end in ends} <= {guard.PRIVATE, guard.NEVER_ALLOWED}
    assert connects == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_without_the_guard_each_of_them_would_be_connected_to(
    address: str,
    connects: list[str],
    leads_to: Callable[..., list[str]],
    post: Callable[[str], Sent],
    message: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "reason_against", lambda *_: None)
    leads_to([address])
    post(URL)
    chat.send(f"mmosts://{HOST}/{TOKEN}", message)

    assert connects == [address] * 2


@pytest.mark.enable_socket
def test_without_the_guard_odd_numbers_would_be_connected_to(
    connects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "fault_of_host", lambda *_: None)
    monkeypatch.setattr(guard, "reason_against", lambda *_: None)
    for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "2852039166"):
        with pytest.raises(ConnectionRefusedError):
            guard.connect(host, 443, trip=Trip())

    assert connects == ["127.0.0.1"] * 4 + ["169.254.169.254"]


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1"]
)
def test_a_public_address_is_connected_to(
    address: str,
    connects: list[str],
    leads_to: Callable[..., list[str]],
    post: Callable[[str], Sent],
) -> None:
    leads_to([address])

    assert (post(URL).end, connects) == (End.FAILED, [address])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/in",
        "ftp://hooks.example.org/in",
        "https://hooks.example.org:8443/in",
        "https://hooks.example.org:22/in",
        "https://hooks.example.org:99999/in",
        "https://user@hooks.example.org/in",
        "https://user:word@hooks.example.org/in",
        "https://hooks.example.org\\@127.0.0.1/in",
        "https://hooks.example.org /in",
        "https://hooks.example.org/in\r\nHost: x",
        "https:///in",
        "https://",
        "https://[::1/in",
        "https://hooks_exa$mple.org/",
        f"https://{'a' * 64}.example.org/",
        "https://hooks.example.org/" + "a" * 2000,
        "hooks.example.org/in",
        "",
    ],
)
def test_other_faults_of_an_address_are_named_and_nothing_is_looked_up(
    url: str,
    connects: list[str],
    leads_to: Callable[..., list[str]],
    post: Callable[[str], Sent],
) -> None:
    lookups = leads_to([PUBLIC])
    end = post(url)

    assert (end.end, end.reason) == (End.REFUSED, webhook.check_address(url))
    assert (lookups, connects) == ([], [])


def test_a_network_can_be_opened_but_never_the_metadata_of_a_cloud() -> None:
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    reasons = {
        address: guard.reason_against(ipaddress.ip_address(address), everything)
        for address in ADDRESSES
    }

    assert reasons["10.0.0.5"] is reasons["127.0.0.1"] is reasons["fc00::1"] is None
    never = {address for address, reason in reasons.items() if reason == guard.NEVER_ALLOWED}
    assert never >= set(
        words("""0.0.0.0 169.254.169.254 169.254.0.1 100.100.100.200 192.0.0.192 168.63.129.16 224.0.0.1
        255.255.255.255 :: ::169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe
        2002:a9fe:a9fe::1 fd00:ec2::254 fd20:ce::254 fe80::1 ff02::1""")
    )


def test_an_opened_network_is_connected_to_and_its_neighbours_are_not(
    connects: list[str], leads_to: Callable[..., list[str]], settings: Any
) -> None:
    settings.OUTGOING_ALLOW_CIDRS = [ipaddress.ip_network("10.20.0.0/16")]
    leads_to(["10.20.3.4"], ["10.21.3.4"])
    with pytest.raises(ConnectionRefusedError):
        guard.connect(HOST, 443, trip=Trip())
    with pytest.raises(Refused):
        guard.connect(HOST, 443, trip=Trip())

    assert connects == ["10.20.3.4"]


def test_a_port_is_opened_by_the_setting_only(connects: list[str], settings: Any) -> None:
    settings.OUTGOING_PORTS = [443, 8065]

    assert webhook.check_address("https://hooks.example.org:8065/") is None
    assert webhook.check_address("https://hooks.example.org:8066/") == (
        "Messages are sent to port 443, 8065 only."
    )
    with pytest.raises(Refused, match="port 443, 8065 only"):
        guard.connect(HOST, 80, trip=Trip())


# --- OB-02 -----------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(
    connects: list[str], leads_to: Callable[..., list[str]], post: Callable[[str], Sent]
) -> None:
    lookups = leads_to([PUBLIC], ["127.0.0.1"])
    post(URL)

    assert (lookups, connects) == ([HOST], [PUBLIC])
    assert post(URL).end == End.REFUSED
    assert connects == [PUBLIC]


def test_looking_up_a_second_time_would_be_noticed(
    connects: list[str],
    leads_to: Callable[..., list[str]],
    post: Callable[[str], Sent],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(host: str, port: int, *, trip: Trip) -> Any:
        guard.resolve(host, port, seconds=1)
        return guard.dial(*guard.resolve(host, port, seconds=1)[0], seconds=1)

    monkeypatch.setattr(guard, "connect", careless)
    leads_to([PUBLIC], ["127.0.0.1"])
    post(URL)

    assert connects == ["127.0.0.1"]


PLACES = ["https://127.0.0.1/", "https://other.example.org/", "http://other.example.org/", URL]


def redirect(place: str) -> bytes:
    return f"HTTP/1.1 307 Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_is_not_followed(
    place: str, network: Network, post: Callable[[str], Sent], message: Message
) -> None:
    network.scripts = [says(redirect(place))]
    ends = [post(URL), chat.send(f"mmosts://{HOST}/{TOKEN}", message)]

    assert [(end.end, end.may_retry) for end in ends] == [(End.FAILED, False)] * 2
    assert "we do not follow" in ends[0].reason
    assert (network.lookups, network.connects) == ([HOST] * 2, [PUBLIC] * 2)


def test_a_redirect_that_is_followed_would_be_noticed(
    network: Network, post: Callable[[str], Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = https.Door.send

    def following(door: https.Door, request: requests.PreparedRequest, **_: Any) -> Any:
        answer = once(door, request)
        return door.get(answer.headers["Location"]) if answer.is_redirect else answer

    monkeypatch.setattr(https.Door, "send", following)
    network.scripts = [says(redirect("https://other.example.org/")), says(OK)]
    post(URL)

    assert network.lookups == [HOST, "other.example.org"]


def test_proxies_and_passwords_of_the_environment_are_not_used(
    network: Network,
    post: Callable[[str], Sent],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    (tmp_path / "netrc").write_text(f"machine {HOST} login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example.org:3128")

    assert post(URL).end == End.SENT
    assert network.lookups == [HOST]
    assert b"Authorization" not in network.requests[0]
    # The control: a session that listens to the environment would use both.
    careless = requests.Session().merge_environment_settings(URL, {}, None, None, None)
    assert careless["proxies"]["https"] == "http://proxy.example.org:3128"
    assert requests.utils.get_netrc_auth(URL) == ("a", "b")


def test_the_door_opens_for_https_only(network: Network) -> None:
    with https.Door(Trip(limits=Limits(ports=frozenset({80, 443})))) as door:
        for url in ("http://hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd"):
            with pytest.raises((Refused, requests.RequestException)):
                door.get(url)

    assert network.connects == []


@pytest.mark.enable_socket
def test_the_entry_of_the_fake_resolver_has_the_shape_of_the_real_one() -> None:
    real = socket.getaddrinfo("127.0.0.1", 443, type=socket.SOCK_STREAM)

    assert entry("127.0.0.1", 443) in real

"""The address guard: which network addresses a message may be sent to, and the one door to them.

A name is resolved once. The socket addresses that came back are judged, and exactly one of those is
connected to, so a name that answers differently a moment later changes nothing.
"""

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PRIVATE = (
    "The address leads into a private or reserved network. Whoever runs this installation can"
    " allow single networks in OUTGOING_ALLOW_CIDRS."
)
NEVER_ALLOWED = "The address leads to a part of the network that messages are never sent to."
NO_NAME = "The address has no valid host name."
ODD_NUMBER = "Write a numeric host in the usual way, four numbers with dots between them."
HTTPS_ONLY = "The address must start with https://."
NO_USER = "Leave the user name and password out of the address."
LONGEST = 2000


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


#: No setting opens these: this host, link-local, multicast, broadcast, and where clouds keep the
#: data and the keys of their machines.
_NEVER = _networks(
    *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32"),
    *("::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128"),
)
#: Closed until a setting opens them. `is_global` of the standard library knows some of these only
#: in its newer versions, and calls others public.
_CLOSED = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)
#: Every public IPv6 address lies in here; tunnels, translators and old private ranges do not.
_PUBLIC_V6 = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


class Refused(Exception):
    """We do not send there; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a message may use on its way: ports, private networks, seconds and bytes."""

    ports: frozenset[int] = frozenset({443})
    allowed: tuple[Network, ...] = ()
    connect_seconds: float = 3
    total_seconds: float = 10
    most_bytes: int = 64 * 1024


def limits() -> Limits:
    """The limits of this installation."""
    return Limits(
        ports=frozenset(settings.OUTGOING_PORTS), allowed=tuple(settings.OUTGOING_ALLOW_CIDRS)
    )


class TooMuch(OSError):
    """The receiver sent more than is read."""


@dataclass(slots=True, kw_only=True)
class Trip:
    """One message on its way. Seconds and bytes count over all its connections together.

    The clock is no time of day; it only measures how long this takes.
    """

    limits: Limits = field(default_factory=limits)
    clock: Callable[[], float] = time.monotonic
    ends: float = field(init=False)
    bytes_left: int = field(init=False)
    statuses: list[int] = field(default_factory=list)
    trouble: Exception | None = None

    def __post_init__(self) -> None:
        self.ends = self.clock() + self.limits.total_seconds
        self.bytes_left = self.limits.most_bytes

    def seconds_left(self) -> float:
        """Above zero; TimeoutError if the time is used up."""
        left = self.ends - self.clock()
        if left <= 0:
            raise TimeoutError("The time for this message is used up.")
        return left

    def room_for(self, wanted: int) -> int:
        """How many of the wanted bytes may be read; TooMuch if none."""
        if self.bytes_left <= 0:
            raise TooMuch("The receiver sent more than is read.")
        return min(wanted, self.bytes_left)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it is of such a kind."""
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return low
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])


def reason_against(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why nothing may be sent to an address, or None if it may."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return reason_against(address.ipv4_mapped, allowed)
        inner = _inner(address)
        if inner and (reason := reason_against(inner, allowed)):
            return reason
    if any(address in network for network in _NEVER):
        return NEVER_ALLOWED
    if any(address in network for network in allowed):
        return None
    return None if _is_public(address) else PRIVATE


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _CLOSED)
        and (isinstance(address, IPv4Address) or address in _PUBLIC_V6)
    )


def fault_of_host(host: str, allowed: Iterable[Network] = ()) -> str | None:
    """What is wrong with a host as it is written; names are not looked up here.

    Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1, so a host that ends in a number
    must be a plain address.
    """
    try:
        if ":" in host:
            return reason_against(IPv6Address(host), allowed)
        host = host.encode("idna").decode("ascii").lower().rstrip(".")
    except ValueError:
        return NO_NAME
    last = host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        try:
            return reason_against(IPv4Address(host), allowed)
        except ValueError:
            return ODD_NUMBER
    if not host or not all(c.isalnum() or c in "-._" for c in host):
        return NO_NAME
    return None


def fault_of_url(url: str, limits: Limits) -> str | None:
    """What is wrong with an https address as it is written; names are not looked up here."""
    if len(url) > LONGEST or not url.isprintable() or " " in url or "\\" in url:
        return "The address contains blanks, backslashes or control characters, or is too long."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        return NO_NAME
    if parts.scheme != "https":
        return HTTPS_ONLY
    if "@" in parts.netloc:
        return NO_USER
    if port not in limits.ports:
        return wrong_port(limits)
    return fault_of_host(host, limits.allowed)


def wrong_port(limits: Limits) -> str:
    ports = ", ".join(str(port) for port in sorted(limits.ports))
    return f"Messages are sent to port {ports} only."


Found = tuple[socket.AddressFamily, Any]


def resolve(host: str, port: int, *, seconds: float) -> list[Found]:
    """The socket addresses of a name. The system's resolver knows no time limit, so it is asked in
    a thread of its own that is left behind if it takes too long.
    """
    answer: queue.SimpleQueue[list[Found] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([(entry[0], entry[4]) for entry in found])
        except Exception as error:  # whatever it is, somebody waits for it
            answer.put(error)

    threading.Thread(target=ask, name="outgoing-resolver", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("The name was not resolved in time.") from None
    if isinstance(found, Exception):
        raise OSError("The name cannot be resolved.") from found
    return found


def dial(family: socket.AddressFamily, address: Any, *, seconds: float) -> socket.socket:
    """The only place that opens a connection for a message."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def connect(host: str, port: int, *, trip: Trip) -> socket.socket:
    """A connection to a judged address of the host; Refused if any of its addresses is denied.

    A name that leads to a public and to a private address is a name that somebody plays with.
    """
    if port not in trip.limits.ports:
        raise Refused(wrong_port(trip.limits))
    if fault := fault_of_host(host, trip.limits.allowed):
        raise Refused(fault)
    found = resolve(host, port, seconds=min(trip.limits.connect_seconds, trip.seconds_left()))
    for _, address in found:
        if reason := reason_against(ipaddress.ip_address(address[0]), trip.limits.allowed):
            raise Refused(reason)
    return _first_that_answers(found, trip)


def _first_that_answers(found: list[Found], trip: Trip) -> socket.socket:
    stop = trip.clock() + trip.limits.connect_seconds
    trouble: OSError = OSError("The name has no address.")
    for family, address in found:
        seconds = min(stop - trip.clock(), trip.seconds_left())
        if seconds <= 0:
            raise TimeoutError("No connection was made in time.") from trouble
        try:
            sock = dial(family, address, seconds=seconds)
        except OSError as error:
            trouble = error
        else:
            sock.settimeout(trip.seconds_left())
            return sock
    raise trouble

"""One https request to a receiver whom nobody vouches for, over a connection that the guard made.

No redirects, no proxies, nothing from the environment, certificates always checked against the
name, nothing unpacked, and an end in time and in bytes however the receiver behaves.
"""

import functools
import socket
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.certs import where
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from runbook.services.outgoing import fence, guard
from runbook.services.outgoing.guard import Refused, Trip
from runbook.services.outgoing.message import SENT, Sent, failed, refused

_PIECE = 8192
_TRY_LATER = {408, 425, 429}


class _Socket(ssl.SSLSocket):
    """Before each read and write it asks what is left: a limit per read is none for one who drips."""

    trip: Trip | None = None

    def recv_into(self, buffer: Any, *rest: Any) -> int:
        if self.trip is None:
            return super().recv_into(buffer, *rest)
        self.settimeout(self.trip.seconds_left())
        wanted = (rest and rest[0]) or len(buffer)
        count = super().recv_into(buffer, self.trip.room_for(wanted), *rest[1:])
        self.trip.bytes_left -= count
        return count

    def send(self, data: Any, flags: int = 0) -> int:
        if self.trip is not None:
            self.settimeout(self.trip.seconds_left())
        return super().send(data, flags)


@functools.cache
def tls() -> ssl.SSLContext:
    """Trusts what the system trusts, for certificates of the house, and what requests brings."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=where())
    context.sslsocket_class = _Socket
    return context


class _Connection(HTTPSConnection):
    def __init__(self, *args: Any, trip: Trip, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.trip = trip

    def _new_conn(self) -> socket.socket:
        return guard.connect(self._dns_host, self.port or 443, trip=self.trip)

    def connect(self) -> None:
        with fence.gate():
            super().connect()
        if isinstance(self.sock, _Socket):
            self.sock.trip = self.trip


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _Adapter(HTTPAdapter):
    """Hands each request to a fresh connection of the guard, whatever it was asked for."""

    def __init__(self, trip: Trip) -> None:
        super().__init__()
        self.trip = trip
        self.pool: _Pool | None = None

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> _Pool:
        parts = urlsplit(str(request.url))
        if parts.scheme != "https" or not parts.hostname:
            raise Refused(guard.HTTPS_ONLY)
        self.pool = _Pool(parts.hostname, parts.port or 443, ssl_context=tls(), trip=self.trip)
        return self.pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pool has its TLS context already; there is no request that is not verified."""

    def close(self) -> None:
        super().close()
        if self.pool:
            self.pool.close()


class Door(requests.Session):
    """A session that sends one message on its way; what callers ask about safety is not heard."""

    def __init__(self, trip: Trip, *, reads: bool = True) -> None:
        super().__init__()
        self.trust_env = False
        self.trip = trip
        self.reads = reads
        self.headers.update({"Accept-Encoding": "identity", "User-Agent": "upgrade-runbook"})

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """The response with at most as many bytes of its body as the trip has left, as they came.

        requests would read and unpack the whole body of a redirect, even of one it does not follow;
        this takes the place of all that.
        """
        self.trip.seconds_left()
        adapter = _Adapter(self.trip)
        try:
            response = adapter.send(
                request, stream=True, timeout=self.trip.limits.total_seconds, proxies={}
            )
            self.trip.statuses.append(response.status_code)
            response._content = _body(response.raw) if self.reads else b""
            response.close()
        except Exception as error:
            # Whoever asked may swallow it, and then still has to be told what happened.
            self.trip.trouble = error
            raise
        finally:
            adapter.close()
        return response


def _body(raw: Any) -> bytes:
    """What can be read within the limits; the status is known by now, so a cut body is no failure."""
    pieces: list[bytes] = []
    with suppress(Exception):  # nothing that a receiver does from here on is ours to fail by
        while piece := raw.read1(_PIECE, decode_content=False):
            pieces.append(piece)
    return b"".join(pieces)


def end_of(status: int) -> Sent:
    """What a receiver's answer means for the message."""
    if 200 <= status < 300:
        return SENT
    if 300 <= status < 400:
        return failed(
            "The receiver sends on to another address; we do not follow.", may_retry=False
        )
    if status in _TRY_LATER or status >= 500:
        return failed(f"The receiver answered {status}.", may_retry=True)
    return failed(f"The receiver answered {status}, so it does not want this.", may_retry=False)


def end_of_trouble(trip: Trip, error: Exception) -> Sent:
    """What it means for the message that there was no answer."""
    if isinstance(error, Refused):
        return refused(str(error))
    if isinstance(error, requests.exceptions.SSLError):
        reason = "The receiver's certificate could not be verified."
    elif trip.bytes_left <= 0:
        return failed("The receiver sent more than is read.", may_retry=False)
    elif trip.clock() >= trip.ends or isinstance(error, requests.exceptions.Timeout):
        reason = "The receiver did not answer in time."
    else:
        reason = "The receiver could not be reached."
    return failed(reason, may_retry=True)

"""A network that exists in the test only: names, a record of every connect, and TLS receivers."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.216.34"
HOST = "hooks.example.org"
URL = f"https://{HOST}/in"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Script = Callable[[ssl.SSLSocket], None]


def says(*pieces: bytes) -> Script:
    """A receiver that sends each piece in a record of its own."""

    def script(sock: ssl.SSLSocket) -> None:
        for piece in pieces:
            sock.sendall(piece)

    return script


def words(text: str) -> list[str]:
    return text.split()


@dataclass
class Network:
    """What names lead to, what was looked up and connected to, and who answers there.

    A list of answers is used up one by one; the last one stays.
    """

    answers: list[list[str]] = field(default_factory=lambda: [[PUBLIC]])
    scripts: list[Script] = field(default_factory=lambda: [says(OK)])
    lookups: list[str] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    server: ssl.SSLContext | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.lookups.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [entry(address, port) for address in answer]

    def dial(self, family: Any, address: Any, *, seconds: float) -> socket.socket:
        """Stands in for `guard.dial`: one end of a pair of sockets, a receiver at the other."""
        self.connects.append(address[0])
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        thread = threading.Thread(target=self._serve, args=(theirs, script), daemon=True)
        self._threads.append(thread)
        thread.start()
        ours.settimeout(seconds)
        return ours

    def _serve(self, sock: socket.socket, script: Script) -> None:
        assert self.server
        sock.settimeout(20)
        with sock, suppress(OSError), self.server.wrap_socket(sock, server_side=True) as tls:
            self.requests.append(_request(tls))
            script(tls)

    def settle(self) -> None:
        """Waits until every receiver has noticed that nobody listens any more."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


def entry(address: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    rest = (0, 0) if family == socket.AF_INET6 else ()
    return (family, socket.SOCK_STREAM, 6, "", (address, port, *rest))


def _request(sock: ssl.SSLSocket) -> bytes:
    """One whole request, its length by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := sock.recv(65536)):
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    while missing > 0 and (piece := sock.recv(missing)):
        data += piece
        missing -= len(piece)
    return data


def certificate(folder: Path, *names: str) -> Path:
    """A file with a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = folder / f"{names[0]}.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    return path

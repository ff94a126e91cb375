"""The network of these tests, and one message to send over it."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.services.outgoing import guard, https
from runbook.services.outgoing.message import Message
from tests.services.outgoing.network import HOST, Network, certificate

SERVICES = (HOST, "*.example.org", "hooks.slack.com", "discord.com", "*.westeurope.logic.azure.com")


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that our side trusts."""
    return certificate(tmp_path_factory.mktemp("known"), *SERVICES)


@pytest.fixture(scope="session")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the same names that our side does not trust."""
    return certificate(tmp_path_factory.mktemp("unknown"), *SERVICES)


@pytest.fixture
def message() -> Message:
    return Message(
        key="run-1:7:ana",
        title="Contoso: the wait is over",
        body="Attempt 2 may start.",
        url="https://runbook.example.org/runs/1/",
        kind="retry_due",
    )


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, known: Path) -> Iterator[Network]:
    """Names and receivers of the test's own; the guard and the transport are the real ones."""
    network = Network(server=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    assert network.server
    network.server.load_cert_chain(known)
    network.server.sni_callback = lambda _, name, __: network.names.append(name)
    client = ssl.create_default_context(cafile=str(known))
    client.sslsocket_class = https._Socket
    monkeypatch.setattr(https, "tls", lambda: client)
    monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
    monkeypatch.setattr(guard, "dial", network.dial)
    yield network
    network.settle()

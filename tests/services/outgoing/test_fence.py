"""Apprise has no way to the network but our door, and no plugin beside those of our table."""

import ast
import inspect
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from runbook.services.outgoing import chat, fence
from runbook.services.outgoing.guard import Refused, Trip
from runbook.services.outgoing.message import End, Message
from tests.services.outgoing.network import HOST, Network

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

ESCAPES: dict[str, Callable[[], Any]] = {
    "a socket": lambda: socket.socket(socket.AF_UNIX),
    "a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=list(ESCAPES))
def test_the_fence_holds(escape: Callable[[], Any]) -> None:
    with fence.only_through_https(), pytest.raises(Refused, match="past its guard"):
        escape()


@pytest.mark.enable_socket
def test_the_fence_holds_before_a_name_is_looked_up() -> None:
    for name in ("localhost", "127.0.0.1"):
        with fence.only_through_https(), pytest.raises(Refused):
            socket.create_connection((name, 9))
        with fence.only_through_https(), pytest.raises(Refused):
            socket.gethostbyname(name)


def test_outside_of_the_fence_all_that_works() -> None:
    with fence.only_through_https(), fence.gate():
        threading.Thread(target=int).start()
    for one in socket.socketpair(socket.AF_UNIX):
        one.close()


@pytest.fixture
def escaping(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A slack plugin with the real requests; the names that it would have looked up."""
    module = sys.modules[chat._class_of(chat.SERVICES["slack"]).__module__]
    monkeypatch.setitem(vars(module), "requests", requests)
    lookups: list[str] = []

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        sys.audit("socket.getaddrinfo", host)
        lookups.append(host)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return lookups


def test_a_plugin_that_gets_past_our_door_meets_the_fence(
    escaping: list[str], message: Message
) -> None:
    sent = chat.send(SLACK, message)

    assert (sent.end, sent.reason, escaping) == (End.REFUSED, fence.PAST_THE_GUARD, [])


def test_without_the_fence_it_would_be_out(
    escaping: list[str], message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "only_through_https", fence.gate)
    chat.send(SLACK, message)

    assert escaping == ["hooks.slack.com"]


def test_plugins_have_no_way_out_but_during_a_message() -> None:
    plugin = chat._plugin(SLACK)

    with pytest.raises(Refused):
        plugin.notify(title="a", body="b")


def test_files_are_never_sent(network: Network) -> None:
    token = chat._trip.set(Trip())
    with pytest.raises(Refused):
        chat._request("POST", f"https://{HOST}/", files={"a": b"b"})
    chat._trip.reset(token)

    assert network.connects == []


def test_only_plugins_of_the_table_are_loaded() -> None:
    for service in chat.SERVICES.values():
        chat._class_of(service)
    loaded = {name for name in sys.modules if name.startswith("apprise.plugins.")}
    known = {f"apprise.plugins.{service.module}" for service in chat.SERVICES.values()}

    assert loaded - known <= {
        "apprise.plugins.base",
        "apprise.plugins.matrix",
        "apprise.plugins.matrix.e2ee",
    }
    for name in known:
        assert vars(sys.modules[name])["requests"] is chat._STAND_IN


def test_no_plugin_of_the_table_uses_threads_or_sockets_by_itself() -> None:
    for service in chat.SERVICES.values():
        module = sys.modules[chat._class_of(service).__module__]
        imported = {
            part
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for part in [getattr(node, "module", ""), *(name.name for name in node.names)]
        }
        assert not imported & {"threading", "concurrent.futures", "socket", "asyncio", "subprocess"}

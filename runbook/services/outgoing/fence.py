"""A fence around code that we did not write: while it runs, our transport is its only way out."""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from runbook.services.outgoing.guard import Refused

PAST_THE_GUARD = "A part of this product tried to reach the network past its guard."

_closed: ContextVar[bool] = ContextVar("outgoing_fence", default=False)
_WATCHED = (
    *("socket.", "subprocess.", "_thread."),
    *("os.system", "os.exec", "os.posix_spawn", "os.fork"),
)


def _watch(
    event: str,
    _: tuple[Any, ...],
    *,
    # Bound here, because hooks still run while the interpreter takes this module apart.
    watched: tuple[str, ...] = _WATCHED,
    closed: ContextVar[bool] = _closed,
) -> None:
    if event.startswith(watched) and closed.get():
        raise Refused(PAST_THE_GUARD)


@functools.cache
def _install() -> None:
    # An audit hook sees every socket of the interpreter, whichever library opens it and however it
    # came by the function, and what it raises stops the act. It can never be taken out again.
    sys.addaudithook(_watch)


@contextmanager
def only_through_https() -> Iterator[None]:
    """Inside, on this thread, sockets and programs can be used by `https` only.

    A thread that is started inside stands outside. Newer Pythons tell of it, so there it fails too;
    a test sees to it that no plugin of ours starts any.
    """
    _install()
    token = _closed.set(True)
    try:
        yield
    finally:
        _closed.reset(token)


@contextmanager
def gate() -> Iterator[None]:
    """Around our own transport, inside the fence."""
    token = _closed.set(False)
    try:
        yield
    finally:
        _closed.reset(token)

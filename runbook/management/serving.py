"""A server in a fresh process for the benchmarks, so that its memory is its own from the start."""

import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import uvicorn
from django.conf import settings

_SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def served(
    urls: str, *, database: str, changed: dict[str, Any]
) -> Iterator[tuple[tuple[str, int], int]]:
    """Address and process of the application with these addresses, database and settings."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        given = {**changed, "ROOT_URLCONF": urls}
        process = _SPAWN.Process(target=_serve, args=(listener, database, given), daemon=True)
        process.start()
        try:
            yield listener.getsockname(), process.pid or 0
        finally:
            process.terminate()
            process.join(10)


def _serve(listener: socket.socket, database: str, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from runbook.asgi import application  # noqa: PLC0415 - takes a configured Django

    config = uvicorn.Config(
        application, log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    uvicorn.Server(config).run(sockets=[listener])

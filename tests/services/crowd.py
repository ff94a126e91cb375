"""Several people who act at the same moment, each on a database connection of their own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(deeds: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each deed gave or raised; all of them start when the last one is ready."""
    ready = threading.Barrier(len(deeds))
    results: list[T | Exception | None] = [None] * len(deeds)

    def run(place: int, deed: Callable[[], T]) -> None:
        connection.ensure_connection()
        ready.wait(timeout=30)
        try:
            results[place] = deed()
        except Exception as problem:
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return [result for result in results if result is not None]

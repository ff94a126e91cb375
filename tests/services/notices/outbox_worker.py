"""A worker that is killed at a chosen place of its way; started by the tests of the outbox.

It says on its standard output what it has done, and then waits to be killed.
"""

import json
import os
import signal
import sys
from datetime import datetime
from typing import Any, NoReturn

from tests.services.crash_worker import aloud, set_up


def stop_here(text: str) -> NoReturn:
    aloud(text)
    while True:
        signal.pause()


def main() -> None:
    order = json.loads(sys.argv[1])
    set_up(order["place"], careless=False)
    from runbook.services import outgoing, reminders  # noqa: PLC0415 - after the set-up

    def before(to: Any, message: Any, *, now: datetime) -> NoReturn:
        stop_here(f"claimed {message.key}")

    def after(to: Any, message: Any, *, now: datetime) -> NoReturn:
        stop_here(f"sent {message.key}")

    outgoing.send = {"before": before, "after": after}[order["at"]]
    reminders.tick(datetime.fromisoformat(order["now"]))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    main()

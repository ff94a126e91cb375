"""The worker: a thread inside `serve`, or a process of its own with `remind_due --loop`.

It reminds and sends every two seconds, tidies each hour, and once a day does the nightly duties, in a
second thread: checking many runs takes minutes, and reminders must not wait for it.
"""

import logging
import signal
import threading
from datetime import datetime, timedelta
from types import FrameType

from django.db import close_old_connections
from django.utils import timezone

from runbook.services import files, nightly, reminders

logger = logging.getLogger(__name__)

SECONDS = 2.0
_LONGEST_PAUSE = 60.0
#: How often what uploads left behind is taken away.
TIDY_EVERY = timedelta(hours=1)
#: How often a worker asks whether the duties of the day are done.
ASK_EVERY = timedelta(minutes=10)


class Worker:
    """Ticks until it is stopped. A tick that fails is logged, and the next one comes later."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.memory = reminders.Memory()
        self._tidied: datetime | None = None
        self._asked: datetime | None = None
        self._night: threading.Thread | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.run, name="reminders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, within: float = 5.0) -> None:
        """Ends after the message that is on its way. One that takes longer is sent again later."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def stop_on_signals(self) -> None:
        """For a process of its own: what asks it to end ends it between two messages."""

        def stop(number: int, frame: FrameType | None) -> None:
            self._over.set()

        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, stop)

    def run(self) -> None:
        pause = self.seconds
        while not self._over.wait(pause):
            try:
                self.tick()
                self.begin_night()
                pause = self.seconds
            except Exception:
                logger.exception("The reminders' worker failed; it goes on.")
                pause = min(pause * 2, _LONGEST_PAUSE)

    def tick(self) -> reminders.Done:
        now = timezone.now()
        try:
            if self._tidied is None or now - self._tidied > TIDY_EVERY:
                self._tidied = now
                files.tidy(now)
            return reminders.tick(
                now,
                clock=timezone.now,
                memory=self.memory,
                is_over=self._over.is_set,
            )
        finally:
            close_old_connections()

    def begin_night(self) -> None:
        """Starts the duties of the day beside the reminders, unless they are under way.

        Whoever stops the worker need not wait for them: each does its work in whole transactions,
        and what is missing is done later.
        """
        now = timezone.now()
        if self._night is not None and self._night.is_alive():
            return
        if self._asked is None or now - self._asked >= ASK_EVERY:
            self._asked = now
            self._night = threading.Thread(target=do_nightly_duties, name="nightly", daemon=True)
            self._night.start()


def do_nightly_duties() -> list[str]:
    """What nobody did yet today; the names of what was done. A failure is logged, and shown."""
    try:
        return nightly.work(timezone.now)
    except Exception:
        logger.exception("The nightly duties could not be looked at; they are tried again.")
        return []
    finally:
        close_old_connections()

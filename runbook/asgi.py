"""Entry point for uvicorn: Django under WSGI, which costs less per request than Django's own ASGI.

Live updates are answered beside it: a stream open for minutes would hold one of Django's threads.

Only a serving process imports this, so here the engine is warmed up: a thread compiles the signatures
of all packs, about a second, while pages are answered already. No management command pays for it, and
a diagnosis that comes sooner only compiles what it needs itself.
"""

from threading import Thread
from typing import Any, cast

from a2wsgi import WSGIMiddleware

from runbook.domain.diagnosis.engine import warm_up
from runbook.library import packs
from runbook.live import PREFIX, LiveUpdates, Message, Receive, Send
from runbook.web.whole_bodies import WholeBodies
from runbook.wsgi import application as django_application

# Four threads: on SQLite more of them only queue for the one writer. The middleware closes
# WebSockets as well, which nothing here speaks. None of the threads waits for a slow upload.
pages: Any = WholeBodies(cast(Any, WSGIMiddleware(cast(Any, django_application), workers=4)))
updates = LiveUpdates(django_application)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Sends each request where it belongs."""
    if scope["type"] == "lifespan":
        await updates.lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await updates(scope, receive, send)
    else:
        await pages(scope, receive, send)


def _warm_up() -> None:
    for pack in packs().values():
        warm_up(pack)


Thread(target=_warm_up, name="warm-up", daemon=True).start()

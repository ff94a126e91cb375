"""Entry point for uvicorn: Django under WSGI, which costs less per request than Django's own ASGI."""

from typing import Any, cast

from a2wsgi import WSGIMiddleware

from runbook.wsgi import application as django_application

# Four threads: on SQLite more of them only queue for the one writer. The middleware answers the
# server's lifespan messages as well and closes WebSockets, which nothing here speaks.
application = WSGIMiddleware(cast(Any, django_application), workers=4)

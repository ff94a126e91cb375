"""Who may watch: the site itself is asked, at the watched page's own `watch/` address.

So sessions, their ages, roles and whatever a later page decides hold for streams without a second
copy of the rule. A page lets people watch by having a view at `watch/` that answers with `run`,
`seq`, `who` (an opaque name), `name` (what others see; empty for somebody who only reads) and
`member`.
"""

import io
import json
import uuid
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.http import parse_cookie

Site = Callable[..., Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]
#: What is true of the site's short answer and not of a stream.
_NOT_OF_A_STREAM = frozenset({b"content-length", b"content-type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody who may watch a run: a member by their session, or whoever the site lets in."""

    run: uuid.UUID
    who: str
    name: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the site said: the watcher with the run's newest event, or its refusal as it is."""

    status: int
    headers: Headers
    body: bytes = b""
    watcher: Watcher | None = None
    seq: int = 0


def who_watches(scope: MutableMapping[str, Any], *, site: Site) -> Answer:
    """Asks the site; blocks, so it belongs into a thread."""
    path = scope["path"].removeprefix("/live") + "watch/"
    environ = cast(
        dict[str, Any], build_environ(cast(Any, {**scope, "path": path}), cast(Any, io.BytesIO()))
    )
    status, headers, body = _asked(site, environ)
    if status == 302:  # to the sign-in page, which is no answer to a script
        return Answer(status=403, headers=headers, body=b"Sign in first.")
    if status != 200:
        return Answer(status=status, headers=headers, body=body)
    said = json.loads(body)
    cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
    watcher = Watcher(
        run=uuid.UUID(said["run"]),
        who=said["who"],
        name=said["name"],
        session=cookies.get(settings.SESSION_COOKIE_NAME, "") if said["member"] else "",
    )
    kept = [(name, value) for name, value in headers if name not in _NOT_OF_A_STREAM]
    return Answer(status=200, headers=kept, watcher=watcher, seq=said["seq"])


def _asked(site: Site, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], problem: Any = None) -> None:
        told.append((status, headers))

    parts = site(environ, start)
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()  # ends the request: its connection goes back
    status, headers = told[-1]
    encoded = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    return int(status.split(" ", 1)[0]), encoded, body

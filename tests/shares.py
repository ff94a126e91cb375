"""Share links for tests, made and opened the way people do it."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from runbook.domain.vocabulary import LinkScope
from runbook.models import Run, ShareLink, User
from runbook.services import sharing
from runbook.services.sharing import Wanted
from tests.factories import act


def make_link(
    run: Run,
    maker: User,
    now: datetime,
    *,
    scope: LinkScope = LinkScope.READ,
    profile: str = "public",
    label: str = "The vendor",
    **more: Any,
) -> tuple[ShareLink, str]:
    """A link and its token."""
    wanted = Wanted(label=label, scope=scope, profile=profile, **more)
    _, token = sharing.create_link(run_id=run.pk, act=act(maker, now=now), wanted=wanted)
    return ShareLink.objects.get(digest=sharing.digest_of(token)), token


def open_it(token: str, client: Client | None = None, **more: Any) -> Client:
    """A browser that sent the code."""
    client = client or Client()
    client.post(reverse("open-link"), {"code": token}, **more)
    return client


def page_of(link: ShareLink, name: str = "shared-run", *args: Any) -> str:
    return reverse(name, args=[link.handle, *args])


def without_tokens(content: bytes) -> str:
    """A page without what differs each time: the masked CSRF tokens."""
    parts = content.decode().split('name="csrfmiddlewaretoken" value="')
    page = parts[0] + "".join(part[part.index('"') :] for part in parts[1:])
    head, _, rest = page.partition('"X-CSRFToken": "')
    return head + rest[rest.index('"') :] if rest else page

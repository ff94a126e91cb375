"""A sign-in service that the tests play themselves, and an owner of the installation."""

from collections.abc import Callable
from typing import Any

import pytest

from runbook.models import User
from runbook.web.adapters import SocialAccountAdapter
from tests.web.accounts.service import CLIENT, ISSUER, SECRET, PlayedService


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> PlayedService:
    """The service, configured here; its tokens are signed with a real key."""
    app = {
        "provider_id": "oidc",
        "name": "Contoso",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": ISSUER, "issuer": ISSUER},
    }
    providers = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"] | {"APPS": [app]}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": providers}
    played = PlayedService()
    monkeypatch.setattr(SocialAccountAdapter, "get_requests_session", lambda adapter: played)
    return played


@pytest.fixture
def owner(make_user: Callable[[str], User]) -> User:
    """Olga, who owns the installation."""
    olga = make_user("olga")
    olga.is_staff = True
    olga.save()
    return olga

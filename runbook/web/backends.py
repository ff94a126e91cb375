"""Who a password belongs to: looked up by username and address, and hashed once either way."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.http import HttpRequest

from runbook.models import User


class AccountBackend(AuthenticationBackend):
    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        # allauth tries a known address twice and an unknown one once, so that the time an answer
        # takes would tell which addresses have an account.
        typed = str(credentials.get("email") or credentials.get("username") or "")
        by_address = filter_users_by_email(typed, prefer_verified=True, for_login=True)
        found = dict.fromkeys([*by_address, get_user_by_username(typed)])
        for user in filter(None, found):
            if self._check_password(user, credentials["password"]):
                return user
        return None

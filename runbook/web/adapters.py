"""What we tell allauth about our accounts."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # A stranger who finds the address must not be able to make an account; the set-up page
        # makes the first one.
        return False

    def is_safe_url(self, url: str | None) -> bool:
        # allauth's own check crashes on an address that no parser can read, and lets another
        # service on localhost pass as this site.
        return url_has_allowed_host_and_scheme(
            url,
            allowed_hosts={context.request.get_host()},
            require_https=context.request.is_secure(),
        )

"""What we tell allauth about our accounts."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # A stranger who finds the address must not be able to make an account; the set-up page
        # makes the first one.
        return False

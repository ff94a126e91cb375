"""What we tell allauth about accounts, second factors and sign-in through other services."""

import base64
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme

from runbook.models import User
from runbook.services import accounts, invitations
from runbook.web import joining

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # A stranger who finds the address must not be able to make an account; the set-up page
        # makes the first one, invitations the others.
        return False

    def is_safe_url(self, url: str | None) -> bool:
        # allauth's own check crashes on an address that no parser can read, and lets another
        # service on localhost pass as this site.
        return url_has_allowed_host_and_scheme(
            url,
            allowed_hosts={context.request.get_host()},
            require_https=context.request.is_secure(),
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        # A link in a mail leads to the configured site, whatever host the request named.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.SITE_URL}{path.replace('UID-KEY', key)}"

    def send_mail(self, template_prefix: str, *to_and_context: Any) -> None:
        """Send, and never answer differently because the mail server did not."""
        email, given = to_and_context
        try:
            super().send_mail(template_prefix, email, {**given, "site_url": settings.SITE_URL})
        except OSError:  # SMTPException is one
            logger.exception("The mail %s could not be sent.", template_prefix)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # One count for an account, by whichever of its names somebody tries it. allauth puts the
        # host of the request into the key as well; each port would then have a count of its own.
        email, username = (str(credentials.get(name) or "") for name in ("email", "username"))
        user = None if email else get_user_by_username(username)
        user = user or next(iter(filter_users_by_email(email or username)), None)
        return f"account {user.pk}" if user else f"typed {(email or username).strip().lower()}"


class SecondFactorAdapter(DefaultMFAAdapter):
    def _get_site_name(self) -> str:
        return f"Upgrade Runbook ({settings.SITE.hostname})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # Passkeys belong to the configured site, not to the name in the request.
        return {"id": settings.SITE.hostname or "localhost", "name": self._get_site_name()}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's name
        # "Master key" and "Backup key" say nothing about which is which.
        return f"Added {timezone.now():%d %B %Y}"

    # Whoever reads the database must not be able to make codes.
    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # After a change of SECRET_KEY: a secret that nobody has, so that no code fits.
            logger.warning("The secret of a second factor cannot be read with this SECRET_KEY.")
            return str(generate_totp_secret())


def _box() -> Fernet:
    key = salted_hmac("runbook.second-factor", "", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def list_apps(self, *args: Any, **kwargs: Any) -> list[Any]:
        # From the environment alone: a row in a table must not open another way in.
        return [app for app in super().list_apps(*args, **kwargs) if app.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse somebody unknown whose address belongs to an account, whoever vouches for it."""
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        addresses = [address.email for address in sociallogin.email_addresses]
        if any(accounts.address_is_taken(address) for address in addresses):
            page = {"provider": sociallogin.provider}
            response = render(request, "socialaccount/address_known.html", page, status=403)
            raise ImmediateHttpResponse(response)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return settings.OIDC_OPEN or joining.invitation(request) is not None

    def populate_user(self, request: HttpRequest, *login_and_data: Any) -> User:
        user: User = super().populate_user(request, *login_and_data)
        _, data = login_and_data
        user.email = user.email.lower()
        user.display_name = str(data.get("name") or "")[:150]
        return user

    def save_user(self, request: HttpRequest, *login: Any, **form: Any) -> User:
        """The account and the seat it was invited to come together or not at all."""
        with transaction.atomic():
            user: User = super().save_user(request, *login, **form)
            invitation = joining.invitation(request)
            if invitation is not None:
                try:
                    invitations.accept(invitation, user=user, now=timezone.now())
                except invitations.InvitationRefused as refusal:
                    raise PermissionDenied(str(refusal)) from refusal
        joining.forget(request)
        return user

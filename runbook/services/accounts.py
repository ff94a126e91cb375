"""Accounts: making the first one with the code from the terminal; changing and closing one."""

import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import connection, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from runbook.models import User
from runbook.services import outbox, sessions, teams, timeline
from runbook.services.teams import By

# The code lives in the shared cache: every process sees it on both databases, and a table of its
# own would stay empty for ever after the first account. It is kept as a keyed hash, so reading the
# database does not reveal it.
_CODE_KEY = "set-up:code"
_WRONG_KEY = "set-up:wrong-codes"
_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no letters that look like digits
WRONG_CODES_ALLOWED = 10
WRONG_CODES_FORGOTTEN_AFTER = 15 * 60


class SetUpRefused(Exception):
    """The first account was not made; the text says why and what to do."""


class AlreadySetUp(SetUpRefused):
    pass


class TooManyWrongCodes(SetUpRefused):
    pass


class WrongCode(SetUpRefused):
    pass


def needs_set_up() -> bool:
    return not User.objects.exists()


def new_set_up_code() -> str:
    """A fresh code for the person who started the server; the one before stops working."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    cache.set(_CODE_KEY, _digest(letters), timeout=None)
    cache.delete(_WRONG_KEY)
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def create_first_account(
    *, code: str, username: str, email: str, password: str, display_name: str = ""
) -> User:
    """Make the only account that needs no invitation, or raise SetUpRefused.

    Of two people who hold the code and post at the same moment exactly one gets an account. A wrong
    code is counted in the same transaction, which commits although the call fails.
    """
    with transaction.atomic():
        _one_at_a_time()
        refusal = _refusal(code)
        if refusal is None:
            cache.delete_many([_CODE_KEY, _WRONG_KEY])
            return User.objects.create_user(
                username=username,
                email=email,
                password=password,
                display_name=display_name,
                is_staff=True,  # whoever sets the installation up owns it
            )
    raise refusal


def address_is_taken(email: str) -> bool:
    """Whether an account has this address, in whatever case it was typed."""
    return (
        User.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email).exists()
    )


def change_profile(user: User, *, display_name: str, time_zone: str, now: datetime) -> None:
    User.objects.filter(pk=user.pk).update(display_name=display_name, time_zone=time_zone)
    # Quiet hours are meant in the person's zone, also for what waits already.
    outbox.reschedule(User.objects.get(pk=user.pk), now=now)


def change_address(user: User, email: str) -> bool:
    """Give the account a new address; False if another account has it by now."""
    with transaction.atomic():
        if address_is_taken(email):
            return False
        EmailAddress.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).update(email=email)
    return True


def close_account(user: User, *, heir: User | None = None, by: By | None = None) -> None:
    """Keep the person out from the next request on. What they did stays on record under their name.

    Raises StillLeading while runs go on that only this person could lead; `heir` leads them from
    now on, on record, if `by` says who decided that.
    """

    def close() -> None:
        # Locked first: who is being closed cannot become somebody's heir at the same moment.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if heir is not None and by is not None:
            teams.hand_leads_over(user, heir=heir, by=by)
        teams.check_leads_nothing(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        # Else the old sessions would live again once the account is opened again.
        sessions.end_all(user)

    timeline.patiently(close)


def open_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=True)


def _refusal(code: str) -> SetUpRefused | None:
    if not needs_set_up():
        return AlreadySetUp("Somebody has finished the set-up in the meantime. Please sign in.")
    wrong = cache.get(_WRONG_KEY, 0)
    if wrong >= WRONG_CODES_ALLOWED:
        return TooManyWrongCodes(
            "Too many wrong codes. Wait 15 minutes, or restart the server to get a new code."
        )
    if constant_time_compare(cache.get(_CODE_KEY, ""), _digest(code)):
        return None
    cache.set(_WRONG_KEY, wrong + 1, timeout=WRONG_CODES_FORGOTTEN_AFTER)
    return WrongCode(
        "This is not the code of the running server. It is printed in the terminal "
        "each time the server starts."
    )


def _one_at_a_time() -> None:
    """Let a second set-up wait here until the first has committed."""
    # SQLite needs nothing: its transactions take the one write lock when they begin. On PostgreSQL
    # an empty table has no row to lock.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {User._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _digest(code: str) -> str:
    # People retype the code, so case, blanks and hyphens do not count.
    letters = "".join(sign for sign in code.upper() if sign.isalnum())
    return salted_hmac("runbook.set-up", letters, algorithm="sha256").hexdigest()

"""Mail: whether it can leave the house, and one letter to try it."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from runbook.services import outgoing
from runbook.services.doctor.finding import Check, Finding, Visit, bad, fine, warn
from runbook.services.outgoing.message import End, Message

_INNER = {"localhost", "127.0.0.1", "::1"}


def _mail(visit: Visit) -> Iterator[Finding]:
    backend = settings.EMAIL_BACKEND
    if backend.endswith("console.EmailBackend"):
        yield warn(
            "Mail goes to the terminal: nobody gets a reminder, an invitation or a new password.",
            "Set EMAIL_HOST and what belongs to it, then try doctor --send-mail ADDRESS.",
        )
        return
    if not backend.endswith("smtp.EmailBackend"):
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if not encrypted and settings.EMAIL_HOST not in _INNER:
        yield warn(
            f"Mail goes to {server} in clear.",
            "Set EMAIL_PORT to 587 or 465, where the product encrypts.",
        )
    else:
        yield fine(f"Mail goes out through {server}.")
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    if domain in _INNER:
        yield warn(
            f"Mail is sent as {settings.DEFAULT_FROM_EMAIL}, which most servers refuse.",
            "Set DEFAULT_FROM_EMAIL to an address that the mail server may send from.",
        )


def send_test_mail(address: str, *, now: datetime) -> Finding:
    """Sends one mail and says how that ended."""
    letter = Message(
        key=f"doctor/{now.isoformat()}",
        title="Upgrade Runbook: mail works",
        body="The doctor of your installation sent this to try the way. Nothing is to be done.",
        url=settings.SITE_URL,
        kind="test",
    )
    end = outgoing.send(address, letter, now=now)
    if end.end is End.SENT:
        return fine(f"The mail server took a test mail to {address}; look whether it arrives.")
    return bad(
        f"The test mail to {address} was not sent. {end.reason}",
        "Look at EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.",
    )


CHECKS: tuple[Check, ...] = (_mail,)

"""One mail by Django's mail backend, in plain text."""

import hashlib
import smtplib

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from runbook.services.outgoing.message import SENT, Message, Sent, failed, refused


def send(address: str, message: Message) -> Sent:
    """Sends one mail. A repeat has the same Message-ID, so a mailbox can tell it."""
    try:
        validate_email(address)
    except ValidationError:
        return refused("That is no mail address.")
    mail = EmailMessage(
        subject=message.headline,
        body=f"{message.body}\n\n{message.url}\n",
        to=[address],
        headers=_headers(message.key),
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        final = bool(codes) and all(code >= 500 for code in codes)
        return failed("The mail server refused the receiver.", may_retry=not final)
    except (smtplib.SMTPException, OSError):
        return failed("The mail server could not be reached or refused.", may_retry=True)
    return SENT


def _headers(key: str) -> dict[str, str]:
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return {
        "Message-ID": f"<{digest}@{settings.SITE.hostname or 'localhost'}>",
        "X-Entity-Ref-ID": digest,  # some mailboxes show two mails with one of these once
        "Auto-Submitted": "auto-generated",  # so that no absence note comes back
    }

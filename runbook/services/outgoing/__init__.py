"""Sending one message to one receiver, safely. What is sent when, and again, the outbox knows."""

from datetime import datetime

from runbook.models import Channel
from runbook.services.outgoing import chat, mail, vault, webhook
from runbook.services.outgoing.message import Message, Sent, refused
from runbook.services.outgoing.vault import Unreadable


def send(to: Channel | str, message: Message, *, now: datetime) -> Sent:
    """Sends a message to a channel or to a mail address; what goes wrong outside is a value.

    Takes up to ten seconds, so no transaction may be open and no row locked meanwhile.
    """
    if isinstance(to, str):
        return mail.send(to, message)
    try:
        address = vault.decrypt(to.address)
        secret = vault.decrypt(to.secret) if to.secret else ""
    except Unreadable as trouble:
        return refused(str(trouble))
    if to.kind == Channel.Kind.WEBHOOK:
        return webhook.send(address, message, secret=secret, now=now)
    return chat.send(address, message)


def check_address(kind: str, address: str) -> str | None:
    """What is wrong with an address of a channel, as a sentence for the form."""
    if kind == Channel.Kind.WEBHOOK:
        return webhook.check_address(address)
    return chat.check_address(address)

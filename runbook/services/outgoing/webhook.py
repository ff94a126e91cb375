"""Webhooks: a signed JSON body to an address of the receiver's own.

The signature is HMAC-SHA-256 over `timestamp.body`. A receiver computes it again, compares in
constant time, refuses timestamps older than five minutes, and knows repeats by the event id.
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime

from urllib3.exceptions import HTTPError

from runbook.services.outgoing import guard, https
from runbook.services.outgoing.guard import Refused, Trip
from runbook.services.outgoing.message import Message, Sent, refused

KEY_ID = "Runbook-Key-Id"
TIMESTAMP = "Runbook-Timestamp"
EVENT_ID = "Runbook-Event-Id"
SIGNATURE = "Runbook-Signature"


def new_secret() -> str:
    """A secret to sign with; the receiver needs it as well."""
    return secrets.token_urlsafe(32)


def key_id(secret: str) -> str:
    """Names a secret without giving it away, so that a receiver with two knows which was used."""
    return hmac.new(secret.encode(), b"key id", hashlib.sha256).hexdigest()[:16]


def signature(secret: str, body: bytes, *, timestamp: str) -> str:
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def check_address(url: str) -> str | None:
    """What is wrong with an address, as a sentence for the form; it is not connected to."""
    return guard.fault_of_url(url, guard.limits())


def send(
    address: str, message: Message, *, secret: str, now: datetime, trip: Trip | None = None
) -> Sent:
    """Posts one message; each try has its own timestamp, a repeat keeps its event id."""
    trip = trip or Trip()
    if not secret:
        return refused("This webhook has no secret to sign with. Make a new one.")
    if fault := guard.fault_of_url(address, trip.limits):
        return refused(fault)
    body = body_of(message)
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        KEY_ID: key_id(secret),
        TIMESTAMP: timestamp,
        EVENT_ID: message.key,
        SIGNATURE: f"sha256={signature(secret, body, timestamp=timestamp)}",
    }
    try:
        with https.Door(trip, reads=False) as door:  # the status says all
            return https.end_of(door.post(address, data=body, headers=headers).status_code)
    except (Refused, OSError, ValueError, HTTPError) as error:
        return https.end_of_trouble(trip, error)


def body_of(message: Message) -> bytes:
    """The JSON that is signed and sent."""
    fields = {
        "id": message.key,
        "kind": message.kind,
        "title": message.headline,
        "body": message.body,
        "url": message.url,
    }
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")

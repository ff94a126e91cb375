"""What a receiver of our webhooks does with each request: the sample of the README, as code."""

import hashlib
import hmac
from collections.abc import Mapping

WINDOW = 5 * 60


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """True if the body was signed with the secret within the last five minutes."""
    timestamp = headers["Runbook-Timestamp"]
    if not timestamp.isdigit() or abs(now - int(timestamp)) > WINDOW:
        return False
    signed = timestamp.encode() + b"." + body
    expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers["Runbook-Signature"])

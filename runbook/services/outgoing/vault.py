"""Addresses and secrets at rest: encrypted with a key that is not in the database."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

#: Parts these keys from every other use of the same secret.
_PURPOSE = b"upgrade-runbook outgoing addresses 1"


class Unreadable(Exception):
    """A stored value cannot be decrypted; the text says what to do."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(kept: str) -> str:
    """The text of a stored value; Unreadable if the keys of this installation do not open it."""
    try:
        return _keys().decrypt(kept.encode()).decode()
    except (InvalidToken, ValueError):
        raise Unreadable(
            "The stored address or secret cannot be read with the keys of this installation."
            " Enter it again."
        ) from None


def renew(kept: str) -> str:
    """The same text under today's key, so that an older one can go; Unreadable like `decrypt`."""
    return encrypt(decrypt(kept))


def _keys() -> MultiFernet:
    """The first key encrypts, all of them decrypt: those of the key file, then the secret keys."""
    secrets = [
        *settings.OUTGOING_KEYS,
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
    ]
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))

"""The key that signs heads: its file, its place in the register, its successor.

The file holds a secret text, and the key comes from its hash; so it is made, mounted and kept like
the secret key of the product. It lies outside the database and its backups. Every key begins with a
statement in the journal that it signs itself and the key before it endorses, if that one is at hand.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import transaction

from runbook.domain import heads
from runbook.domain.errors import DomainError
from runbook.domain.heads import KeyStatement
from runbook.domain.journal import EntryType
from runbook.models import Head, SigningKey
from runbook.services import journal
from runbook.services.journal import Place
from runbook.settings import kept_secret

_SHORTEST = 43  # 256 bits in base64


class NoKey(DomainError):
    """Nothing can be signed; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key that counts now, with its private half."""

    row: SigningKey
    private: Ed25519PrivateKey

    def sign(self, tag: str, text: str) -> str:
        """The signature over a tagged text, in hex."""
        return self.private.sign(heads.message(tag, text)).hex()


def current(*, now: datetime) -> Key:
    """The key that signs; the first one is put into the register. Runs inside a transaction."""
    if not SigningKey.objects.exists():
        journal.locked()  # of two that come first together, one registers
    if not SigningKey.objects.exists():
        _register(_of_file(may_create=True), before=None, now=now)
    return present()


def present() -> Key:
    """As `current`, and writes nothing."""
    row = SigningKey.objects.filter(valid_to=None).first()
    if row is None:
        raise NoKey("No key was registered yet.")
    private = _of_file(may_create=False)
    if public_of(private).hex() != row.public:
        waiting = _read(_next())
        if waiting is None or public_of(waiting).hex() != row.public:
            raise NoKey(
                f"The file {_path()} holds another key than the register. Put the right file back, "
                "or run rotate_signing_key."
            )
        _next().replace(_path())  # a rotation that was cut off after its commit
        private = waiting
    return Key(row=row, private=private)


def rotate(*, now: datetime) -> SigningKey:
    """Makes a new key. The old one endorses it if its file is at hand, and then it is gone."""
    path = _next()
    path.unlink(missing_ok=True)
    with transaction.atomic():
        before = SigningKey.objects.select_for_update().filter(valid_to=None).first()
        old = _read(_path())
        if before is None or old is None or public_of(old).hex() != before.public:
            old = None
        row = _register(_from(path, may_create=True), before=before, old=old, now=now)
    path.replace(_path())
    return row


def _register(
    private: Ed25519PrivateKey,
    *,
    before: SigningKey | None,
    now: datetime,
    old: Ed25519PrivateKey | None = None,
) -> SigningKey:
    public = public_of(private)
    since = now

    def body(place: Place) -> dict[str, Any]:
        nonlocal since
        since = _after_last_use(before, at=place.at)
        text = heads.statement_text(
            KeyStatement(
                instance=place.instance,
                public=public,
                since=since,
                after=bytes.fromhex(before.public) if before else None,
                seq=place.seq,
            )
        )
        message = heads.message(heads.KEY_TAG, text)
        return {
            "statement": json.loads(text),
            "signature": private.sign(message).hex(),
            "endorsement": old.sign(message).hex() if old else None,
        }

    kind = EntryType.KEY_ROTATED if before else EntryType.KEY_ADDED
    entry = journal.append(kind, body, now=now)
    if before is not None:
        before.valid_to = entry.seq
        before.save(update_fields=["valid_to"])
    return SigningKey.objects.create(
        key_id=heads.key_id(public), public=public.hex(), created=since, valid_from=entry.seq
    )


def _after_last_use(before: SigningKey | None, *, at: datetime) -> datetime:
    """The moment, or a little later if the key before it was still in use then."""
    if before is None:
        return at
    last = Head.objects.filter(key=before).order_by("-at").first()
    used = max(before.created, last.at) if last else before.created
    return max(at, used + timedelta(microseconds=1))


def is_signed(public: str, *, signature: str, tag: str, text: str) -> bool:
    """Whether the private half of a public key signed the tagged text."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), heads.message(tag, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def statements(*, until: datetime | None = None) -> list[dict[str, Any]]:
    """What each key said when it began, oldest first; those up to a moment."""
    found = [
        json.loads(entry.body)
        for entry in journal.entries(EntryType.KEY_ADDED, EntryType.KEY_ROTATED)
    ]
    if until is None:
        return found
    return [each for each in found if datetime.fromisoformat(each["statement"]["from"]) <= until]


def problems() -> list[str]:
    """What is wrong with the key, its file and its register; empty if nothing is."""
    found = []
    if SigningKey.objects.exists():
        try:
            present()
        except NoKey as trouble:
            found.append(trouble.sentence)
    path = _path()
    if path.exists() and path.stat().st_mode & 0o077:
        found.append(f"Others than its owner can read {path}; run chmod 600 on it.")
    said = [each["statement"] for each in statements()]
    rows = SigningKey.objects.order_by("valid_from")
    if [(row.key_id, row.public) for row in rows] != [(s["key_id"], s["public"]) for s in said]:
        found.append("The register of keys differs from what the journal says about keys.")
    return found


def public_of(private: Ed25519PrivateKey) -> bytes:
    """The public half, 32 bytes."""
    return private.public_key().public_bytes_raw()


def _path() -> Path:
    return Path(settings.SIGNING_KEY_FILE)


def _next() -> Path:
    return _path().with_name(f"{_path().name}.next")


def _of_file(*, may_create: bool) -> Ed25519PrivateKey:
    return _from(_path(), may_create=may_create and _may_create())


def _may_create() -> bool:
    """With https only where the operator said so, or where nobody else can look anyway."""
    folder = _path().parent
    private = not folder.exists() or not folder.stat().st_mode & 0o077
    return bool(settings.SIGNING_KEY_NAMED) or private


def _from(path: Path, *, may_create: bool) -> Ed25519PrivateKey:
    try:
        secret = kept_secret(path, may_create=may_create)
    except OSError as problem:
        raise NoKey(f"The file {path} cannot be read: {problem.strerror}.") from problem
    if len(secret) < _SHORTEST:
        raise NoKey(
            f"The file {path} with the signing key is missing or too short. Put it back, or run "
            "rotate_signing_key."
        )
    seed = hashlib.sha256(b"uwlog.signing-key.v1\x00" + secret.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def _read(path: Path) -> Ed25519PrivateKey | None:
    try:
        return _from(path, may_create=False)
    except NoKey:
        return None

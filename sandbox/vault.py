"""Encryption of sensitive settings at rest, and keyed hashes; `changes` uses it.

The key derives from the shop's session key. A value that another key wrote reads as unknown.
"""

# ruff: noqa: PLC0415 - what is not needed to start is imported where it is used.

from __future__ import annotations

import base64
import hashlib
import hmac


def key(secret: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose."""
    return hmac.new(secret, f"sandbox:{purpose}".encode(), hashlib.sha256).digest()


def encrypt(secret: bytes, plain: str) -> str:
    """Return what is stored for a secret; an empty one stays empty."""
    if not plain:
        return ""
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(key(secret, "vault"))).encrypt(plain.encode()).decode()


def decrypt(secret: bytes, stored: str) -> str | None:
    """Return the secret, None when this key cannot read it."""
    if not stored:
        return ""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        box = Fernet(base64.urlsafe_b64encode(key(secret, "vault")))
        return box.decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def fingerprint(secret: bytes, value: str | None) -> str:
    """Return a keyed hash, so that a short secret cannot be guessed from the manifest."""
    if value is None:
        return "inherit"
    return hmac.new(key(secret, "manifest"), value.encode(), hashlib.sha256).hexdigest()[:32]


def public_fingerprint(uid: str, value: str) -> str:
    """Return what tells two secrets apart without telling either; whose shop it is is the key."""
    if not value:
        return ""
    return hmac.new(uid.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]

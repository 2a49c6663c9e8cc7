"""Envelope encryption: each secret under a data key of its own, that key under the platform's.

The registry's vault stores what `seal` returns. AES-256-GCM throughout; what a secret is for is
authenticated with it, so that a row copied to another place cannot be opened there.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A secret as it is stored; base64 text."""

    key_id: str
    """Which key-encryption key wraps the data key."""
    wrapped_key: str
    sealed: str


class UnknownKeyError(Exception):
    """The key-encryption key that a secret needs is not among those given, or not the same."""


class Sealer:
    """Seals with the first key and opens with any; each is 32 bytes or more of entropy."""

    def __init__(self, keys: Sequence[str]) -> None:
        # A key may be given as any text: its digest has the length that AES wants.
        derived = [hashlib.sha256(b"storectl/kek/" + key.encode()).digest() for key in keys]
        self._keys = {hashlib.sha256(key).hexdigest()[:12]: key for key in derived}
        self.current = next(iter(self._keys))

    def seal(self, secret: str, purpose: str) -> Sealed:
        """Seal a secret under a fresh data key."""
        data_key = AESGCM.generate_key(bit_length=256)
        return Sealed(
            key_id=self.current,
            wrapped_key=_encrypt(self._keys[self.current], data_key, purpose),
            sealed=_encrypt(data_key, secret.encode(), purpose),
        )

    def open(self, sealed: Sealed, purpose: str) -> str:
        """The secret; raises UnknownKeyError."""
        return _decrypt(self._data_key(sealed, purpose), sealed.sealed, purpose).decode()

    def rewrap(self, sealed: Sealed, purpose: str) -> Sealed:
        """The same secret with its data key under the first key; the secret itself stays closed."""
        data_key = self._data_key(sealed, purpose)
        wrapped = _encrypt(self._keys[self.current], data_key, purpose)
        return replace(sealed, key_id=self.current, wrapped_key=wrapped)

    def _data_key(self, sealed: Sealed, purpose: str) -> bytes:
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise UnknownKeyError(sealed.key_id)
        return _decrypt(key, sealed.wrapped_key, purpose)

    def __repr__(self) -> str:
        """Never a key."""
        return "Sealer(…)"


def fingerprint(secret: str, shop: str) -> str:
    """Sixteen hexadecimal digits that a shop tells of a secret it holds, without the secret.

    The Bridge computes the same: HMAC-SHA-256 of the secret, keyed with the shop's instance uid.
    """
    return hmac.new(shop.encode(), secret.encode(), hashlib.sha256).hexdigest()[:16]


def _encrypt(key: bytes, plain: bytes, purpose: str) -> str:
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())).decode()


def _decrypt(key: bytes, text: str, purpose: str) -> bytes:
    raw = base64.b64decode(text)
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
    except InvalidTag as error:
        raise UnknownKeyError("the key does not fit") from error

"""Secrets that derive from the master key: nothing to store, nothing to lose between two steps.

A derived secret is the same on every retry, so a worker that died leaves no orphaned key. Access
tokens of stacks, one-time codes and cookies are made so; `bootstrap` hands the one keyring out.
"""

import hashlib
import hmac
from functools import lru_cache


class Keyring:
    """HMAC-SHA-256 of a purpose and a subject under the master key."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) < 32:
            raise ValueError("the master key needs at least 32 bytes")
        self._key = master_key
        # Every look at a store asks for the same ones again.
        self.derive = lru_cache(maxsize=16_384)(self._derive)

    def _derive(self, purpose: str, subject: str = "") -> str:
        """64 hexadecimal digits for this purpose and subject."""
        # The lengths keep ("ab", "c") and ("a", "bc") apart.
        message = f"{len(purpose)}:{purpose}:{subject}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        """Never the key."""
        return "Keyring(…)"

"""How a shop's mails leave: the relay that it hands them to, and what a test mail showed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

PASSWORD = "smtp.password"  # noqa: S105 -- its name in the vault.


HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.:-]*[a-z0-9])?")
"""A name or address, as far as a letter can tell; whether a server is there a test mail tells."""
_TLS_PORT = 465


class Encryption(StrEnum):
    """When the connection to a relay is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    """After the first words, before anything is said that matters."""
    TLS = "tls"
    """From the beginning."""


def usual_encryption(port: object) -> Encryption:
    """What servers do at a port (RFC 8314)."""
    return Encryption.TLS if port == _TLS_PORT else Encryption.STARTTLS


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A mail server that takes a shop's mails; without a host there is none, and none are sent."""

    host: str = ""
    port: int = 587
    encryption: Encryption = Encryption.STARTTLS
    username: str = ""
    sender: str = ""
    """The address in From; empty is the store's contact."""
    password: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """What a proof is of: another relay, password or sender wants another one."""
        parts = (self.host, self.port, self.encryption, self.username, self.sender, self.password)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]

    def __str__(self) -> str:
        """As people name it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class MailProof:
    """What became of the newest test mail."""

    digest: str
    at: datetime
    error: str = ""
    """Nothing when the relay took it, else its own words."""


def relay_to_json(relay: Relay | None) -> dict[str, Any] | None:
    """The form of a specification; a password is never in it."""
    if relay is None:
        return None
    return {
        "host": relay.host,
        "port": relay.port,
        "encryption": str(relay.encryption),
        "username": relay.username or None,
        "from": relay.sender or None,
    }


def relay_from_json(data: Mapping[str, Any] | None) -> Relay | None:
    """The inverse."""
    if data is None:
        return None
    return Relay(
        host=data["host"],
        port=data["port"],
        encryption=Encryption(data["encryption"]),
        username=data["username"] or "",
        sender=data["from"] or "",
    )

"""What every engine can do: say what to run, and speak with the running shop.

The reconciler calls this and never learns which shop software it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from controller.domain.stack import Stack
from controller.domain.store import Store
from provisioners.base import Release


@dataclass(frozen=True, kw_only=True)
class ShopSeen:
    """What a running shop says about one store."""

    uid: str
    """The stack it believes to be: checked before anything is written."""
    bound: bool
    """Whether the store's website and languages are there as wanted."""
    revision: int
    checksum: str
    """The shop's own digest of the settings that we wrote, as they are now."""
    drift: tuple[str, ...]
    """Settings that were changed behind our back."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """The outcome of writing settings."""

    checksum: str
    changed: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A test purchase that went through and was cancelled."""

    total: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class LoginLink:
    """A link that opens the shop's administration once."""

    url: str
    expires_at: datetime


class Shop(Protocol):
    """A running shop, seen on behalf of one store.

    Every method raises ShopUnreachableError when it does not answer, WrongShopError when another
    shop does, SettingsRefusedError when its own validation refuses.
    """

    @property
    def digest(self) -> str:
        """Of the settings that the store wants."""

    def look(self) -> ShopSeen:
        """What is true now."""

    def bind(self) -> int:
        """Make the website and its languages; return how many languages there are."""

    def configure(self) -> Written:
        """Write the settings, all or none."""

    def prove_selling(self) -> Proof:
        """Buy something as a guest and cancel it; raises CannotSellError naming the stage."""

    def login_link(self) -> LoginLink:
        """Make a one-time link to the administration."""

    def close(self) -> None:
        """Close the connection."""


class Engine(Protocol):
    """One shop software."""

    name: str
    version: str
    website: str
    """The code of the website that a dedicated store is."""

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that a stack needs before it starts."""

    def release(self, stack: Stack) -> Release:
        """What the driver is to run."""

    def ready(self, endpoint: str) -> None:
        """Return when a shop answers there; raises TransientError or WrongShopError."""

    def shop(self, endpoint: str, store: Store, secrets: Mapping[str, str]) -> Shop:
        """The running shop on behalf of a store."""

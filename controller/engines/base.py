"""What every engine can do: say what to run, and speak with the running shop.

The reconciler calls this and never learns which shop software it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from controller.domain.clusters import ClusterSpec
from controller.domain.mail import Relay
from controller.domain.orders import Order, OrderPage, OrderQuery, Parcel, Recorded, Shipment, Track
from controller.domain.rates import Rate
from controller.domain.stack import Stack
from controller.domain.store import Store
from controller.engines.abilities import Abilities
from controller.engines.beside import Beside
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
    """The shop's own digest of the settings that were written last."""
    drift: tuple[str, ...]
    """Settings that were changed behind our back, as `scope|code|path`."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """The shop's own checks that fail, by name, each with what it says."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """The outcome of writing settings."""

    checksum: str
    changed: int
    count: int
    extras: tuple[str, ...] = ()
    """What was written beside the settings."""


def path_of(key: str) -> str:
    """The path of a setting that is named `scope|code|path`."""
    return key.rpartition("|")[2]


class Standing(StrEnum):
    """How a field or one of its settings stands in the shop."""

    SAME = "same"
    DIFFERS = "differs"
    """Not written yet."""
    DRIFTED = "drifted"
    """It was as wanted and was changed in the shop since."""
    LOCKED = "locked"
    """The shop's environment fixes another value: it cannot be written."""
    MISSING = "missing"
    """The shop does not have it."""


@dataclass(frozen=True, kw_only=True)
class ComparedSetting:
    """One setting as wanted and as the shop has it; of secrets both are fingerprints."""

    key: str
    """`scope|code|path`."""
    desired: str
    actual: str | None
    standing: Standing
    origin: str
    """Where the shop's value comes from: `database`, `inherited`, `environment`, `unknown`."""
    secret: bool


@dataclass(frozen=True, kw_only=True)
class ComparedField:
    """One field of the specification as wanted and as the shop has it, both as the API's JSON."""

    field: str
    desired: Any
    actual: Any
    standing: Standing
    origin: str
    settings: tuple[ComparedSetting, ...]
    secret: bool = False
    readable: bool = True
    """Whether `actual` says in the API's words what the shop has."""


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


class Orders(Protocol):
    """The orders of a running shop.

    Every method raises what `Shop` raises, and OrderNotFoundError for a number that is not there.
    """

    def page(self, query: OrderQuery) -> OrderPage:
        """Orders, newest first."""

    def get(self, number: str) -> Order:
        """One order with its shipments, by the number that people see."""

    def shipments(self, number: str) -> tuple[Shipment, ...]:
        """What was sent of an order, oldest first."""

    def ship(self, number: str, parcel: Parcel, before: Callable[[], None]) -> Recorded:
        """Record a shipment; the same parcel again changes nothing.

        `before` is called once it is certain that something will be written.
        """

    def track(
        self, number: str, shipment_id: str, track: Track, before: Callable[[], None]
    ) -> Recorded:
        """Add a parcel's number to a shipment; one that is there already changes nothing."""


class Shop(Protocol):
    """A running shop, seen on behalf of one store.

    Every method raises ShopUnreachableError when it does not answer, WrongShopError when another
    shop does, SettingsRefusedError when its own validation refuses, CapabilityMissingError when it
    lacks what the store wants and SecretMissingError when nobody gave what it needs for it.
    """

    @property
    def digest(self) -> str:
        """Of the settings that the store wants."""

    def look(self) -> ShopSeen:
        """What is true now."""

    def bind(self) -> int:
        """Make the website and its languages; return how many languages there are."""

    def fields(self, keys: Collection[str]) -> dict[str, str]:
        """The field of each setting that was changed behind our back; unknown ones are missing."""

    def configure(
        self, rates: Sequence[Rate], *, spare: Collection[str] = (), whole: bool = True
    ) -> Written:
        """Write the settings, all or none, and the exchange rates.

        Settings in `spare` that drifted stay as they are, unless they are wanted otherwise than
        when they were last written. Not `whole` writes only what drifted.
        """

    def compare(self) -> tuple[ComparedField, ...]:
        """Every field as wanted and as the shop has it; writes nothing."""

    def prove_selling(self, left: Collection[str] = ()) -> Proof:
        """Buy something as a guest and cancel it; raises CannotSellError naming the stage.

        Fields in `left` were changed in the shop and are left so: they are not judged.
        """

    def prove_mailing(self, recipient: str) -> str:
        """Send a test mail as mails of the shop leave; return why it did not, else nothing."""

    def login_link(self) -> LoginLink:
        """Make a one-time link to the administration."""

    def orders(self) -> Orders:
        """Its orders."""

    def close(self) -> None:
        """Close the connection."""


class Engine(Protocol):
    """One shop software."""

    name: str
    version: str
    """Which one runs where it is no image."""
    image: str
    """What new stacks on clusters run of it; empty when they can run nothing."""
    scalable: bool
    """Whether a shop on a cluster may be larger than the smallest plan, with more web servers."""
    website: str
    """The code of the website that a dedicated store is."""
    languages: Collection[str] | None
    """Codes of the languages that it has texts in; None where its image decides."""

    @property
    def abilities(self) -> Abilities:
        """What it has to choose from: asked before anything is accepted."""

    def secrets(self, derive: Callable[[str], str], built: Mapping[str, Any]) -> dict[str, str]:
        """The secrets that a stack needs before it starts, by name, each of its own form.

        `derive` gives 64 hexadecimal digits for a name, the same on every retry; `built` is what
        was told of the infrastructure around the stack.
        """

    def image_of(self, stack: Stack, cluster: ClusterSpec | None = None) -> str:
        """The image that a stack is to run; empty where none does. Raises ImageMissingError."""

    def release(self, stack: Stack, cluster: ClusterSpec | None = None) -> Release:
        """What the driver is to run, on a cluster where one is given."""

    def given(self, cluster: ClusterSpec) -> Mapping[str, Any]:
        """What releases on a cluster are made of beside their stacks; JSON and comparable."""

    def beside(self, stack: Stack, cluster: ClusterSpec | None = None) -> Beside:
        """What the operator says of a stack beside what is to run."""

    def ready(
        self,
        endpoint: str,
        websites: Mapping[str, str] | None = None,
        *,
        storefront: str = "",
        trust: str = "",
    ) -> None:
        """Return when a shop answers there, for each of its `websites` (hosts with their codes).

        `storefront` is “open” or “closed” where shoppers have to find it so. Certificates of
        `trust` count beside the system's.

        Raises ShopUnreachableError when it gives no answer that could be used, ShopStartingError
        when it says that it is not ready, WrongShopError when it is none.
        """

    def identify(self, endpoint: str, token: str) -> str:
        """The instance uid of a shop that somebody else runs.

        Raises ShopUnreachableError, and WrongShopError when it says none or has no Bridge.
        """

    def shop(
        self,
        endpoint: str,
        store: Store,
        secrets: Mapping[str, str],
        providers: Mapping[str, str],
        addresses: Mapping[str, str],
        relay: Relay | None = None,
        *,
        trust: str = "",
    ) -> Shop:
        """The running shop on behalf of a store.

        `endpoint` is how we reach it, `addresses` are its websites' public ones by their codes.
        `secrets` are its stack's, `providers` those of payment providers and carriers by the names
        of `controller.domain.providers`. Mails go to `relay`; None leaves them as they are.
        """

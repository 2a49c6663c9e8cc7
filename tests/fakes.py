"""A driver and an engine that live in memory, for tests of everything around them.

They keep state and refuse what they were not told: a release without its secrets does not start, a
shop that nobody started does not answer, one that was not configured does not sell.
`tests/integration/test_driver_contract.py` holds the driver to what the real one does.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.domain.clusters import ClusterSpec
from controller.domain.errors.shops import (
    CannotSellError,
    SettingsRefusedError,
    ShopUnreachableError,
    WrongShopError,
)
from controller.domain.mail import Relay
from controller.domain.rates import Rate
from controller.domain.stack import Stack, StackDesired
from controller.domain.store import Store
from controller.engines.abilities import abilities_of
from controller.engines.base import (
    ComparedField,
    ComparedSetting,
    LoginLink,
    Proof,
    ShopSeen,
    Standing,
    Written,
)
from controller.engines.beside import Beside, beside
from controller.engines.values import PlatformValues
from provisioners.base import (
    Backup,
    DriverFailure,
    Filling,
    Finding,
    Happening,
    LogQuery,
    Reason,
    Release,
    ReleaseState,
    ReleaseStatus,
    Replicas,
)
from tests.fake_orders import FakeOrders, Ledger


@dataclass
class Held:
    """Everything that is there for one name; the shop's own data is part of it."""

    endpoint: str | None = None
    secrets: dict[str, str] | None = None
    release: Release | None = None
    """What was applied last."""
    runs: Release | None = None
    """What runs now."""
    killed: bool = False
    """Whether it ended by itself."""
    log: list[str] = field(default_factory=list)
    views: tuple[str, ...] = ()
    replicas: int = 1
    config: str = ""
    revision: int = 0
    orders: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    rate: str = ""
    """The flat rate that was written last."""
    drift: dict[str, str] = field(default_factory=dict)
    """Settings that somebody changed in the shop, with what they are now."""


FIELDS = {
    "default||carriers/flatrate/price": "shipping.flatRate",
    "default||general/country/default": "country",
}
"""The settings that can be changed in the shop, with their fields."""


class FakeDriver:
    """`Driver` of `provisioners.base` without processes."""

    name = "fake"
    engines = ("fake",)
    scalable = True
    restarts = True
    wakes = False

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.queries: list[LogQuery] = []
        self.findings: tuple[Finding, ...] = ()
        self.full: dict[str, tuple[Filling, ...]] = {}
        self.unseen: dict[str, str] = {}
        """Why autoscalers know no figures, by their releases' names."""
        self._lock = threading.RLock()
        self._faults: dict[str, list[Exception]] = {}

    def fail(self, method: str, *errors: Exception) -> None:
        """Let the next calls of a method end in these errors, one each."""
        self._faults.setdefault(method, []).extend(errors)

    def clear(self) -> None:
        """Begin anew with an empty place."""
        self.findings = ()
        self.full.clear()
        self.unseen.clear()
        self.held.clear()
        self._faults.clear()

    def lose(self, name: str) -> None:
        """Let the process die by itself."""
        with self._lock:
            self.held[name].runs = None
            self.held[name].killed = True

    @contextmanager
    def _entered(self, method: str, name: str) -> Iterator[Held | None]:
        if not name.isalnum():
            raise DriverFailure("bad_name", f"not a release's name: {name!r}", transient=False)
        with self._lock:
            if faults := self._faults.get(method):
                raise faults.pop(0)
            yield self.held.get(name)

    def ping(self) -> str:
        with self._entered("ping", "a"):
            return "1"

    def survey(self) -> tuple[Finding, ...]:
        with self._entered("survey", "a"):
            return self.findings

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> None:
        with self._entered("apply_secrets", name):
            self.held.setdefault(name, Held()).secrets = dict(secrets)

    def has_secrets(self, name: str, secrets: Mapping[str, str]) -> bool:
        with self._entered("has_secrets", name) as held:
            return held is not None and held.secrets == dict(secrets)

    def try_image(self, name: str, image: str) -> None:
        with self._entered("try_image", name):
            if image.endswith(":missing"):
                raise DriverFailure("image_unpullable", f"{image}: not found", transient=False)

    def handed(self, name: str) -> Mapping[str, str]:
        return {}

    def scale(self, name: str, replicas: Replicas) -> int:
        with self._entered("scale", name) as held:
            if held is None or held.runs is None:
                raise DriverFailure("not_running", "there is nothing to scale")
            held.replicas = min(max(replicas.now or held.replicas, replicas.min), replicas.max)
            return held.replicas

    def why(self, name: str) -> tuple[Reason, ...]:
        return ()

    def blind(self, name: str) -> str:
        return self.unseen.get(name, "")

    def filling(self, name: str) -> tuple[Filling, ...]:
        return self.full.get(name, ())

    def happened(self, name: str) -> tuple[Happening, ...]:
        return ()

    def strangers(self, name: str) -> tuple[str, ...]:
        return ()

    def apply(self, release: Release) -> ReleaseStatus:
        with self._entered("apply", release.name) as held:
            if held is None or held.secrets is None:
                raise DriverFailure("no_secrets", "the release has no secrets")
            held.endpoint = held.endpoint or f"fake://{release.name}"
            held.release = held.runs = release
            held.killed = False
            held.log.append(f"started {release.digest}")
            return ReleaseStatus(state=ReleaseState.PENDING, endpoint=held.endpoint)

    def status(self, release: Release) -> ReleaseStatus:
        with self._entered("status", release.name) as held:
            if held is None or held.release is None:
                return ReleaseStatus(state=ReleaseState.ABSENT)
            if held.runs is None:
                state = ReleaseState.FAILED if held.killed else ReleaseState.STOPPED
            elif held.runs.digest == release.digest:
                state = ReleaseState.CURRENT
            else:
                state = ReleaseState.OUTDATED
            return ReleaseStatus(state=state, endpoint=held.endpoint)

    def backups(self, name: str) -> tuple[Backup, ...]:
        raise DriverFailure("no_backups", "none are made", transient=False)

    def back_up(self, name: str, run: str) -> Backup:
        raise DriverFailure("no_backups", "none are made", transient=False)

    def loaded(self, name: str) -> bool:
        return False

    def leaving(self, name: str) -> tuple[str, ...]:
        return ()

    def writers(self, name: str) -> tuple[str, ...]:
        return ()

    def stop(self, name: str) -> None:
        with self._entered("stop", name) as held:
            if held is not None:
                held.killed = False
            if held is not None and held.runs is not None:
                held.runs = None
                held.log.append("stopped")

    def delete(self, name: str) -> None:
        with self._entered("delete", name):
            self.held.pop(name, None)

    def inventory(self, name: str) -> tuple[str, ...]:
        with self._entered("inventory", name) as held:
            if held is None:
                return ()
            parts = {
                "process": held.runs,
                "file secrets": held.secrets,
                "file release": held.release,
                "directory": held,
            }
            return tuple(part for part, there in parts.items() if there is not None)

    def names(self) -> set[str]:
        with self._lock:
            return set(self.held)

    def logs(self, name: str, query: LogQuery) -> list[str]:
        with self._entered("logs", name) as held:
            self.queries.append(query)
            return held.log[-query.tail :] if held and query.tail else []

    def follow(self, name: str, query: LogQuery) -> Iterator[str]:
        whole = replace(query, tail=1_000_000)
        position = len(self.logs(name, whole))
        while True:
            lines = self.logs(name, whole)
            yield from lines[position:]
            position = len(lines)
            yield ""

    def stop_all(self) -> None:
        for name in self.names():
            self.stop(name)


class FakeClusterDriver(FakeDriver):
    """The driver of a cluster: what runs there is not at home here and outlives its driver."""

    name = "helm"
    restarts = False
    wakes = True

    def __init__(self) -> None:
        super().__init__()
        self.reasons: tuple[Reason, ...] = ()
        """What `why` answers of every release."""
        self.happenings: tuple[Happening, ...] = ()
        self.others: tuple[str, ...] = ()
        """What somebody else put beside every release."""
        self.unready = ""
        """What of every release is not ready."""
        self.load: ReleaseState | None = None
        """How every release stands into which a backup is loaded; None: as any other."""
        self.copies: dict[str, list[Backup]] = {}
        """The backups of each release, the newest first."""
        self.made: dict[str, Backup] = {}
        """The backup of each run."""
        self.writing: tuple[str, ...] = ()
        """What of every release still writes its data."""
        self.ending: tuple[str, ...] = ()
        """Pods that may still answer visitors."""
        self.jobs_done = True
        """Whether the jobs that load a backup get through."""

    def status(self, release: Release) -> ReleaseStatus:
        found = super().status(release)
        loads = release.values.get("restore", {}).get("load", False)
        if self.load is not None and loads and found.state is ReleaseState.CURRENT:
            return replace(found, state=self.load)
        if not self.unready or found.state is not ReleaseState.CURRENT:
            return found
        return replace(found, state=ReleaseState.PENDING, detail=self.unready)

    def why(self, name: str) -> tuple[Reason, ...]:
        with self._entered("why", name):
            return self.reasons

    def happened(self, name: str) -> tuple[Happening, ...]:
        with self._entered("happened", name):
            return self.happenings

    def strangers(self, name: str) -> tuple[str, ...]:
        with self._entered("strangers", name):
            return self.others

    def backups(self, name: str) -> tuple[Backup, ...]:
        with self._entered("backups", name):
            return tuple(self.copies.get(name, ()))

    def back_up(self, name: str, run: str) -> Backup:
        with self._entered("back_up", name):
            copies = self.copies.setdefault(name, [])
            if run not in self.made:
                made = Backup(name=f"20261130T03{len(copies):02d}00Z", size=1000, version="1")
                self.made[run] = made
                copies.insert(0, made)
            return self.made[run]

    def loaded(self, name: str) -> bool:
        with self._entered("loaded", name):
            return self.jobs_done

    def leaving(self, name: str) -> tuple[str, ...]:
        with self._entered("leaving", name):
            return self.ending

    def writers(self, name: str) -> tuple[str, ...]:
        with self._entered("writers", name):
            return self.writing

    def clear(self) -> None:
        super().clear()
        self.copies.clear()
        self.made.clear()
        self.writing, self.jobs_done, self.load = (), True, None
        self.ending = ()
        self.reasons, self.happenings, self.others, self.unready = (), (), (), ""

    def stop_all(self) -> None:
        """What runs there goes on."""


BAD = "bad-value"
"""With this among its values no shop answers."""


class FakeEngine:
    """`Engine` of `engines.base` whose shops live in a FakeDriver."""

    version = "1"
    website = "base"
    abilities = abilities_of("magento")
    scalable = True
    languages: Collection[str] | None = None

    def __init__(self, driver: FakeDriver, *, name: str = "fake", image: str = "") -> None:
        self.name = name
        self.image = image
        self.saves = True
        """Whether the chart makes backups."""
        self._driver = driver
        self.trusted = ""
        """The certificates that counted beside the system's at the last look."""
        self.silent = False
        """Whether no shop is reached."""
        self.barred: Exception | None = None
        """What is in the way to every shop."""
        self.relays: dict[str, Relay | None] = {}
        """Where the mails of each store were to go."""
        self.mail_refusal = ""
        """What every relay says to a test mail."""
        self.mailed: list[str] = []
        """To whom test mails went."""
        self.addresses: dict[str, dict[str, str]] = {}
        """The public addresses that each store was to have, by its name."""
        self.refuses: str | None = None
        """What every shop says when it is configured, as if its validation refused."""

    def secrets(
        self,
        derive: Callable[[str], str],
        built: Mapping[str, Any],
    ) -> dict[str, str]:
        return {name: derive(name) for name in ("access_token", "session_key")}

    def image_of(self, stack: Stack, cluster: ClusterSpec | None = None) -> str:
        return (stack.spec.image or self.image) if cluster else ""

    def release(self, stack: Stack, cluster: ClusterSpec | None = None) -> Release:
        closed = stack.desired is StackDesired.CLOSED
        image = self.image_of(stack, cluster)
        values: dict[str, Any] = {
            "storefront": "closed" if closed else "open",
            "image": image,
            "backup": {"enabled": self.saves},
            **({"given": stack.spec.given or self.given(cluster)} if cluster else {}),
        }
        if stack.spec.restore is not None:
            values["restore"] = vars(stack.spec.restore)
        return Release(name=stack.uid, chart="fake", version=stack.version, values=values)

    def given(self, cluster: ClusterSpec) -> Mapping[str, Any]:
        return {"values": json.loads(json.dumps(dict(cluster.values)))}

    def beside(self, stack: Stack, cluster: ClusterSpec | None = None) -> Beside:
        return beside(PlatformValues().over(cluster, stack.spec.plan)) if cluster else Beside()

    def ready(
        self,
        endpoint: str,
        websites: Mapping[str, str] | None = None,
        *,
        storefront: str = "",
        trust: str = "",
    ) -> None:
        self.trusted = trust
        if self.barred is not None:
            raise self.barred
        held = self._driver.held.get(endpoint.removeprefix("fake://"))
        if held is None or held.runs is None or self.silent:
            raise ShopUnreachableError(detail="no whole answer in 2 s")
        if BAD in str(held.runs.values):
            raise ShopUnreachableError(detail="what it was given is bad")

    def identify(self, endpoint: str, token: str) -> str:
        held = self._driver.held.get(endpoint.removeprefix("fake://"))
        if held is None or held.runs is None:
            raise ShopUnreachableError(detail="connection refused")
        return held.runs.name

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
    ) -> "FakeShop":
        self.addresses[store.spec.slug] = dict(addresses)
        self.relays[store.spec.slug] = relay
        return FakeShop(self._driver, self, endpoint, store, secrets, providers)


class FakeShop:
    """`Shop` of `engines.base`: what a running release in the driver says and does."""

    def __init__(
        self,
        driver: FakeDriver,
        engine: FakeEngine,
        endpoint: str,
        store: Store,
        secrets: Mapping[str, str],
        providers: Mapping[str, str],
    ) -> None:
        self._driver = driver
        self._engine = engine
        self._endpoint = endpoint
        self._store = store
        self._secrets = dict(secrets)
        spec = store.spec
        told = (spec.display_name, spec.commerce, spec.locales, spec.timezone, sorted(providers))
        wanted = repr(told)
        self._digest = hashlib.sha256(wanted.encode()).hexdigest()

    @property
    def digest(self) -> str:
        return self._digest

    def _running(self) -> Held:
        held = self._driver.held.get(self._endpoint.removeprefix("fake://"))
        if held is None or held.runs is None:
            raise ShopUnreachableError(detail="connection refused")
        if held.runs.name != self._store.stack:
            raise WrongShopError(endpoint=self._endpoint)
        if held.secrets != self._secrets:
            raise SettingsRefusedError(detail="the access token is wrong")
        return held

    def look(self) -> ShopSeen:
        held = self._running()
        return ShopSeen(
            uid=self._store.stack,
            bound=held.views == self._store.spec.locales,
            revision=held.revision,
            checksum=held.config,
            drift=tuple(held.drift),
        )

    def bind(self) -> int:
        self._running().views = self._store.spec.locales
        return len(self._store.spec.locales)

    def fields(self, keys: Collection[str]) -> dict[str, str]:
        return {key: FIELDS[key] for key in keys if key in FIELDS}

    def configure(
        self,
        rates: Sequence[Rate],
        *,
        spare: Collection[str] = (),
        whole: bool = True,
    ) -> Written:
        held = self._running()
        if self._engine.refuses is not None:
            raise SettingsRefusedError(detail=self._engine.refuses)
        if held.views != self._store.spec.locales:
            raise SettingsRefusedError(detail="a language has no view")
        held.revision = max(held.revision + 1, self._store.generation)
        rate = str(self._store.spec.commerce.shipping.flat_rate)
        # What is wanted otherwise than it was written last is written over what was changed.
        spared = spare if held.rate == rate else ()
        held.drift = {key: held.drift[key] for key in held.drift if key in spared}
        held.rate = rate
        if whole:
            held.config = f"checksum of {self._digest}"
        return Written(checksum=held.config, changed=1, count=1)

    def compare(self) -> tuple[ComparedField, ...]:
        held = self._running()
        rate = str(self._store.spec.commerce.shipping.flat_rate)
        key = "default||carriers/flatrate/price"
        actual = held.drift.get(key, rate)
        setting = ComparedSetting(
            key=key,
            desired=rate,
            actual=actual,
            standing=Standing.DRIFTED if key in held.drift else Standing.SAME,
            origin="database",
            secret=False,
        )
        return (
            ComparedField(
                field="shipping.flatRate",
                desired=rate,
                actual=actual,
                standing=setting.standing,
                origin="database",
                settings=(setting,),
            ),
        )

    def prove_selling(self, left: Collection[str] = ()) -> Proof:
        held = self._running()
        if held.config != f"checksum of {self._digest}":
            raise CannotSellError(stage="shipping", detail="other settings are in force")
        if held.runs is None or held.runs.values["storefront"] != "open":
            raise CannotSellError(stage="cart", detail="the shop is closed")
        held.orders += 1
        commerce = self._store.spec.commerce
        return Proof(
            total=(commerce.shipping.flat_rate or 0) + 1, currency=commerce.currencies.default
        )

    def prove_mailing(self, recipient: str) -> str:
        self._running()
        self._engine.mailed.append(recipient)
        return self._engine.mail_refusal

    def login_link(self) -> LoginLink:
        self._running()
        end = datetime.now(UTC) + timedelta(minutes=5)
        return LoginLink(url=f"{self._endpoint}/admin?once=1", expires_at=end)

    def orders(self) -> FakeOrders:
        return FakeOrders(self._running)

    def close(self) -> None:
        """Nothing is open."""

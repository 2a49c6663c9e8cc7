"""Everything outside that the reconciler can ask or change: drivers, engines and their secrets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from controller.domain.addresses import addresses
from controller.domain.clusters import IN_CLUSTER, as_given
from controller.domain.errors.shops import HandoverMissingError, StorefrontPendingError
from controller.domain.keyring import Keyring
from controller.domain.mail import PASSWORD, Relay
from controller.domain.providers import gateway_names
from controller.domain.rates import QuoteSet, Rate, missing_rates, pairs, rates_for
from controller.domain.stack import EXTERNAL, Stack, StackDesired
from controller.domain.store import Store, StoreSpec
from controller.engines.base import Engine, Shop
from controller.engines.beside import Beside
from controller.reconciler.cluster_pool import ClusterPool
from controller.reconciler.outcome import from_driver
from controller.reconciler.shortfalls import offered
from controller.reconciler.surroundings import surroundings
from controller.registry.taking import Standing, Taking
from provisioners.base import Builder, Driver, DriverFailure, Infrastructure, Release


@dataclass(frozen=True, kw_only=True)
class World:
    """Engines and drivers by name; `bootstrap.wiring` fills it."""

    engines: Mapping[str, Engine]
    drivers: Mapping[str, Driver]
    keyring: Keyring
    prove_every: float = 3600.0
    """Seconds after which a test purchase is repeated."""
    vault: Callable[[str], Mapping[str, str]] = lambda _: {}
    """The sealed secrets of a subject, `store:<uid>` or `stack:<uid>`."""
    quotes: Callable[[], QuoteSet | None] = lambda: None
    """The exchange rates that are in force."""
    mail: Relay = field(default_factory=Relay)
    """The relay of every shop that has none of its own."""
    test_mails_to: str = ""
    """Who gets the test mails; nobody said is each shop's own contact."""
    taking: Taking | None = None
    """Who may take what was changed of a cluster or the platform; None lets everybody."""
    clusters: ClusterPool = field(default_factory=ClusterPool)
    """The clusters that stacks run on."""

    def engine(self, stack: Stack) -> Engine:
        """The shop software of a stack."""
        return self.engines[stack.engine]

    def driver(self, stack: Stack) -> Driver:
        """The tool that runs a stack, on its cluster if it has one.

        Raises ClusterNotFoundError, VaultClosedError.
        """
        return self.clusters.driver(stack.cluster) if stack.cluster else self.drivers[stack.driver]

    def release(self, stack: Stack) -> Release:
        """What the driver of a stack is to run."""
        cluster = self.clusters.cluster(stack.cluster).spec if stack.cluster else None
        return self.engine(stack).release(stack, cluster)

    def image(self, stack: Stack) -> str:
        """The image that a stack is to run; empty where none does."""
        cluster = self.clusters.cluster(stack.cluster).spec if stack.cluster else None
        return self.engine(stack).image_of(stack, cluster)

    def builder(self, stack: Stack) -> Builder:
        """The tool that builds what a stack on a cluster needs around it.

        Raises ClusterNotFoundError, VaultClosedError.
        """
        return self.clusters.builder(stack.cluster or "")

    def infrastructure(self, stack: Stack) -> Infrastructure | None:
        """What a stack needs around its release; None when it is nothing and never was."""
        if stack.cluster is None:
            return None
        cluster = self.clusters.cluster(stack.cluster).spec
        if stack.spec.given is not None:
            # A changed module or variable comes in its turn, as everything that is changed there.
            cluster = as_given(cluster, stack.spec.given.get("cluster", {}))
        if cluster.infrastructure == IN_CLUSTER and stack.infrastructure is None:
            return None
        ending = stack.desired is StackDesired.PURGED
        return surroundings(stack, cluster, lambda name: self._derived(stack, name), ending=ending)

    def every_driver(self) -> Mapping[tuple[str, str | None], Driver]:
        """Each driver by its name and cluster."""
        found = self.clusters.drivers()
        for name, driver in self.drivers.items():
            found[name, None] = driver
        return found

    def secrets(self, stack: Stack) -> dict[str, str]:
        """The stack's secrets, the same on every retry; those of a stranger's shop were given."""
        if stack.driver == EXTERNAL:
            return dict(self.vault(f"stack:{stack.uid}"))
        built = stack.infrastructure.outputs if stack.infrastructure else {}
        return self.engine(stack).secrets(lambda name: self._derived(stack, name), built)

    def _derived(self, stack: Stack, name: str) -> str:
        return self.keyring.derive(f"stack/{name}", stack.uid)

    def access(self, stack: Stack) -> Mapping[str, str]:
        """The stack's secrets, with those that a shop on a cluster handed over."""
        if stack.cluster is None:
            return self.secrets(stack)
        try:
            return {**self.secrets(stack), **self.driver(stack).handed(stack.uid)}
        except DriverFailure as failure:
            raise from_driver(failure) from failure

    def ask(self, stack: Stack, endpoint: str) -> None:
        """Return when the shop answers as is wanted of the stack; raises StoreControllerError."""
        # Whether it was opened or closed is looked at until it was seen.
        turning = stack.cluster is not None and not stack.settled
        closed = stack.desired is StackDesired.CLOSED
        self.engine(stack).ready(
            endpoint,
            stack.spec.websites if stack.cluster else {},
            storefront=("closed" if closed else "open") if turning else "",
            trust=self.beside(stack).trust,
        )
        # It is closed for all of them when nobody is connected to what was open.
        if turning and closed and self._leaving(stack):
            raise StorefrontPendingError

    def _leaving(self, stack: Stack) -> tuple[str, ...]:
        try:
            return self.driver(stack).leaving(stack.uid)
        except DriverFailure as failure:
            raise from_driver(failure) from failure

    def relay(self, store: Store, stack: Stack) -> Relay | None:
        """Where a shop's mails go: the store's own relay, its plan's, cluster's or the platform's.

        One without a host sends none; None leaves a shop that somebody else runs as it is.
        """
        own = store.spec.mail
        if own is not None:
            return replace(own, password=self.vault(f"store:{store.uid}").get(PASSWORD, ""))
        if stack.driver == EXTERNAL:
            return None
        beside = self.beside(stack)
        if beside.relay is not None and beside.sealed and beside.relay.username:
            password = self.vault(f"cluster:{stack.cluster}").get(PASSWORD, "")
            return replace(beside.relay, password=password)
        return beside.relay or self.mail

    def given(self, stack: Stack) -> Mapping[str, Any] | None:
        """What a stack's release is to be made of beside itself; None on no cluster."""
        if stack.cluster is None:
            return None
        return self.engine(stack).given(self.clusters.cluster(stack.cluster).spec)

    def standing(self, cluster: str) -> Standing:
        """How far the last change of a cluster or the platform got there, by the stores' names."""
        if self.taking is None:
            return Standing()
        spec = self.clusters.cluster(cluster).spec
        engines = self.engines.items()
        found = [self.taking.standing(cluster, name, it.given(spec)) for name, it in engines]
        return Standing(
            well=[name for one in found for name in one.well],
            going=[name for one in found for name in one.going],
            failed=[name for one in found for name in one.failed],
            behind=[name for one in found for name in one.behind],
        )

    def beside(self, stack: Stack) -> Beside:
        """What the operator says of a stack's cluster and plan beside what is to run."""
        cluster = self.clusters.cluster(stack.cluster).spec if stack.cluster else None
        return self.engine(stack).beside(stack, cluster)

    def shop(self, store: Store, stack: Stack) -> Shop:
        """The running shop on behalf of a store; the stack has an endpoint.

        Raises HandoverMissingError until the shop has given its access token.
        """
        needs = any(gateway_names(site) for site in store.spec.websites)
        providers = self.vault(f"store:{store.uid}") if needs else {}
        access = self.access(stack)
        if "access_token" not in access:
            raise HandoverMissingError
        # A currency without a rate is not offered: a shop would sell at an old one, or at 0.
        if lacking := self.missing_rates(store.spec):
            store = replace(store, spec=offered(store.spec, lacking))
        return self.engine(stack).shop(
            stack.endpoint or "",
            store,
            access,
            providers,
            addresses(store.spec, stack),
            self.relay(store, stack),
            trust=self.beside(stack).trust,
        )

    def missing_rates(self, spec: StoreSpec) -> tuple[str, ...]:
        """The pairs of currencies that a store needs and nobody says the rate of."""
        return missing_rates(spec, self.quotes()) if pairs(spec) else ()

    def rates(self, spec: StoreSpec) -> Sequence[Rate]:
        """The exchange rates that a store's shop is to have now."""
        wanted = any(len(site.commerce.currencies.allowed) > 1 for site in spec.websites)
        return rates_for(spec, self.quotes()) if wanted else ()

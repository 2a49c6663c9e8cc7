"""Everything outside that the reconciler can ask or change: drivers, engines and their secrets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controller.domain.keyring import Keyring
from controller.domain.providers import gateway_names
from controller.domain.rates import QuoteSet, Rate, rates_for
from controller.domain.stack import EXTERNAL, Stack
from controller.domain.store import Store, StoreSpec
from controller.engines.base import Engine, Shop
from provisioners.base import Driver


@dataclass(frozen=True, kw_only=True)
class World:
    """Engines and drivers by name; `main` fills it."""

    engines: Mapping[str, Engine]
    drivers: Mapping[str, Driver]
    keyring: Keyring
    prove_every: float = 3600.0
    """Seconds after which a test purchase is repeated."""
    vault: Callable[[str], Mapping[str, str]] = lambda _: {}
    """The sealed secrets of a subject, `store:<uid>` or `stack:<uid>`."""
    quotes: Callable[[], QuoteSet | None] = lambda: None
    """The exchange rates that are in force."""

    def engine(self, stack: Stack) -> Engine:
        """The shop software of a stack."""
        return self.engines[stack.engine]

    def driver(self, stack: Stack) -> Driver:
        """The tool that runs a stack."""
        return self.drivers[stack.driver]

    def secrets(self, stack: Stack) -> dict[str, str]:
        """The stack's secrets, the same on every retry; those of a stranger's shop were given."""
        if stack.driver == EXTERNAL:
            return dict(self.vault(f"stack:{stack.uid}"))
        names = self.engine(stack).secret_names()
        return {name: self.keyring.derive(f"stack/{name}", stack.uid) for name in names}

    def shop(self, store: Store, stack: Stack) -> Shop:
        """The running shop on behalf of a store; the stack has an endpoint."""
        needs = any(gateway_names(site) for site in store.spec.websites)
        providers = self.vault(f"store:{store.uid}") if needs else {}
        return self.engine(stack).shop(stack.endpoint or "", store, self.secrets(stack), providers)

    def rates(self, spec: StoreSpec) -> Sequence[Rate]:
        """The exchange rates that a store's shop is to have now."""
        wanted = any(len(site.commerce.currencies.allowed) > 1 for site in spec.websites)
        return rates_for(spec, self.quotes()) if wanted else ()

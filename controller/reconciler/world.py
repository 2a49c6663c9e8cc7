"""Everything outside that the reconciler can ask or change: drivers, engines and their secrets."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.keyring import Keyring
from controller.domain.stack import Stack
from controller.domain.store import Store
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

    def engine(self, stack: Stack) -> Engine:
        """The shop software of a stack."""
        return self.engines[stack.engine]

    def driver(self, stack: Stack) -> Driver:
        """The tool that runs a stack."""
        return self.drivers[stack.driver]

    def secrets(self, stack: Stack) -> dict[str, str]:
        """The stack's secrets, the same on every retry."""
        names = self.engine(stack).secret_names()
        return {name: self.keyring.derive(f"stack/{name}", stack.uid) for name in names}

    def shop(self, store: Store, stack: Stack) -> Shop:
        """The running shop on behalf of a store; the stack has an endpoint."""
        return self.engine(stack).shop(stack.endpoint or "", store, self.secrets(stack))

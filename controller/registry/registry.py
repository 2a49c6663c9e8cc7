"""The registry as one object: what `bootstrap` makes and everything else is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.domain.keyring import Keyring
from controller.domain.sealing import Sealer
from controller.registry.access import Codes, Tokens
from controller.registry.clock import Clock
from controller.registry.clusters import Clusters
from controller.registry.creating import Limits
from controller.registry.intents import Intents
from controller.registry.journal import Journal
from controller.registry.lease_status import LeaseStatuses
from controller.registry.leases import Queue
from controller.registry.mails import Mails
from controller.registry.operations import Operations
from controller.registry.progress import Progress
from controller.registry.rate_pushes import RatePushes
from controller.registry.rates import Rates
from controller.registry.rollouts import Rollouts
from controller.registry.session import Database
from controller.registry.stores import Stores
from controller.registry.tenants import Tenants
from controller.registry.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Every part of the registry over one database."""

    database: Database
    stores: Stores
    intents: Intents
    operations: Operations
    progress: Progress
    queue: Queue
    lease_statuses: LeaseStatuses
    tenants: Tenants
    journal: Journal
    tokens: Tokens
    codes: Codes
    mails: Mails
    rates: Rates
    rate_pushes: RatePushes
    vault: Vault
    clusters: Clusters
    clock: Clock
    rollouts: Rollouts


def open_registry(
    database: Database,
    keyring: Keyring,
    limits: Limits,
    *,
    codes_per_hour: int = 6,
    vault_keys: Sequence[str] = (),
) -> Registry:
    """The registry over a database that is migrated.

    `vault_keys` seal the secrets, the newest first; the key that derives from the master key opens
    what was sealed before there were any.
    """
    sealer = Sealer((*vault_keys, keyring.derive("vault")))
    vault = Vault(database, sealer)
    return Registry(
        database=database,
        stores=Stores(database),
        intents=Intents(database, limits, vault),
        operations=Operations(database),
        progress=Progress(database),
        queue=Queue(database),
        lease_statuses=LeaseStatuses(database),
        tenants=Tenants(database),
        journal=Journal(database),
        tokens=Tokens(database),
        codes=Codes(database, keyring, per_hour=codes_per_hour),
        mails=Mails(database),
        rates=Rates(database),
        rate_pushes=RatePushes(database),
        vault=vault,
        clusters=Clusters(database, vault),
        clock=Clock(database),
        rollouts=Rollouts(database),
    )

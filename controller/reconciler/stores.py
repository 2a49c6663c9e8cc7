"""A store's reconciliation: what is true of it, which step is next, one class per step."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from controller.commerce.drift import Reaction, adopted, react
from controller.commerce.languages import substitutes
from controller.domain.addresses import addresses
from controller.domain.conditions import Condition, Desired, met, unmet
from controller.domain.errors.base import StoreControllerError
from controller.domain.errors.shops import (
    AdoptionRefusedError,
    CapabilityMissingError,
    SecretMissingError,
    ShopCannotWriteError,
    ShopUnreachableError,
    ShopUnwellError,
)
from controller.domain.errors.stacks import StackNotReadyError
from controller.domain.mail import MailProof, Relay
from controller.domain.notes import Note
from controller.domain.rates import Rate
from controller.domain.stack import Stack
from controller.domain.store import MAILING, AppliedConfig, Store, StoreStatus
from controller.engines.abilities import Abilities
from controller.engines.base import Shop, ShopSeen, Standing, path_of
from controller.reconciler import shortfalls
from controller.reconciler.mailing import mail_due, mailing
from controller.reconciler.outcome import Advanced
from controller.reconciler.world import World

_ASTRAY = 60.0
"""Seconds by which the clocks of two workers may differ."""


@dataclass(frozen=True, kw_only=True)
class StoreSeen:
    """What is true of a store now: its stack's state and what the shop itself says."""

    stack: Stack
    website: str
    abilities: Abilities
    shop: Shop | None = None
    look: ShopSeen | None = None
    unreachable: ShopUnreachableError | None = None
    proof_due: bool = True
    drift: Reaction = field(default_factory=Reaction)
    shortfalls: tuple[Condition, ...] = ()
    """What is wanted and cannot be offered yet, or that it can."""
    rates: Callable[[], Sequence[Rate]] = tuple
    """The exchange rates that the shop is to have, asked for when settings are written."""
    relay: Relay | None = None
    """Where its mails go, where that is ours to say."""
    test_mails_to: str = ""


def observe(store: Store, stack: Stack, world: World) -> StoreSeen:
    """Look; the shop is asked only while its stack is meant to run and answers."""
    engine = world.engine(stack)
    seen = StoreSeen(stack=stack, website=engine.website, abilities=engine.abilities)
    if not stack.settled or not stack.wants_running or stack.endpoint is None:
        return seen
    shop = world.shop(store, stack)
    try:
        look = shop.look()
        drift = _drift(store, shop, look)
    except ShopUnreachableError as error:
        shop.close()
        return replace(seen, unreachable=error)
    return replace(
        seen,
        shop=shop,
        look=look,
        proof_due=_proof_due(store.status, shop.digest, world.prove_every),
        drift=drift,
        shortfalls=(
            *shortfalls.priced(store, world.quotes()),
            *shortfalls.translated(store, engine.languages, engine.abilities.locale),
        ),
        rates=lambda: world.rates(store.spec),
        relay=world.relay(store, stack),
        test_mails_to=world.test_mails_to or store.spec.contact.email or store.owner,
    )


def _drift(store: Store, shop: Shop, look: ShopSeen) -> Reaction:
    """What to do about each setting that was changed in the shop."""
    if not look.drift:
        return Reaction()
    try:
        fields = shop.fields(look.drift)
    except (CapabilityMissingError, SecretMissingError):
        # The whole push that is due anyway says which.
        fields = {}
    return react(store.spec, look.drift, fields)


def _proof_due(status: StoreStatus, digest: str, every: float) -> bool:
    if status.proven_at is None or status.proven_digest != digest:
        return True
    # A proof of a time that is yet to come was dated by a clock that was wrong.
    return not -_ASTRAY <= (datetime.now(UTC) - status.proven_at).total_seconds() <= every


class StoreStep(Protocol):
    """One step of a store."""

    name: str
    condition: str | None
    """The condition that stays unmet while the step does not succeed; None for a wait."""

    def run(self, store: Store, seen: StoreSeen) -> Advanced:
        """Take the step; repeatable. Raises StoreControllerError."""


class AwaitStack:
    """Wait until what it runs on is as wanted; the stack wakes the store then."""

    name = "await-stack"
    condition: str | None = None

    def run(self, store: Store, seen: StoreSeen) -> Advanced:  # noqa: ARG002
        """Nothing can be done here but to say why."""
        raise seen.unreachable or unwell(seen) or StackNotReadyError


class Bind:
    """Make the store's website and languages on the stack."""

    name = "bind"
    condition: str | None = "Bound"

    def run(self, store: Store, seen: StoreSeen) -> Advanced:
        """Through the shop's API."""
        views = _shop(seen).bind()
        nearest = substitutes(store.spec, seen.abilities)
        if nearest:
            return Advanced(
                note=Note.of("BoundNearest", website=seen.website, views=views, languages=nearest)
            )
        return Advanced(note=Note.of("BoundWebsite", website=seen.website, views=views))


class Route:
    """Give the store its public address."""

    name = "route"
    condition: str | None = "Routed"

    def run(self, store: Store, seen: StoreSeen) -> Advanced:
        """On a cluster its host name; a process's own address is the public one."""
        url, sites = seen.stack.url or "", _site_urls(store, seen)
        return Advanced(
            note=Note.of("Routed", url=url),
            change=lambda status: replace(status, url=url, site_urls=sites),
        )


def _site_urls(store: Store, seen: StoreSeen) -> dict[str, str]:
    """Where further websites are reached."""
    found = addresses(store.spec, seen.stack)
    return {site.code: found[site.code] for site in store.spec.sites if site.code in found}


def _routed(store: Store, seen: StoreSeen) -> bool:
    told = (store.status.url, dict(store.status.site_urls))
    return told == (seen.stack.url, _site_urls(store, seen))


class Configure:
    """Write currency, payment, shipping, languages and contact."""

    name = "configure"
    condition: str | None = "Configured"

    def run(self, store: Store, seen: StoreSeen) -> Advanced:
        """All or none, and the shop's own checksum is kept to notice other writers."""
        shop = _shop(seen)
        known = store.status.config
        drift = seen.drift
        if not drift.whole and known is not None and _written(store, seen):
            return _reverted(seen, known, drift.revert, drift.spared)
        # Somebody who asked for a push wants everything back.
        pushed = known is None or not known.checksum
        spare = frozenset[str]() if pushed else drift.spared
        written = shop.configure(seen.rates(), spare=spare)
        applied = AppliedConfig(
            digest=shop.digest, checksum=written.checksum, extras=written.extras
        )
        note = Note.of("SettingsWritten", changed=written.changed, count=written.count)
        return Advanced(note=note, change=lambda status: replace(status, config=applied))


def _reverted(
    seen: StoreSeen, known: AppliedConfig, keys: Iterable[str], spare: Collection[str]
) -> Advanced:
    """Write back what drifted, and nothing else."""
    shop = _shop(seen)
    written = shop.configure((), spare=spare, whole=False)
    applied = replace(known, checksum=written.checksum)
    names = sorted({path_of(key) for key in keys})
    note = Note.of("DriftReverted", fields=", ".join(names))
    return Advanced(note=note, change=lambda status: replace(status, config=applied), tell=True)


class Adopt:
    """Make what was changed in the shop what is wanted, where the policy says so."""

    name = "adopt"
    condition: str | None = "Configured"

    def run(self, store: Store, seen: StoreSeen) -> Advanced:
        """The specification gains the shop's values; raises AdoptionRefusedError."""
        drift = seen.drift
        changed = [
            found
            for found in _shop(seen).compare()
            if found.field in drift.adopted and found.standing is Standing.DRIFTED
        ]
        if not changed and store.status.config is not None:
            # The same in other words, such as 8 for 8.00: nothing is gained by adopting it.
            return _reverted(seen, store.status.config, drift.adopt, drift.warn)
        for found in changed:
            if not found.readable:
                raise AdoptionRefusedError(fields=found.field, detail=str(found.actual)[:300])
        values = {found.field: found.actual for found in changed}
        note = Note.of("Adopted", fields=", ".join(values))
        return Advanced(note=note, spec=adopted(store.spec, values, seen.abilities), tell=True)


class ProveSelling:
    """Let a synthetic shopper buy something."""

    name = "prove-selling"
    condition: str | None = "Selling"

    def run(self, store: Store, seen: StoreSeen) -> Advanced:  # noqa: ARG002
        """A purchase that is cancelled at once."""
        shop = _shop(seen)
        proof = shop.prove_selling(seen.drift.told)
        now = datetime.now(UTC)
        total = f"{proof.total} {proof.currency}"
        return Advanced(
            note=Note.of("Selling", total=total),
            change=lambda status: replace(status, proven_at=now, proven_digest=shop.digest),
        )


class ProveMailing:
    """Have the shop send a test mail."""

    name = "prove-mailing"
    condition: str | None = MAILING

    def run(self, store: Store, seen: StoreSeen) -> Advanced:  # noqa: ARG002
        """A shop whose mails are refused sells nevertheless: that is told, and tried again."""
        relay = seen.relay or Relay()
        error = _shop(seen).prove_mailing(seen.test_mails_to)
        proof = MailProof(digest=relay.digest, at=datetime.now(UTC), error=error)
        note = Note.of("MailDelivered", relay=str(relay))
        if error:
            note = Note.of("MailRefused", relay=str(relay), detail=error)
        return Advanced(note=note, change=lambda status: replace(status, mail=proof))


STEPS: tuple[type[StoreStep], ...] = (
    AwaitStack,
    Bind,
    Route,
    Configure,
    Adopt,
    ProveSelling,
    ProveMailing,
)


def next_step(store: Store, seen: StoreSeen) -> StoreStep | None:
    """Name the one step that moves the store towards what is wanted; None when it is there."""
    if not seen.stack.settled:
        return AwaitStack()
    if store.desired in {Desired.RETIRED, Desired.PURGED} or _rests(store, seen):
        return None
    if seen.look is None or unwell(seen) is not None:
        return AwaitStack()
    if not seen.look.bound:
        return Bind()
    if not _routed(store, seen):
        return Route()
    if not _configured(store, seen):
        return Configure()
    if seen.drift.adopt:
        return Adopt()
    if store.desired is Desired.ACTIVE and seen.proof_due:
        return ProveSelling()
    if store.desired is Desired.ACTIVE and mail_due(store.status.mail, seen.relay):
        return ProveMailing()
    return None


def _rests(store: Store, seen: StoreSeen) -> bool:
    """Whether it is closed by being stopped, and nothing else was asked for since."""
    stopped = store.desired is Desired.SUSPENDED and not seen.stack.wants_running
    return stopped and store.status.observed_generation == store.generation


def _configured(store: Store, seen: StoreSeen) -> bool:
    """Whether nothing has to be written: what is only told of does not count."""
    return _written(store, seen) and not seen.drift.revert


def _written(store: Store, seen: StoreSeen) -> bool:
    """Whether the last write was ours, and of what is wanted now."""
    config = store.status.config
    return (
        config is not None
        and config.digest == _shop(seen).digest
        and seen.look is not None
        and config.checksum == seen.look.checksum
    )


def conditions(store: Store, seen: StoreSeen) -> tuple[Condition, ...]:
    """What is seen, as conditions."""
    if store.desired in {Desired.RETIRED, Desired.PURGED}:
        kinds = ("Bound", "Routed", "Configured", "Selling")
        return tuple(unmet(kind, "StackStopped") for kind in kinds)
    if seen.look is None:
        if store.desired is Desired.SUSPENDED and seen.unreachable is None:
            return (unmet("Selling", "StorefrontClosed"),)
        error = seen.unreachable or StackNotReadyError()
        return (unmet("Selling", error.reason, **error.params),)
    bound = seen.look.bound
    url = store.status.url
    return (
        _binding(store, seen) if bound else unmet("Bound", "NotBound"),
        met("Routed", "Routed", url=url)
        if url is not None and _routed(store, seen)
        else unmet("Routed", "NotRouted"),
        _configuration(store, seen),
        _selling(store, seen),
        *seen.shortfalls,
        *mailing(store.status.mail, seen.relay),
    )


def _binding(store: Store, seen: StoreSeen) -> Condition:
    nearest = substitutes(store.spec, seen.abilities)
    if nearest:
        return met("Bound", "LanguagesNearest", website=seen.website, languages=nearest)
    return met("Bound", "Bound", website=seen.website)


def unwell(seen: StoreSeen) -> StoreControllerError | None:
    """What the shop itself says is wrong with it, where it answers."""
    failing = seen.look.failing if seen.look else {}
    if "disk" in failing:
        return ShopCannotWriteError(detail=failing["disk"])
    if failing:
        return ShopUnwellError(detail="; ".join(f"{k}: {v}" for k, v in failing.items())[:300])
    return None


def _configuration(store: Store, seen: StoreSeen) -> Condition:
    if _configured(store, seen) and not seen.drift.adopt:
        if seen.drift.told:
            return met("Configured", "DriftLeft", fields=", ".join(seen.drift.told))
        return met("Configured", "Configured", revision=seen.look.revision if seen.look else 0)
    if seen.look is not None and seen.look.drift:
        paths = [path_of(key) for key in seen.look.drift]
        return unmet("Configured", "Drifted", fields=", ".join(dict.fromkeys(paths)))
    return unmet("Configured", "NotConfigured")


def _selling(store: Store, seen: StoreSeen) -> Condition:
    if store.desired is Desired.SUSPENDED:
        return unmet("Selling", "StorefrontClosed")
    if (error := unwell(seen)) is not None:
        return unmet("Selling", error.reason, **error.params)
    # A repetition that is due does not make the last proof untrue.
    if store.status.proven_at is None:
        return unmet("Selling", "NotProven")
    if store.status.proven_digest == _shop(seen).digest:
        return met("Selling", "Proven")
    config = store.status.config
    if config is not None and config.digest == store.status.proven_digest:
        # What is wanted now did not reach the shop: it sells as it did.
        return met("Selling", "ProvenBefore")
    return unmet("Selling", "NotProvenAgain")


def aftermath(store: Store) -> StoreStatus:
    """The status once a pass has settled: what a store that is not open must prove again."""
    status = store.status
    if store.desired is Desired.ACTIVE:
        return status
    if store.desired is not Desired.SUSPENDED:
        status = replace(status, url=None, site_urls={})
    return replace(status, proven_at=None, proven_digest=None)


def _shop(seen: StoreSeen) -> Shop:
    if seen.shop is None:
        raise StackNotReadyError
    return seen.shop

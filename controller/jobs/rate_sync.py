"""Keeps the fleet's exchange rates: asks the source, judges its answer, sends what is new.

The worker's periodic tasks call `tick`, which never waits: a pass runs in a thread of its own, and
only when there is something to do. One process does it for all, under a lease; whoever loses the
lease writes nothing more and sends nothing more.
"""

import asyncio
import contextlib
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from controller.commerce.rate_sources import RateSource
from controller.commerce.rates import Policy, judge
from controller.domain.errors.base import PermanentError, StoreControllerError
from controller.domain.errors.shops import SecretMissingError
from controller.domain.notes import Note
from controller.domain.rates import (
    PushState,
    QuoteSet,
    Rate,
    bases_and_allowed,
    missing_rates,
    pairs,
    rates_for,
)
from controller.domain.store import StoreSpec
from controller.engines.currency_rates import payload
from controller.jobs.rate_pusher import RateLimits, RatePayload, RatePusher, failed
from controller.logging import log
from controller.reconciler.world import World
from controller.registry.leases import Kind, Lease, Leases, Ref
from controller.registry.progress import LeaseLostError
from controller.registry.rate_pushes import Due, Outcome, RatePushes
from controller.registry.rates import Rates
from controller.registry.session import utcnow

FLEET_RATES = Ref(kind=Kind.FLEET, uid="rates")
_PAGE = 500
_FIRST_RETRY = 60.0
_LONGEST_REST = 60.0


@dataclass(frozen=True, kw_only=True)
class Made:
    """What all stores that offer the same currencies in the same way are sent."""

    needed: bool
    rates: tuple[Rate, ...]
    missing: tuple[str, ...]
    body: bytes
    digest: str


def made(spec: StoreSpec, newest: QuoteSet | None) -> Made:
    """A store's rates, ready to be sent."""
    rates = tuple(rates_for(spec, newest))
    body = payload(rates)
    return Made(
        needed=bool(pairs(spec)),
        rates=rates,
        missing=missing_rates(spec, newest),
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )


class RateSync:
    """The one who asks and sends."""

    def __init__(
        self,
        rates: Rates,
        pushes: RatePushes,
        leases: Leases,
        world: World,
        source: RateSource | None,
        *,
        policy: Policy,
        pace: RateLimits,
        every: float,
    ) -> None:
        """`every` is how many seconds lie between two questions to the source."""
        self._rates = rates
        self._pushes = pushes
        self._leases = leases
        self._world = world
        self._source = source
        self._policy = policy
        self._pace = pace
        self._every = every
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ours_until = 0.0
        self._broken = 0
        self._rest_until = 0.0

    def tick(self) -> None:
        """Begin a pass when there is something to do and none runs."""
        if self._stop.is_set() or (self._thread is not None and self._thread.is_alive()):
            return
        if time.monotonic() < self._rest_until:
            return
        if self._asks() or self._pushes.any_due():
            self._thread = threading.Thread(target=self.run_once, name="rates", daemon=True)
            self._thread.start()

    def close(self, seconds: float = 10.0) -> None:
        """End a running pass in order: what shops took is written down."""
        self._stop.set()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            # The loop may end by itself in this moment.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        if self._thread is not None:
            self._thread.join(seconds)

    def run_once(self) -> None:
        """One pass in the caller's thread; what stops it is logged, and the next one goes on."""
        broken, self._broken = self._broken, 0
        try:
            asyncio.run(self._pass())
        except* asyncio.CancelledError:
            log.info("rates_stopped")
        except* LeaseLostError:
            log.info("rates_overtaken")
        except* StoreControllerError as group:
            log.warning("rates_failed", reason=str(group.exceptions[0]))
            self._rest(broken + 1)
        except* Exception:
            log.exception("rates_broke")
            self._rest(broken + 1)

    def _rest(self, broken: int) -> None:
        """Leave the database and the shops alone for a while: what could not be written is due."""
        self._broken = broken
        self._rest_until = time.monotonic() + min(_LONGEST_REST, 2.0 ** min(broken, 10))

    async def _pass(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            began = time.monotonic()
            lease = None if self._stop.is_set() else self._leases.acquire(FLEET_RATES)
            if lease is None:
                return
            self._ours_until = began + self._leases.seconds
            try:
                async with asyncio.TaskGroup() as group:
                    keeping = group.create_task(self._keep(lease))
                    await self._ask(lease)
                    await self._send(lease)
                    keeping.cancel()
            finally:
                self._leases.release(lease)
        finally:
            self._loop = self._task = None

    async def _keep(self, lease: Lease) -> None:
        """Renew the lease as long as the pass lasts."""
        while True:
            await asyncio.sleep(self._leases.seconds / 3)
            began = time.monotonic()
            if not await asyncio.to_thread(self._leases.keep, lease):
                self._ours_until = 0.0
                raise LeaseLostError(str(lease.ref))
            self._ours_until = began + self._leases.seconds

    def _ours(self) -> bool:
        """Whether the lease cannot have run out: also for a process that was paused."""
        return time.monotonic() < self._ours_until

    # --- asking -----------------------------------------------------------------------------------

    def _asks(self) -> bool:
        return self._source is not None and self._rates.to_ask(self._source.name)

    async def _ask(self, lease: Lease) -> None:
        if self._source is None or not self._asks():
            return
        name = self._source.name
        known = next((state for state in self._rates.sources() if state.name == name), None)
        failures = known.failures if known else 0
        try:
            if not await self._renewed(lease, self._source):
                return
        except StoreControllerError as error:
            note = Note(reason=error.code, params=error.params)
            pause = min(self._every, _FIRST_RETRY * 2.0 ** min(failures, 10))
            self._rates.told(lease, name, note, pause)
            # Once per trouble, not once per attempt.
            tell = log.info if known and known.error and known.error.reason == error.code else None
            (tell or log.warning)("rates_source_failed", source=name, reason=str(error))
        else:
            self._rates.told(lease, name, None, self._every)

    async def _renewed(self, lease: Lease, source: RateSource) -> bool:
        """Put a newer set in force where there is one; False when an approval came between."""
        answer = await source.fetch()
        if answer.ignored:
            log.info("rates_ignored", source=source.name, currencies=",".join(answer.ignored))
        newest = self._rates.newest()
        quotes = judge(answer, newest, utcnow(), self._policy)
        if quotes is None:
            return True
        held = sorted(code for code, quote in quotes.items() if quote.held is not None)
        gone = sorted(set(newest.quotes) - set(quotes) - {answer.base}) if newest else []
        accepted = self._rates.accept(
            lease, newest, answer.provider, answer.base, answer.as_of, quotes
        )
        for event, codes in (("rates_held", held), ("rates_withdrawn", gone)):
            if accepted and codes:
                log.warning(event, source=source.name, currencies=",".join(codes))
        return accepted

    # --- sending ----------------------------------------------------------------------------------

    async def _send(self, lease: Lease) -> None:
        def record(outcomes: Sequence[Outcome]) -> None:
            self._pushes.record(lease, outcomes)

        fan_out = RatePusher(self._pace, record, self._ours)
        await fan_out.run(self._parcels(lease, self._rates.newest()))

    async def _parcels(self, lease: Lease, newest: QuoteSet | None) -> AsyncIterator[RatePayload]:
        """What is due, a page ahead of what is sent."""
        known: dict[object, Made] = {}
        ahead = asyncio.create_task(asyncio.to_thread(self._page, lease, newest, "", known))
        try:
            while True:
                parcels, last = await ahead
                if last is None:
                    return
                ahead = asyncio.create_task(
                    asyncio.to_thread(self._page, lease, newest, last, known)
                )
                for parcel in parcels:
                    yield parcel
        finally:
            ahead.cancel()

    def _page(
        self, lease: Lease, newest: QuoteSet | None, after: str, known: dict[object, Made]
    ) -> tuple[list[RatePayload], str | None]:
        """The parcels of a page of stores and its last uid; None after the last page.

        Stores that need nothing to be sent are written down here.
        """
        set_id = newest.id if newest else 0
        due = self._pushes.due(set_id, after=after, limit=_PAGE)
        parcels: list[RatePayload] = []
        settled: list[Outcome] = []
        for store in due:
            offer = _offer(store.spec)
            if offer not in known:
                known[offer] = made(store.spec, newest)
            ready = self._prepared(store, known[offer], set_id)
            if isinstance(ready, RatePayload):
                parcels.append(ready)
            else:
                settled.append(ready)
        if settled:
            self._pushes.record(lease, settled)
        return parcels, due[-1].uid if due else None

    def _prepared(self, store: Due, made: Made, set_id: int) -> RatePayload | Outcome:
        state = _settled(store, made, set_id)
        if state is not None:
            return Outcome(
                uid=store.uid,
                generation=store.generation,
                state=state,
                set_id=set_id,
                digest=store.digest if state is PushState.SENT else "",
            )
        parcel = RatePayload(
            uid=store.uid,
            generation=store.generation,
            set_id=set_id,
            endpoint=store.stack.endpoint or "",
            shop=store.stack.uid,
            token="",
            rates=made.rates,
            body=made.body,
            digest=made.digest,
            attempts=store.attempts,
            missing=made.missing,
        )
        try:
            secrets = self._world.access(store.stack)
            if "access_token" not in secrets:
                raise SecretMissingError(secret="access_token")  # noqa: S106, TRY301 -- its name.
            # A shop that somebody else made has a name of its own.
            shop = secrets.get("instance_uid", store.stack.uid)
            trust = self._world.beside(store.stack).trust
            return replace(parcel, shop=shop, token=secrets["access_token"], trust=trust)
        except StoreControllerError as error:
            return failed(parcel, error)
        except Exception as error:
            # One stack that cannot be understood must not keep the others from their rates.
            log.exception("rates_store_broke", store=store.uid)
            return failed(parcel, PermanentError(detail=type(error).__name__))


def _offer(spec: StoreSpec) -> object:
    """What decides about a store's rates: stores that agree in it are sent the same."""
    return tuple(
        (one.base, one.default, one.allowed, one.markup_bps, tuple(sorted(one.pins.items())))
        for one in bases_and_allowed(spec)
    )


def _settled(store: Due, made: Made, set_id: int) -> PushState | None:
    """How a store stands to which nothing is sent; None for one that is to be sent something."""
    if not made.needed:
        return PushState.UNNEEDED
    if not made.rates and set_id == 0:
        return PushState.PENDING
    if made.digest == store.digest and not made.missing:
        return PushState.SENT
    return None

"""Sends exchange rates to many shops at once: `controller.jobs.rate_sync` says to which.

Two bounds keep it in hand. Places bound what is under way or not yet written down, which is what a
process that dies here leaves to be sent once more. Of these, some are for quick shops: one that has
not answered within a moment gives its quick place back and goes on beside the others, so that slow
and dead shops do not hold up healthy ones.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import aiohttp

from controller.domain.errors.base import PermanentError, StoreControllerError
from controller.domain.errors.rates import RateMissingError
from controller.domain.errors.shops import ShopBusyError, WrongShopError
from controller.domain.notes import Note
from controller.domain.rates import PushState, Rate
from controller.engines import currency_rates
from controller.engines.answers import STATUS, ShopAnswerError
from controller.engines.rest_async import AsyncRestClient, sessions
from controller.metrics import RATE_PUSHES
from controller.registry.progress import LeaseLostError
from controller.registry.rate_pushes import Outcome

_QUICK_SHARE = 0.3
"""The rest is for shops that are slow or dead, and for rows that are being written."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0
_SELDOM = 3600.0
"""Seconds after which a shop is tried again whose trouble will not pass by itself: somebody may
have mended it meanwhile."""


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """How much at once."""

    concurrency: int = 650
    """Shops that are being sent to, or are not yet written down."""
    timeout: float = 10.0
    """Seconds for one request."""
    patience: float = 0.3
    """Seconds after which a shop counts as slow."""
    batch: int = 200
    """Rows in a transaction."""
    gather: float = 0.1
    """Seconds for which rows are gathered."""

    @property
    def quick(self) -> int:
        """The places of shops that are not slow."""
        return max(1, int(self.concurrency * _QUICK_SHARE))


@dataclass(frozen=True, kw_only=True)
class RatePayload:
    """What one shop is sent."""

    uid: str
    generation: int
    set_id: int
    endpoint: str
    shop: str
    """What the shop calls itself."""
    token: str
    trust: str = ""
    """Authorities whose certificates count beside the system's, PEM."""
    rates: tuple[Rate, ...]
    body: bytes
    digest: str
    attempts: int
    missing: tuple[str, ...] = ()
    """Pairs that nobody says."""


class RatePusher:
    """One run over many shops."""

    def __init__(
        self,
        pace: RateLimits,
        record: Callable[[Sequence[Outcome]], None],
        ours: Callable[[], bool],
    ) -> None:
        """`record` writes outcomes durably; `ours` says whether nobody has taken over."""
        self._pace = pace
        self._record = record
        self._ours = ours
        self._places = asyncio.Semaphore(pace.concurrency)
        self._quick = asyncio.Semaphore(pace.quick)
        self._done: list[Outcome] = []
        self._news = asyncio.Event()
        self._full = asyncio.Event()
        self._over = False
        self._enough = min(pace.batch, max(1, pace.concurrency // 4))

    async def run(self, parcels: AsyncIterator[RatePayload]) -> None:
        """Send every parcel and write down what came of it.

        Raises LeaseLostError when somebody else sends by now.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_down())
            async with (
                sessions() as session,
                asyncio.TaskGroup() as sends,
            ):
                async for parcel in parcels:
                    await self._places.acquire()
                    await self._quick.acquire()
                    sends.create_task(self._send(session, parcel))
            self._over = True
            self._news.set()
            self._full.set()

    # --- one shop ---------------------------------------------------------------------------------

    async def _send(self, session: aiohttp.ClientSession, parcel: RatePayload) -> None:
        quick = _Once(self._quick.release)
        slow = asyncio.get_running_loop().call_later(self._pace.patience, quick)
        try:
            outcome = await self._outcome(session, parcel)
        finally:
            slow.cancel()
            quick()
        RATE_PUSHES.labels(state=outcome.state).inc()
        self._done.append(outcome)
        self._news.set()
        if len(self._done) >= self._enough:
            self._full.set()

    async def _outcome(self, session: aiohttp.ClientSession, parcel: RatePayload) -> Outcome:
        try:
            await self._exchange(session, parcel)
        except StoreControllerError as error:
            return failed(parcel, error)
        if not parcel.missing:
            return _outcome(parcel, PushState.SENT)
        # What is known went through; what is missing waits for the next set or another wish.
        missing = RateMissingError(pairs=", ".join(parcel.missing))
        return _outcome(parcel, PushState.FAILED, error=missing)

    async def _exchange(self, session: aiohttp.ClientSession, parcel: RatePayload) -> None:
        """Make sure that it is the shop we mean, write, and compare what it says it has."""
        if not parcel.rates:
            return
        rest = AsyncRestClient(
            session,
            parcel.endpoint,
            parcel.token,
            timeout=self._pace.timeout,
            trust=parcel.trust,
        )
        try:
            status = await rest.call("GET", STATUS)
        except ShopAnswerError as error:
            raise WrongShopError(endpoint=parcel.endpoint) from error
        if not isinstance(status, dict) or status.get("instance_uid") != parcel.shop:
            raise WrongShopError(endpoint=parcel.endpoint)
        if not self._ours():
            raise LeaseLostError("rates")
        try:
            kept = await rest.call("PUT", currency_rates.PATH, parcel.body, last=True)
        except ShopAnswerError as error:
            raise currency_rates.refusal(error, parcel.endpoint) from error
        currency_rates.check_kept(parcel.rates, kept)

    # --- writing down -----------------------------------------------------------------------------

    async def _write_down(self) -> None:
        """Write rows in batches until all is over; places are free again once theirs is written."""
        try:
            while not (self._over and not self._done):
                await self._news.wait()
                if not self._over:
                    with_company = asyncio.wait_for(self._full.wait(), self._pace.gather)
                    await asyncio.gather(with_company, return_exceptions=True)
                self._news.clear()
                self._full.clear()
                while self._done:
                    batch = self._done[: self._pace.batch]
                    await asyncio.to_thread(self._record, batch)
                    del self._done[: len(batch)]
                    for _ in batch:
                        self._places.release()
                if self._over:
                    return
        except asyncio.CancelledError:
            # Cancelled from outside: what the shops took is written all the same.
            if self._done and self._ours():
                self._record(self._done[:])
            raise


class _Once:
    """A call that happens once, whoever makes it first."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def __call__(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


def failed(parcel: RatePayload, error: StoreControllerError) -> Outcome:
    """What is written after a failure, and when to try again."""
    due_in = _SELDOM
    if isinstance(error, ShopBusyError):
        due_in = float(error.retry_after)
    elif not isinstance(error, PermanentError):
        # Those that failed together do not come back together.
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(parcel.attempts, 10))
        due_in = pause * random.uniform(0.8, 1.2)  # noqa: S311 -- spread, no secret.
    return Outcome(
        uid=parcel.uid,
        generation=parcel.generation,
        state=PushState.FAILED,
        set_id=parcel.set_id,
        attempts=parcel.attempts + 1,
        error=Note(reason=error.code, params=error.params),
        due_in=due_in,
    )


def _outcome(
    parcel: RatePayload, state: PushState, error: StoreControllerError | None = None
) -> Outcome:
    return Outcome(
        uid=parcel.uid,
        generation=parcel.generation,
        state=state,
        set_id=parcel.set_id,
        digest=parcel.digest,
        sent=bool(parcel.rates),
        error=Note(reason=error.code, params=error.params) if error else None,
    )

"""Sends exchange rates to many shops at once: `controller.jobs.rates` says to which.

Two bounds keep it in hand. Places bound what is under way or not yet written down, which is what a
process that dies here leaves to be sent once more. Of these, some are for quick shops: one that has
not answered within a moment gives its quick place back and goes on beside the others, so that slow
and dead shops do not hold up healthy ones.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from controller.domain.errors import (
    PermanentError,
    RateMissingError,
    SettingsRefusedError,
    ShopBusyError,
    ShopDeniedError,
    ShopFailingError,
    ShopForbiddenError,
    ShopRedirectsError,
    ShopUnreachableError,
    ShopUnreadableError,
    StoreControllerError,
    WrongShopError,
)
from controller.domain.notes import Note
from controller.domain.rates import PushState, Rate
from controller.metrics import RATE_PUSHES
from controller.registry.progress import LeaseLostError
from controller.registry.rate_pushes import Outcome

_BRIDGE = "/rest/all/V1/storecontroller"
_LARGEST = 1024 * 1024
_QUICK_SHARE = 0.3
"""The rest is for shops that are slow or dead, and for rows that are being written."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0
_SELDOM = 3600.0
"""Seconds after which a shop is tried again whose trouble will not pass by itself: somebody may
have mended it meanwhile."""
_CLOSE_ENOUGH = Decimal("1e-9")
"""By what share of a rate a shop's answer may differ: it counts in floats."""


@dataclass(frozen=True, kw_only=True)
class Pace:
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
class Parcel:
    """What one shop is sent."""

    uid: str
    generation: int
    set_id: int
    endpoint: str
    shop: str
    """What the shop calls itself."""
    token: str
    rates: tuple[Rate, ...]
    body: bytes
    digest: str
    attempts: int
    missing: tuple[str, ...] = ()
    """Pairs that nobody says."""


class FanOut:
    """One run over many shops."""

    def __init__(
        self, pace: Pace, record: Callable[[Sequence[Outcome]], None], ours: Callable[[], bool]
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

    async def run(self, parcels: AsyncIterator[Parcel]) -> None:
        """Send every parcel and write down what came of it.

        Raises LeaseLostError when somebody else sends by now.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_down())
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5),
                    timeout=aiohttp.ClientTimeout(total=self._pace.timeout),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    # Nothing is asked to be packed, so that what is read is what was counted.
                    headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                    auto_decompress=False,
                ) as session,
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

    async def _send(self, session: aiohttp.ClientSession, parcel: Parcel) -> None:
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

    async def _outcome(self, session: aiohttp.ClientSession, parcel: Parcel) -> Outcome:
        try:
            await self._exchange(session, parcel)
        except StoreControllerError as error:
            return failed(parcel, error)
        if not parcel.missing:
            return _outcome(parcel, PushState.SENT)
        # What is known went through; what is missing waits for the next set or another wish.
        missing = RateMissingError(pairs=", ".join(parcel.missing))
        return _outcome(parcel, PushState.FAILED, error=missing)

    async def _exchange(self, session: aiohttp.ClientSession, parcel: Parcel) -> None:
        """Make sure that it is the shop we mean, write, and compare what it says it has."""
        if not parcel.rates:
            return
        status = await self._call(session, "GET", "/status", parcel)
        if not isinstance(status, dict) or status.get("instance_uid") != parcel.shop:
            raise WrongShopError(endpoint=parcel.endpoint)
        if not self._ours():
            raise LeaseLostError("rates")
        kept = _read_back(await self._call(session, "PUT", "/currency-rates", parcel))
        lost = [
            rate for rate in parcel.rates if not _same(kept.get((rate.source, rate.target)), rate)
        ]
        if lost:
            pairs = ", ".join(f"{rate.source}/{rate.target}" for rate in lost[:5])
            raise SettingsRefusedError(detail=f"it keeps other rates than were sent: {pairs}")

    async def _call(
        self, session: aiohttp.ClientSession, method: str, path: str, parcel: Parcel
    ) -> Any:
        headers = {"Authorization": f"Bearer {parcel.token}"}
        writes = method == "PUT"
        if writes:
            # The last request: thousands of idle connections would be left open.
            headers |= {"Content-Type": "application/json", "Connection": "close"}
        url = parcel.endpoint.rstrip("/") + _BRIDGE + path
        try:
            async with session.request(
                method,
                url,
                data=parcel.body if writes else None,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                raw = await _read(answer)
        except TimeoutError as error:
            raise ShopUnreachableError(detail=f"no answer in {self._pace.timeout:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ShopUnreachableError(detail=type(error).__name__) from error
        return _judged(answer, raw, parcel, writes=writes)

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


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if answer.content_length is not None and answer.content_length <= _LARGEST:
        return await answer.read()
    parts, size = [], 0
    async for part in answer.content.iter_chunked(65_536):
        size += len(part)
        if size > _LARGEST:
            raise ShopUnreadableError(detail="the answer is too long")
        parts.append(part)
    return b"".join(parts)


def _judged(answer: aiohttp.ClientResponse, raw: bytes, parcel: Parcel, *, writes: bool) -> Any:
    """The answer's JSON, or what its status says."""
    status = answer.status
    if status == 429 or (status == 503 and "Retry-After" in answer.headers):
        raise ShopBusyError(retry_after=retry_after(answer.headers.get("Retry-After", "")))
    if status >= 500:
        raise ShopFailingError(detail=f"HTTP {status}")
    if status == 401 and not writes:
        raise ShopDeniedError
    if status in {401, 403}:
        raise ShopForbiddenError(resources="currency-rates")
    if status == 404:
        raise WrongShopError(endpoint=parcel.endpoint)
    if 300 <= status < 400:
        raise ShopRedirectsError(location=answer.headers.get("Location", "")[:200])
    try:
        found = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ShopUnreadableError(detail="the answer is not JSON") from error
    if status >= 400:
        said = found.get("message") if isinstance(found, dict) else None
        raise SettingsRefusedError(detail=str(said or f"HTTP {status}")[:300])
    return found


def retry_after(text: str, now: datetime | None = None) -> int:
    """Seconds that a Retry-After asks for, as a number or a date; between 1 and an hour."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            seconds = 30
    # A comparison with no number is false, so that it ends at the least.
    return int(min(3600, max(1, seconds))) if seconds > 1 else 1


def _read_back(found: Any) -> dict[tuple[str, str], Decimal]:
    try:
        return {(row["from"], row["to"]): Decimal(row["rate"]) for row in found}
    except (TypeError, KeyError, ArithmeticError) as error:
        raise ShopUnreadableError(detail="the answer has no rates") from error


def _same(kept: Decimal | None, rate: Rate) -> bool:
    return kept is not None and abs(kept - rate.rate) <= max(
        rate.rate * _CLOSE_ENOUGH, Decimal("1e-12")
    )


def failed(parcel: Parcel, error: StoreControllerError) -> Outcome:
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
    parcel: Parcel, state: PushState, error: StoreControllerError | None = None
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

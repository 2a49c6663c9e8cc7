"""Calls of shops on behalf of requests: in threads of their own, and few at once for one store.

A shop that hangs holds its callers for as long as a call may take. It must hold neither the threads
that other requests need nor those in which other shops are asked.
"""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from controller.domain.errors.base import LimitError

T = TypeVar("T")

THREADS = 32
AT_ONCE = 6
"""Calls for one store; more are refused, which costs nobody a thread."""
_COME_AGAIN_SECONDS = 2


class ShopCalls:
    """Belongs to the event loop of the app."""

    def __init__(self) -> None:
        self._threads = CapacityLimiter(THREADS)
        self._under_way: Counter[str] = Counter()

    async def run(self, store: str, call: Callable[[], T]) -> T:
        """Run a call of a store's shop; raises LimitError when too many are under way."""
        if self._under_way[store] >= AT_ONCE:
            raise LimitError(retry_after=_COME_AGAIN_SECONDS)
        self._under_way[store] += 1
        try:
            return await to_thread.run_sync(call, limiter=self._threads)
        finally:
            self._under_way[store] -= 1
            if not self._under_way[store]:
                del self._under_way[store]


async def shop_calls(request: Request) -> ShopCalls:
    """The app's own."""
    found: ShopCalls = request.app.state.shop_calls
    return found


ShopCallsDep = Annotated[ShopCalls, Depends(shop_calls)]

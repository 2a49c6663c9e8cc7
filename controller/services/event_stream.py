"""New events for many listeners at the price of one query: streams of API and pages wait here.

One task asks the journal what is new while anybody listens. A listener reads its own rows from the
database after its own last id, so a slow one is never waited for and misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from controller.domain.errors.base import StoreControllerError
from controller.domain.tenant import Scope
from controller.logging import log
from controller.registry.journal import Event, Journal

_PAUSE = 0.05
"""Seconds between two questions: bounds how late a listener hears of an event."""


class EventStream:
    """Wakes listeners when the journal grows."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._newest = 0
        self._listeners = 0
        self._grown = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def follow(
        self,
        scope: Scope,
        after: int | None,
        *,
        store: str | None = None,
        operation: str | None = None,
    ) -> AsyncIterator[Event]:
        """Events in scope after an id, then each new one; None starts with what comes next."""
        last = await run_in_threadpool(self._journal.newest) if after is None else after
        while True:
            # Taken before the rows are read: what comes in between is not slept over.
            seen = self.position
            found = await run_in_threadpool(
                self._journal.after, scope, last, store=store, operation=operation
            )
            for event in found:
                last = event.id
                yield event
            if not found:
                await self.growth(seen)

    @property
    def position(self) -> int:
        """How long the journal is known to be: take it before reading, give it to `growth`."""
        return self._newest

    async def growth(self, seen: int) -> None:
        """Wait until the journal is longer than it was known to be."""
        self._settle_in()
        self._listeners += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._watch())
            async with self._grown:
                await self._grown.wait_for(lambda: self._newest > seen)
        finally:
            self._listeners -= 1

    def _settle_in(self) -> None:
        """Begin anew in the loop that runs: a condition and a task belong to the loop they met."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._grown = asyncio.Condition()
            self._task = None
            self._listeners = 0

    async def _watch(self) -> None:
        while self._listeners:
            try:
                newest = await run_in_threadpool(self._journal.newest)
            except StoreControllerError as error:
                log.warning("tail_failed", reason=error.reason)
                newest = self._newest
            if newest > self._newest:
                async with self._grown:
                    self._newest = newest
                    self._grown.notify_all()
            await asyncio.sleep(_PAUSE)

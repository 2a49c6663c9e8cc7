"""Parts of a page that change while somebody looks: rendered here, swapped in by htmx."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from controller.domain.errors.base import NotFoundError, StoreControllerError
from controller.services.event_stream import EventStream

_LONGEST_PAUSE: Final = 10.0
"""Seconds after which a page is looked at though nothing happened: "a minute ago" moves too."""
_CLOSE: Final = ServerSentEvent(event="close", data="-")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The parts of a page as they are now, by the name of the event that carries each."""

    parts: Mapping[str, str]
    final: bool = False
    """Whether nothing more will change by itself."""


def live(tail: EventStream, look: Callable[[], Frame]) -> Response:
    """A stream of the parts that changed since they were last sent, until the final frame.

    `look` runs in a thread. A browser that lost the connection gets everything again.
    """
    return EventSourceResponse(_changes(tail, look), ping=15, headers={"Cache-Control": "no-store"})


async def _changes(tail: EventStream, look: Callable[[], Frame]) -> AsyncIterator[ServerSentEvent]:
    sent: dict[str, str] = {}
    while True:
        # Taken before the look: what happens meanwhile is not slept over.
        seen = tail.position
        try:
            frame = await run_in_threadpool(look)
        except NotFoundError:
            yield _CLOSE
            return
        except StoreControllerError:
            # The database is busy: what is shown stays, and is looked at again.
            frame = Frame(parts={})
        for name, body in frame.parts.items():
            if sent.get(name) != body:
                sent[name] = body
                yield ServerSentEvent(event=name, data=body)
        if frame.final:
            yield _CLOSE
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tail.growth(seen), _LONGEST_PAUSE)

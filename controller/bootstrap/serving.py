"""The HTTP server of both homes: uvicorn, with limits to how long a connection may keep us waiting.

A connection that sends no whole request, or reads no answer, is ended; when many are open, those
that wait for nothing make room. So a caller who opens connections and leaves them open, or whose
network broke, cannot take the last descriptor: probes are still answered.
"""

import asyncio
import contextlib
import resource
import socket
from itertools import islice
from typing import Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.logging import log

HEAD_SECONDS: Final = 10.0
"""From the first byte of a request to the end of its headers, and for a first byte at all."""
BODY_SECONDS: Final = 30.0
"""Without a byte of a body that was begun."""
WHOLE_SECONDS: Final = 120.0
"""For a whole body."""
STALLED_SECONDS: Final = 60.0
"""Without a byte of an answer taken; the kernel counts it too where the other side is gone."""
KEEP_ALIVE_SECONDS: Final = 30
LARGEST_HEAD: Final = 32 * 1024
RESERVE: Final = 192
"""Descriptors that connections leave to the rest of the process: databases, shops, probes."""

_TOO_SLOW: Final = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)


class GuardedProtocol(H11Protocol):
    """One connection, with a deadline for whatever the other side is to do next."""

    _deadline: asyncio.TimerHandle | None = None
    _body_ends: float | None = None
    _stall: asyncio.TimerHandle | None = None
    _awaiting = ""
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, and end an idle one where there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        _give_up_dead_peers(transport)
        if len(self.connections) > most_connections() and not self._make_room():
            transport.abort()
            return
        self._await("head", HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._await("")
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and see what has to come next."""
        super().data_received(data)
        if self.transport.is_closing():
            self._await("")
            return
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            now = self.loop.time()
            self._body_ends = self._body_ends or now + WHOLE_SECONDS
            self._await("body", min(BODY_SECONDS, self._body_ends - now), again=True)
        elif state is h11.IDLE:
            # Not begun anew by each byte: headers that drip in have one deadline in all.
            self._await("head", HEAD_SECONDS)
        else:
            self._body_ends = None
            self._await("")

    def on_response_complete(self) -> None:
        """Wait for the next request, which the server's own keep-alive timer bounds."""
        super().on_response_complete()
        self._since = self.loop.time()
        if self.conn.their_state is not h11.SEND_BODY:
            self._await("")

    def pause_writing(self) -> None:
        """The other side takes nothing more for now."""
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It took something."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered here."""
        return self.cycle is None or self.cycle.response_complete

    def _await(self, what: str, seconds: float = 0.0, *, again: bool = False) -> None:
        if self._deadline is not None and (again or what != self._awaiting):
            self._deadline.cancel()
            self._deadline = None
        self._awaiting = what
        if what and self._deadline is None:
            self._deadline = self.loop.call_later(max(seconds, 0.0), self._too_slow)

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._awaiting == "body" and self.flow.read_paused:
            # It is we who read no further for now.
            self._await("body", BODY_SECONDS)
            return
        log.info("connection_too_slow", awaiting=self._awaiting)
        if not self.idle:
            # Whoever reads the body of this request learns that its sender has gone.
            self.transport.abort()
            return
        if self._awaiting == "head" and self.conn.trailing_data[0]:
            self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _make_room(self) -> bool:
        """End one of the connections that have been idle longest; whether there was one."""
        others = (item for item in self.connections if isinstance(item, GuardedProtocol))
        idle = islice((item for item in others if item.idle and item is not self), 64)
        oldest = min(idle, key=lambda item: item._since, default=None)
        if oldest is None:
            return False
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True


def _give_up_dead_peers(transport: asyncio.Transport) -> None:
    found = transport.get_extra_info("socket")
    if found is None or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    with contextlib.suppress(OSError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STALLED_SECONDS * 1000))


def most_connections() -> int:
    """How many connections may be open at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return share_of(65_536 if soft == resource.RLIM_INFINITY else soft)


def share_of(descriptors: int) -> int:
    """How many of so many descriptors connections may take."""
    return max(descriptors - max(RESERVE, descriptors // 4), descriptors // 4)


def raise_descriptor_limit() -> None:
    """Allow this process as many descriptors as the system lets it have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def configured(app: ASGIApp) -> uvicorn.Config:
    """How the server of an app is set up."""
    raise_descriptor_limit()
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        # So many are taken at once before one of them can be looked at: fewer than the reserve.
        backlog=100,
    )

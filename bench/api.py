"""List and get over 10,000 stores at 100 concurrent connections, closed loop.

Each also as somebody asks again who has the answer (`If-None-Match`, 304). Floor: a bare FastAPI
handler that does the same SQL on the same server with the same encoder, without token, tenant
scope, measuring, resources and ETags.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.harness import Figure, machine, median, percentile

CONNECTIONS = 100
SECONDS = 4.0
ROUNDS = 3
GOAL_P99_MS = 300.0
GOAL_RATIO = 0.7


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one round of load saw."""

    per_second: float
    latencies: list[float]
    errors: int


def run() -> None:
    """Measure both servers in turn and print."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        token = servers.seed(home)
        for what, path in (
            ("list", "/api/v1/stores?limit=50&after=shop-{:05d}"),
            ("get", "/api/v1/stores/shop-{:05d}"),
        ):
            ours, again, bare = [], [], []
            for _ in range(ROUNDS):
                bare.append(_measure("bare", home, token, path))
                ours.append(_measure("ours", home, token, path))
                again.append(_measure("ours", home, token, path, again=True))
            _show(what, ours, bare)
            _show(f"{what}_again", again, bare)


def _show(what: str, ours: list[Load], bare: list[Load]) -> None:
    latencies = [value for load in ours for value in load.latencies]
    p99 = percentile(latencies, 0.99)
    rate = median([load.per_second for load in ours])
    floor = median([load.per_second for load in bare])
    errors = sum(load.errors for load in ours)
    rates = [load.per_second for load in ours]
    Figure(
        name=f"api_{what}_requests_per_second",
        figure=round(rate, 1),
        unit="requests/s",
        floor=round(floor, 1),
        ratio=round(rate / floor, 2),
        spread=[round(min(rates), 1), round(max(rates), 1)],
        goal=f"ratio >= {GOAL_RATIO}, p99 < {GOAL_P99_MS} ms, no error",
        met=rate / floor >= GOAL_RATIO and p99 < GOAL_P99_MS and errors == 0,
        detail={
            "connections": CONNECTIONS,
            "stores": servers.STORES,
            "p50_ms": round(percentile(latencies, 0.5), 1),
            "p99_ms": round(p99, 1),
            "errors": errors,
            "floor_p99_ms": round(
                percentile([value for load in bare for value in load.latencies], 0.99), 1
            ),
            **machine(),
        },
    ).show()


def _measure(kind: str, home: Path, token: str, path: str, *, again: bool = False) -> Load:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-m", "bench.servers", kind, str(home), str(port)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=os.environ)
    try:
        _await(port)
        asyncio.run(_load(port, token, path, 1.0, again=again))
        return asyncio.run(_load(port, token, path, SECONDS, again=again))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server did not start")


async def _load(port: int, token: str, path: str, seconds: float, *, again: bool) -> Load:
    end = time.perf_counter() + seconds
    latencies: list[float] = []
    errors = 0

    async def caller(number: int) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn, tag = number, b""
        while time.perf_counter() < end:
            turn = turn if again else (turn * 31 + 17) % servers.STORES
            request = (
                f"GET {path.format(turn)} HTTP/1.1\r\nHost: bench\r\n"
                f"Authorization: Bearer {token}\r\n"
            ).encode()
            known = b"If-None-Match: " + tag + b"\r\n" if tag else b""
            began = time.perf_counter()
            writer.write(request + known + b"\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            if not known:
                await reader.readexactly(int(_header(head, b"content-length")))
            latencies.append((time.perf_counter() - began) * 1000)
            errors += not head.startswith(b"HTTP/1.1 304" if known else b"HTTP/1.1 200")
            tag = _header(head, b"etag") if again else b""
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(CONNECTIONS)))
    return Load(
        per_second=len(latencies) / (time.perf_counter() - began),
        latencies=latencies,
        errors=errors,
    )


def _header(head: bytes, name: bytes) -> bytes:
    return re.split(rb"(?i)\r\n" + name + rb": *", head)[1].split(b"\r\n")[0]

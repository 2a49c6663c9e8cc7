"""Thousands of shops in one process: what they answer costs nothing, how long it takes is chosen.

Each shop has an address of its own (127.a.b.c, all of them this machine) and its uid as the path,
so that callers make a connection per shop as they do in the world. `/-/…` is the test's own door:
`mix` says how quick they are, `faults` what is wrong with some, `ledger` what they were sent.
"""

import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_HEAD = re.compile(rb"(\w+) /(\S*) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


_REFUSALS: Mapping[str, dict[str, Any]] = {
    "401": {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "StoreController_Bridge::rates"},
    },
    "409": {"message": "Another change is in progress."},
}
"""As Magento and the Bridge say it, by the status."""


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How quick the shops are; shares are of all shops."""

    median: float = 0.1
    sigma: float = 0.35
    slow: float = 0.0
    slow_seconds: float = 5.0
    dead: float = 0.0

    def sick(self, uid: str) -> str | None:
        """What is wrong with a shop: the same on every run."""
        place = zlib.crc32(uid.encode()) % 10_000 / 10_000
        if place < self.dead:
            return "dead"
        return "slow" if place < self.dead + self.slow else None


class Shops:
    """What all of them remember."""

    def __init__(self) -> None:
        self.mix = Mix(median=0.0)
        self.faults: dict[str, str] = {}
        self.puts: list[tuple[str, float, str]] = []
        self.gets = 0
        self._dice = random.Random(7)

    def delay(self, uid: str) -> float | None:
        """Seconds until a shop answers; None for never."""
        sick = self.mix.sick(uid) or self.faults.get(uid)
        if sick in {"dead", "slow"}:
            return None if sick == "dead" else self.mix.slow_seconds
        if not self.mix.median:
            return 0.0
        return self.mix.median * self._dice.lognormvariate(0, self.mix.sigma)

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """What a shop, or the door, says."""
        if path.startswith("-/"):
            return _response(200, self._door(method, path, body))
        uid, _, rest = path.partition("/")
        fault = self.faults.get(uid, "")
        if method == "GET" and rest.endswith("/status"):
            self.gets += 1
            if fault == "denied":
                return _response(401, {"message": "The consumer isn't authorized."})
            said = "another" if fault == "wrong" else uid
            return _response(200, {"instance_uid": said, "revision": 1, "views": [],
                                   "current_checksum": "", "drift": []})  # fmt: skip
        if method == "PUT":
            return self._write(uid, fault, rest, body)
        return _response(404, {"message": "Request does not match any route."})

    def _write(self, uid: str, fault: str, rest: str, body: bytes) -> bytes:
        if fault.isdigit():
            again = "Retry-After: 2\r\n" if fault in {"429", "503"} else ""
            return _response(int(fault), _REFUSALS.get(fault, {"message": "no"}), again)
        if fault == "html":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"
        if fault == "cut":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n[{"
        self.puts.append((uid, time.monotonic(), body.decode()))
        if rest.endswith("/config"):
            count = len(json.loads(body)["items"])
            return _response(200, {"checksum": "c", "changed": count, "count": count})
        return _response(200, [] if fault == "forgets" else json.loads(body)["rates"])

    def _door(self, method: str, path: str, body: bytes) -> Any:
        if path == "-/mix":
            self.mix = Mix(**json.loads(body))
        elif path == "-/faults":
            self.faults = json.loads(body)
        elif method == "DELETE":
            self.puts, self.gets = [], 0
        return {"puts": self.puts, "gets": self.gets}


def _response(status: int, body: Any, more: str = "") -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


class Connection(asyncio.Protocol):
    """One caller's connection."""

    def __init__(self, shops: Shops) -> None:
        self._shops = shops
        self._raw = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request after its delay."""
        self._raw += data
        end = self._raw.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._raw[: end + 2]
        length = _LENGTH.search(head)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self._raw) < size:
            return
        found = _HEAD.match(head)
        assert found
        method, path, body = found[1].decode(), found[2].decode(), self._raw[end + 4 : size]
        self._raw = self._raw[size:]
        uid = path.partition("/")[0]
        last = b"connection: close" in head.lower()
        delay = 0.0 if uid == "-" else self._shops.delay(uid)
        if delay is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(delay, self._reply, method, path, body, last)

    def _reply(self, method: str, path: str, body: bytes, last: bool) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        answer = self._shops.answer(method, path, body)
        self._transport.write(answer)
        if last or b"Connection: close" in answer:
            self._transport.close()


class Stub:
    """The process, as its caller sees it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def endpoint(self, uid: str) -> str:
        """Where a shop answers."""
        place = zlib.crc32(uid.encode())
        host = f"127.{place >> 16 & 127 | 1}.{place >> 8 & 255}.{place & 127 | 1}"
        return f"http://{host}:{self.port}/{uid}"

    def mix(self, mix: Mix) -> None:
        """Choose how quick the shops are."""
        self._call("PUT", "mix", asdict(mix))

    def faults(self, faults: Mapping[str, str]) -> None:
        """Choose what is wrong with some."""
        self._call("PUT", "faults", dict(faults))

    def clear(self) -> None:
        """Forget what was sent."""
        self._call("DELETE", "ledger")

    def puts(self) -> list[tuple[str, float, str]]:
        """The shop, the moment (of the monotonic clock) and the body of each write."""
        return [(uid, at, body) for uid, at, body in self._call("GET", "ledger")["puts"]]

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/-/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Connection": "close"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def stub() -> Iterator[Stub]:
    """The shops in a process of their own, for the block."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", 0))
    listener.listen(4096)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.stub_shops", str(listener.fileno())],
        pass_fds=(listener.fileno(),),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield Stub(port)
    finally:
        process.kill()
        process.wait()


async def _serve(descriptor: int) -> None:
    shops = Shops()
    listener = socket.socket(fileno=descriptor)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(shops), sock=listener, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

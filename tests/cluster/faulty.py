"""A server in front of the API server that loses, refuses and cuts what a test wants it to."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client

_DROPPED = {"connection", "host", "transfer-encoding", "content-length", "authorization"}


@dataclass(kw_only=True)
class Fault:
    """What happens to the next requests of a kind."""

    pattern: str
    """Searched in `METHOD /path?query`."""
    status: int
    times: int = 1
    message: str = "a fault of the test"
    headers: Mapping[str, str] = field(default_factory=dict)


class Faulty:
    """Passes requests on as the user of the API client it is given; `running` makes one."""

    def __init__(self, api: client.ApiClient, kubeconfig: Path) -> None:
        self.api = api
        self.kubeconfig = kubeconfig
        """Leads here."""
        self.seen: list[str] = []
        """Every request, as `METHOD /path?query`."""
        self.times: list[float] = []
        """When each of them came, by the monotonic clock."""
        self.down = False
        """Whether every connection is closed without an answer."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._streams: set[socket.socket] = set()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._faults += faults

    def writes(self) -> list[str]:
        """The requests that were not questions."""
        with self._lock:
            return [request for request in self.seen if not request.startswith("GET ")]

    def forget(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self.seen.clear()
            self.times.clear()

    def since(self, moment: float, pattern: str) -> list[tuple[float, str]]:
        """Requests after a moment, each with the seconds that it came later."""
        with self._lock:
            told = list(zip(self.times, self.seen, strict=True))
        return [
            (round(at - moment, 2), request)
            for at, request in told
            if at > moment and re.search(pattern, request)
        ]

    def cut(self) -> int:
        """Cut every watch that is open; return how many there were."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        return len(streams)

    def fault(self, request: str) -> Fault | None:
        """The fault that waits for a request."""
        with self._lock:
            self.seen.append(request)
            self.times.append(time.monotonic())
            for found in self._faults:
                if found.times and re.search(found.pattern, request):
                    found.times -= 1
                    return found
        return None

    @contextlib.contextmanager
    def streaming(self, stream: socket.socket) -> Iterator[None]:
        with self._lock:
            self._streams.add(stream)
        try:
            yield
        finally:
            with self._lock:
                self._streams.discard(stream)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    faulty: Faulty

    def _handle(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        if self.faulty.down:
            self.close_connection = True
            return
        if fault := self.faulty.fault(f"{self.command} {self.path}"):
            self._refuse(fault)
            return
        headers: dict[str, str] = {
            name: value for name, value in self.headers.items() if name.lower() not in _DROPPED
        }
        api = self.faulty.api
        api.update_params_for_auth(headers, [], ["BearerToken"], "", self.command, None)
        answer = api.rest_client.pool_manager.request(
            self.command,
            api.configuration.host + self.path,
            body=body,
            headers=headers,
            preload_content=False,
            decode_content=False,
        )
        try:
            self._pass(answer)
        finally:
            answer.close()

    def _refuse(self, fault: Fault) -> None:
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
        data = json.dumps({**status, "code": fault.status, "message": fault.message}).encode()
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _pass(self, answer: urllib3.BaseHTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _DROPPED:
                self.send_header(name, value)
        if answer.status in {204, 304}:
            self.end_headers()
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with (
            self.faulty.streaming(self.connection),
            contextlib.suppress(OSError, urllib3.exceptions.HTTPError),
        ):
            for block in answer.stream(65_536, decode_content=False):
                self.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            return
        self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return


@contextlib.contextmanager
def running(api: client.ApiClient, kubeconfig: Path) -> Iterator[Faulty]:
    """Run one; `kubeconfig` is written and leads to it."""
    faulty = Faulty(api, kubeconfig)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"faulty": faulty}))
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    cluster = {"server": f"http://127.0.0.1:{server.server_port}"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": cluster}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    kubeconfig.write_text(json.dumps(content))
    try:
        yield faulty
    finally:
        faulty.cut()
        server.shutdown()
        thread.join()
        server.server_close()

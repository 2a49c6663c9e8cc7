"""An API server that says what it was told to say, and refuses what it does not expect."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from provisioners.kubernetes.connection import Connection


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is said to one request."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lines: tuple[Any, ...] | None = None
    """Of a watch: sent one by one instead of a body."""
    cut: bool = False
    """Whether the connection ends in the middle."""
    hold: bool = False
    """Whether the watch stays open until the server goes."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Script:
    """A server with an answer for each request, in their order, per path; `watch` apart."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._answers: dict[str, deque[Answer]] = {}
        self._lock = threading.Lock()

    def says(self, place: str, *answers: Answer) -> None:
        """Queue answers for `METHOD path`, or `WATCH path`."""
        with self._lock:
            self._answers.setdefault(place, deque()).extend(answers)

    def take(self, asked: Asked) -> Answer | None:
        with self._lock:
            self.asked.append(asked)
            method = "WATCH" if asked.query.get("watch") == "true" else asked.method
            answers = self._answers.get(f"{method} {asked.path}")
            return answers.popleft() if answers else None

    def watches(self) -> list[Asked]:
        with self._lock:
            return [asked for asked in self.asked if asked.query.get("watch") == "true"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = Asked(
            method=self.command,
            path=parts.path,
            query=query,
            body=body,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        answer = self.script.take(asked)
        if answer is None and query.get("watch") == "true":
            answer = Answer(lines=(), hold=True)
        answer = answer or Answer(status=418, body={"message": f"unexpected: {self.path}"})
        if answer.cut and answer.lines is None:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.lines is None:
            data = json.dumps(answer.body).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in answer.lines:
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if answer.hold:
            self.script.closing.wait(30)
        self.close_connection = True
        if not answer.cut:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Script]:
    script = Script()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Scripted", (Handler,), {"script": script}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cluster = {"server": f"http://127.0.0.1:{server.server_port}"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": cluster}],
        "users": [{"name": "a", "user": {"token": "t0ken"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    yield script
    script.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connection(api: Script, tmp_path: Path) -> Iterator[Connection]:
    found = Connection(tmp_path / "kubeconfig", timeout=5.0)
    yield found
    found.close()

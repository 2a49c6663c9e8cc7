"""A server that answers what a real Magento answered, for our own client to be understood by.

It keeps state only as far as the recording is ordered: the same request again gets the next answer,
the last one for ever. A question about settings is answered setting by setting, as recorded.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.contract.client import place_of
from tests.contract.exchanges import Exchange

QUERY = "/rest/all/V1/storecontroller/config/query"
NO_ROUTE = {"message": "Request does not match any route."}


class Recorded:
    """The recorded answers, and which of them were given."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._waiting: dict[tuple[str, str], list[Exchange]] = {}
        self._settings: dict[tuple[str, str, str], dict[str, Any]] = {}
        for one in exchanges:
            self._waiting.setdefault((one.method, one.path), []).append(one)
            if one.path == QUERY and one.answer.status == 200:
                for asked, answer in zip(one.body["items"], one.answer.body, strict=True):
                    self._settings[place_of(asked)] = answer
        self.unknown: list[str] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Return status, kind and content of the answer to a request."""
        if path == QUERY and self._settings:
            asked = json.loads(body)["items"]
            return 200, "application/json", json.dumps([self._setting(i) for i in asked]).encode()
        left = self._waiting.get((method, path), [])
        if not left:
            self.unknown.append(f"{method} {path}")
            return 404, "application/json", json.dumps(NO_ROUTE).encode()
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one.answer.body, str) and "json" not in one.kind:
            return one.answer.status, one.kind, one.answer.body.encode()
        return one.answer.status, one.kind, json.dumps(one.answer.body).encode()

    def _setting(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what was recorded of a setting; one that is not in the recording is unknown."""
        found = self._settings.get(place_of(asked))
        message = f'Unknown path "{asked["path"]}".'
        return found or {**asked, "status": "error", "message": message}


@contextmanager
def serving(exchanges: Sequence[Exchange]) -> Iterator[tuple[str, Recorded]]:
    """Answer from recorded exchanges; give the address."""
    recorded = Recorded(exchanges)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            status, kind, content = recorded.answer(self.command, self.path, self.rfile.read(size))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - the base class names them

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", recorded
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The node's containerd: images that go missing, and a registry that knows none."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripts.nodekit.base import OUTSIDE
from scripts.nodekit.programs import REGISTRY_PORT


def _images(*words: str) -> None:
    command = ("ctr", "--namespace", "k8s.io", "images", *words)
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def missing(*references: str) -> Iterator[None]:
    """Take images from the node until the context ends."""
    for reference in references:
        _images("tag", "--force", reference, f"{reference}-kept")
        _images("remove", "--sync", reference)
    try:
        yield
    finally:
        for reference in references:
            there(reference)


def there(reference: str) -> None:
    """Give back an image that was taken."""
    _images("tag", "--force", f"{reference}-kept", reference)


@contextmanager
def registry() -> Iterator[None]:
    """A registry that answers for every host and has no image."""
    server = ThreadingHTTPServer((OUTSIDE, REGISTRY_PORT), _Empty)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Empty(BaseHTTPRequestHandler):
    """Says of every manifest that it is not known."""

    def _answer(self) -> None:
        errors = [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]
        body = b"{}" if self.path == "/v2/" else json.dumps({"errors": errors}).encode()
        self.send_response(200 if self.path == "/v2/" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return

"""What stores on a cluster run against: a real API server, and stand-ins for kubelets and shops.

It is a process of its own, so that its work counts as nobody's who is measured: `python -m
bench.cluster_world DIRECTORY [selling]` prints where it is, and ends when its input does.
"""

import base64
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from provisioners.kubernetes.connection import Connection
from provisioners.kubernetes.errors import ConflictError
from tests.cluster import control_plane
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubelet import Fate, StandIn, usual
from tests.cluster.shops import Shops

_COUNTED = re.compile(
    r'apiserver_request_total\{.*,resource="(?P<resource>\w*)".*verb="(?P<verb>\w+)".*\} '
    r"(?P<count>\S+)$"
)
_WRITING = {"POST", "PUT", "PATCH", "DELETE", "APPLY"}
_COMPONENT = "app.kubernetes.io/component"


@dataclass(frozen=True, kw_only=True)
class World:
    """Where it is."""

    kubeconfig: Path
    shops: str
    """How shops are reached, with {namespace}."""


class _Shop(BaseHTTPRequestHandler):
    """Says that it is ready, and nothing else that a shop would say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = json.dumps({"ready": True} if self.path.endswith("/ready") else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Nothing: thousands ask."""


def _fate(connection: Connection) -> Any:
    """Pods as they usually go; an installer's writes the Secret that it hands over."""
    token = base64.b64encode(b'{"access_token": "token"}').decode()
    done: set[str] = set()

    def fate(pod: dict[str, Any]) -> Fate:
        namespace = pod["metadata"]["namespace"]
        if pod["metadata"]["labels"].get(_COMPONENT) == "install" and namespace not in done:
            done.add(namespace)
            secret = {
                "metadata": {"name": f"{namespace}-integration"},
                "data": {"integration.json": token},
            }
            try:
                connection.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body=secret)
            except ConflictError:
                return usual(pod)
        return usual(pod)

    return fate


@contextmanager
def world(directory: Path, *, selling: bool = False) -> Iterator[World]:
    """A world in a process of its own; with `selling` a sandbox shop stands behind each release."""
    argv = [sys.executable, "-m", "bench.cluster_world", str(directory)]
    argv += ["selling"] if selling else []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        try:
            told = json.loads(made.stdout.readline() if made.stdout else "")
            yield World(kubeconfig=Path(told["kubeconfig"]), shops=told["shops"])
        finally:
            made.communicate()


@contextmanager
def _quick(plane: ControlPlane) -> Iterator[str]:
    """Shops that are only said to be ready; yields how they are reached."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with StandIn(plane.kubeconfig, _fate(Connection(plane.kubeconfig))).at_work():
        yield f"http://127.0.0.1:{server.server_port}/{{namespace}}"


@contextmanager
def _selling(plane: ControlPlane) -> Iterator[str]:
    """Shops that sell; yields how they are reached."""
    with (
        StandIn(plane.kubeconfig).at_work() as pods,
        Shops(plane.kubeconfig, plane.directory).open() as shops,
    ):
        pods.decide(shops.of_pod)
        yield shops.address


def writes(connection: Connection) -> Counter[str]:
    """How many requests that write the API server has answered, by verb and resource.

    Its own lease, which it renews every ten seconds, is left out.
    """
    counted: Counter[str] = Counter()
    for line in connection.text("/metrics").splitlines():
        found = _COUNTED.match(line)
        if found and found["verb"] in _WRITING and found["resource"] != "leases":
            counted[f"{found['verb']} {found['resource']}"] += int(float(found["count"]))
    return counted


def main(directory: Path, *, selling: bool) -> None:
    """Run one until the input ends."""
    stand_ins = _selling if selling else _quick
    with control_plane.running(directory) as plane, stand_ins(plane) as shops:
        print(json.dumps({"kubeconfig": str(plane.kubeconfig), "shops": shops}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), selling=sys.argv[2:] == ["selling"])

"""A stand-in for what runs inside a shop's pods: a sandbox shop for each release.

The stand-in for kubelets asks it what becomes of a pod. The pod of the installation makes it write
the token's Secret, as the chart's installer does; a web pod has the shop's process started. The
process ends when the release is stopped, and its data with the release's last volume. Of the
sandbox chart no stand-in is needed: `sandboxes` runs what its pods say. `address`
leads to all of them, as the cluster's network would: the namespace in the path says to which.
"""

import base64
import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from provisioners.base import DriverFailure, Release
from provisioners.kubernetes.connection import APPLY, Connection
from provisioners.kubernetes.errors import ClusterError, NotFoundError
from provisioners.kubernetes.namespaces import STACK
from provisioners.kubernetes.watch import Watches
from provisioners.sandbox import SandboxDriver
from tests.cluster.kubelet import Fate, Object, usual
from tests.cluster.sandboxes import Sandboxes
from tests.services.process import first_port

CHART, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
PREFIX = "store-"
_PASSED = {"content-type", "content-length", "location", "retry-after", "set-cookie"}


class Shops:
    """The shops of one cluster, by their namespaces."""

    def __init__(self, kubeconfig: Path, home: Path) -> None:
        first = first_port()
        self.fate: Callable[[Object], Fate] = usual
        """What becomes of pods, unless it is for a shop to say."""
        self.address = ""
        """How the control plane reaches a shop, with {namespace}."""
        self._connection = Connection(kubeconfig)
        self._driver = SandboxDriver(home / "shops", ports=range(first, first + 300))
        self.sandboxes = Sandboxes(home / "sandboxes")
        self._tokens: dict[str, str] = {}
        self._open: dict[str, int] = {}
        self._seen: set[str] = set()
        self._failed: dict[str, str] = {}
        """What pods of jobs printed that failed, by their uids."""
        self._copies: dict[str, list[str]] = {}
        """The backups of each shop that is no sandbox, the newest first."""
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shops")
        self._watches = Watches(
            self._connection, selector=STACK, prefix=PREFIX, changed=self._changed
        )

    @contextlib.contextmanager
    def open(self) -> Iterator["Shops"]:
        """Answer until the context ends; every process is gone then."""
        handler = type("Handler", (_Handler,), {"shops": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}/{{namespace}}"
        self._watches.synced(30)
        try:
            yield self
        finally:
            self._watches.close()
            self._pool.shutdown(cancel_futures=True)
            server.shutdown()
            thread.join()
            server.server_close()
            self._driver.stop_all()
            self.sandboxes.stop_all()
            self._connection.close()

    def of_pod(self, pod: Object) -> Fate:
        """What becomes of a pod; a shop's own have done their work when this returns."""
        fate, metadata = self.fate(pod), pod["metadata"]
        labels, namespace = metadata.get("labels", {}), metadata["namespace"]
        if metadata.get("deletionTimestamp"):
            return fate
        if labels.get(CHART) == "sandbox":
            return self._of_sandbox(pod, fate)
        if labels.get(CHART) != "magento":
            return fate
        # A namespace on its way out takes nothing; its pods follow.
        with contextlib.suppress(ClusterError, DriverFailure), self._alone(namespace):
            if fate is Fate.SUCCEEDED and labels.get(COMPONENT) == "install":
                self._hand_over(namespace, labels)
            if fate is Fate.SUCCEEDED and labels.get(COMPONENT) == "backup":
                self._copy(namespace, pod)
            if fate is Fate.READY and labels.get(COMPONENT) == "web":
                self._start(namespace, labels[STACK], pod)
        return fate

    def words(self, pod: Object) -> str:
        """The last words of a pod that ended: of a job with backups, which there are."""
        metadata = pod["metadata"]
        if metadata.get("labels", {}).get(CHART) == "sandbox":
            uid = metadata["uid"]
            return self._failed.get(uid) or self.sandboxes.last_words.get(uid, "")
        names = self._copies.get(metadata["namespace"], ())
        told = ({"name": name, "bytes": 1, "version": "Magento CLI 2.4.7-p3"} for name in names)
        return "".join(f"{json.dumps(each)}\n" for each in told)

    def _copy(self, namespace: str, pod: Object) -> None:
        """Make a backup, once for each pod that is there for it."""
        copies, uid = self._copies.setdefault(namespace, []), pod["metadata"]["uid"]
        if uid not in self._seen and pod["spec"].get("initContainers"):
            self._seen.add(uid)
            copies.insert(0, f"20261130T03{len(copies):02d}00Z")

    def _of_sandbox(self, pod: Object, fate: Fate) -> Fate:
        """What becomes of a pod of the sandbox chart: what its own program does."""
        metadata = pod["metadata"]
        namespace = metadata["namespace"]
        with contextlib.suppress(ClusterError), self._alone(namespace):
            path = f"/api/v1/namespaces/{namespace}/secrets"
            (volume,) = (each for each in pod["spec"]["volumes"] if each["name"] == "secrets")
            if fate is Fate.READY and not self._known(metadata["uid"], namespace):
                secret = self._connection.get(f"{path}/{volume['secret']['secretName']}")
                port = self.sandboxes.start(namespace, pod, secret)
                with self._lock:
                    self._open[namespace] = port
            if fate is Fate.SUCCEEDED and metadata["uid"] not in self._seen:
                secret = self._connection.get(f"{path}/{volume['secret']['secretName']}")
                self._seen.add(metadata["uid"])
                if why := self.sandboxes.run(namespace, pod, secret):
                    self._failed[metadata["uid"]] = why
        return Fate.FAILED if metadata["uid"] in self._failed else fate

    def running(self) -> set[str]:
        """The namespaces whose shop's process is there."""
        with self._lock:
            return set(self._open)

    def kept(self) -> set[str]:
        """The namespaces whose shop's data is there."""
        return {f"{PREFIX}{uid}" for uid in self._driver.names()} | self.sandboxes.kept()

    def port(self, namespace: str) -> int | None:
        """Where the shop of a namespace listens, 0 while it does not; None without a namespace."""
        with self._lock:
            found = self._open.get(namespace)
        if found is not None:
            return found
        try:
            self._connection.get(f"/api/v1/namespaces/{namespace}")
        except ClusterError:
            return None
        return 0

    def _hand_over(self, namespace: str, labels: dict[str, str]) -> None:
        content = json.dumps({"access_token": self._token(namespace)}).encode()
        name = f"{namespace}-integration"
        kept = {key: text for key, text in labels.items() if key.startswith("storecontroller.io/")}
        self._connection.request(
            "PATCH",
            f"/api/v1/namespaces/{namespace}/secrets/{name}",
            query={"fieldManager": "store-handover", "force": True},
            body={
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "labels": kept},
                "data": {"integration.json": base64.b64encode(content).decode()},
            },
            content=APPLY,
        )

    def _token(self, namespace: str) -> str:
        """The token that a shop made once, which its data holds."""
        return self._tokens.setdefault(namespace, secrets.token_hex(16))

    def _start(self, namespace: str, uid: str, pod: Object) -> None:
        if self._known(pod["metadata"]["uid"], namespace):
            return
        closed = _environ(pod).get("SHOP_STOREFRONT") == "closed"
        values = {"storefront": "closed" if closed else "open"}
        release = Release(name=uid, chart="sandbox", version="1", values=values)
        keys = {"access_token": self._token(namespace), "session_key": self._token(namespace)}
        self._driver.apply_secrets(uid, keys)
        status = self._driver.apply(release)
        port = int(str(status.endpoint).rpartition(":")[2])
        with self._lock:
            self._open[namespace] = port

    def _known(self, uid: str, namespace: str) -> bool:
        """Whether a pod's shop was started; every pod is told of more than once."""
        # While pods are replaced, those before are told of as well: the youngest has its say.
        if uid in self._seen and namespace in self.running():
            return True
        self._seen.add(uid)
        return False

    def _changed(self, namespace: str) -> None:
        # Watches go on while the pool ends.
        with contextlib.suppress(RuntimeError):
            self._pool.submit(self._settle, namespace)

    def _settle(self, namespace: str) -> None:
        """End what nothing in the cluster stands for any more."""
        for kind in ("deployment", "statefulset"):
            for thing in self._watches.view.of(kind, namespace):
                web = thing["metadata"]["name"] == f"{namespace}-web"
                if web and thing["spec"].get("replicas", 1):
                    return
        uid = namespace.removeprefix(PREFIX)
        with contextlib.suppress(ClusterError), self._alone(namespace):
            # The watches may be behind what a pod was started by.
            if self._serving(namespace):
                return
            with self._lock:
                self._open.pop(namespace, None)
            self._driver.stop(uid)
            self.sandboxes.stop(namespace)
            claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
            if not any(page["items"] for page in self._connection.pages(claims)):
                self._tokens.pop(namespace, None)
                self._driver.delete(uid)
                self.sandboxes.forget(namespace)

    def _serving(self, namespace: str) -> bool:
        for kind in ("deployments", "statefulsets"):
            path = f"/apis/apps/v1/namespaces/{namespace}/{kind}/{namespace}-web"
            with contextlib.suppress(NotFoundError):
                return bool(self._connection.get(path)["spec"].get("replicas", 1))
        return False

    def _alone(self, namespace: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(namespace, threading.Lock())


def _environ(pod: Object) -> dict[str, str]:
    """The plain variables of a pod's first container."""
    listed = pod["spec"]["containers"][0].get("env", ())
    return {item["name"]: item["value"] for item in listed if "value" in item}


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on to the shop that the path begins with."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    shops: Shops

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        namespace, _, rest = self.path.removeprefix("/").partition("/")
        port = self.shops.port(namespace)
        if not port:
            # No such Service, or one without a pod behind it.
            self._answer(404 if port is None else 503, {}, b"")
            return
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(self.command, f"/{rest}", body, dict(self.headers.items()))
            found = connection.getresponse()
            self._answer(found.status, dict(found.headers.items()), found.read())
        except (OSError, HTTPException):
            self._answer(502, {}, b"")
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() in _PASSED - {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return

"""A control plane of real programs: etcd, kube-apiserver and kube-controller-manager.

The `cluster` fixture runs one per session. `python -m tests.cluster.control_plane [DIRECTORY]` runs
one until Ctrl-C, with the stand-in for kubelets, and says which KUBECONFIG reaches it.
"""

import contextlib
import json
import secrets
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from scripts.clusterkit.base import BIN
from tests.cluster import certificates
from tests.cluster.kubelet import StandIn
from tests.services import process

HOST = "127.0.0.1"
SERVICES = "10.96.0.0/12"
FIRST_SERVICE = "10.96.0.1"
ADMIN = "system:masters"
CONTROLLERS = "system:kube-controller-manager"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")


class ControlPlane:
    """RBAC and Pod Security are enforced; nodes and pods are somebody else's."""

    def __init__(self, directory: Path, tools: Path = BIN) -> None:
        self.directory = directory
        self.kubeconfig = directory / "kubeconfig"
        self._tools = tools
        self._running: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []
        self._port = process.free_port()
        self.url = f"https://{HOST}:{self._port}"
        self._tokens = {user: secrets.token_hex(16) for user in ("admin", CONTROLLERS)}

    def start(self) -> None:
        """Start all three and wait until each is well. Raises RuntimeError with a log's end."""
        absent = [name for name in PROGRAMS if not (self._tools / name).exists()]
        if absent:
            raise RuntimeError(
                f"{', '.join(absent)} is missing in {self._tools}: make cluster-tools"
            )
        self.directory.mkdir(parents=True, exist_ok=True)
        certificates.write(self.directory, (HOST, FIRST_SERVICE))
        groups = {"admin": f',"{ADMIN}"', CONTROLLERS: ""}
        (self.directory / "tokens.csv").write_text(
            "".join(
                f"{token},{user},{user}{groups[user]}\n" for user, token in self._tokens.items()
            )
        )
        self._write_kubeconfig(self.kubeconfig, "admin")
        self._write_kubeconfig(self.directory / "controllers", CONTROLLERS)
        try:
            self._api_server(self._etcd())
            self._controllers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End what runs, the last one started first."""
        while self._running:
            process.stop(*self._running.pop())

    def _etcd(self) -> str:
        client, peer = (f"http://{HOST}:{process.free_port()}" for _ in range(2))
        options = {
            "name": "tests",
            "data-dir": self.directory / "etcd",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"tests={peer}",
            # Nothing here has to outlive a power failure.
            "unsafe-no-fsync": "true",
        }
        self._run("etcd", options, f"{client}/health", signal.SIGTERM)
        return client

    def _api_server(self, etcd: str) -> None:
        keys = self.directory
        options = {
            "etcd-servers": etcd,
            # The oldest etcd that is accepted was seen to end while it compacted under load.
            "etcd-compaction-interval": "0",
            "bind-address": HOST,
            "advertise-address": HOST,
            "secure-port": self._port,
            "cert-dir": keys,
            "tls-cert-file": keys / "server.crt",
            "tls-private-key-file": keys / "server.key",
            "token-auth-file": keys / "tokens.csv",
            "authorization-mode": "RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": keys / "tokens.pub",
            "service-account-signing-key-file": keys / "tokens.key",
            "service-cluster-ip-range": SERVICES,
            "endpoint-reconciler-type": "none",
            "allow-privileged": "true",
        }
        # Asked kindly it waits for open requests, watches too; nothing of it has to be kept.
        self._run("kube-apiserver", options, f"{self.url}/readyz", signal.SIGKILL)

    def _controllers(self) -> None:
        options = {
            "kubeconfig": self.directory / "controllers",
            "authentication-kubeconfig": self.directory / "controllers",
            "authentication-skip-lookup": "true",
            "authorization-kubeconfig": self.directory / "controllers",
            "bind-address": HOST,
            "secure-port": process.free_port(),
            "cert-dir": self.directory / "controllers-tls",
            "root-ca-file": self.directory / "ca.crt",
            "service-account-private-key-file": self.directory / "tokens.key",
            "use-service-account-credentials": "true",
            "leader-elect": "false",
            # At its own pace it takes four seconds to make itself the accounts it works under.
            "kube-api-qps": "500",
            "kube-api-burst": "1000",
            # The one node is no machine; nobody says every few seconds that it is well.
            "controllers": "*,-node-lifecycle-controller,-taint-eviction-controller",
        }
        # Its own health says that it serves; this account, that its controllers work.
        account = f"{self.url}/api/v1/namespaces/default/serviceaccounts/default"
        self._run("kube-controller-manager", options, account, signal.SIGKILL)

    def _run(self, name: str, options: dict[str, object], health: str, end: signal.Signals) -> None:
        log = self.directory / f"{name}.log"
        command: list[str | Path] = [self._tools / name]
        command += [f"--{key}={value}" for key, value in options.items()]
        started = process.start(command, log=log, orphaned=end)
        self._running.append((started, end))
        request = urllib.request.Request(health)
        if health.startswith(self.url):
            request.add_header("Authorization", f"Bearer {self._tokens['admin']}")
        process.wait_until_ready(started, lambda: _well(request), log=log, seconds=60)

    def _write_kubeconfig(self, path: Path, user: str) -> None:
        ca = str(self.directory / "ca.crt")
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "tests", "cluster": {"server": self.url, "certificate-authority": ca}}
            ],
            "users": [{"name": user, "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": user}}],
            "current-context": "tests",
        }
        # JSON is YAML, and every reader of kubeconfigs takes it.
        path.write_text(json.dumps(content, indent=2))
        path.chmod(0o600)


def _well(request: urllib.request.Request) -> bool:
    # Whether the certificate is right is the tests' own question; here only the answer counts.
    anyone = ssl._create_unverified_context()
    with contextlib.suppress(OSError), urllib.request.urlopen(request, context=anyone) as answer:
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def running(directory: Path) -> Iterator[ControlPlane]:
    """Run a control plane until the context ends."""
    plane = ControlPlane(directory)
    plane.start()
    try:
        yield plane
    finally:
        plane.stop()


def main(directory: Path) -> None:
    """Run one, with the stand-in for kubelets, until a signal comes."""
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: stop.set())
    with running(directory) as plane, StandIn(plane.kubeconfig).at_work():
        sys.stdout.write(f"export KUBECONFIG={plane.kubeconfig}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]).absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="control-plane-") as scratch:
            main(Path(scratch))

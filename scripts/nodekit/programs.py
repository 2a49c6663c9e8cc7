"""The node's programs, each started again when it ends, as a service manager would."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scripts.clusterkit.base import BIN
from scripts.nodekit.base import (
    CLUSTER_DOMAIN,
    DNS_SERVICE,
    NODE,
    NODE_ADDRESS,
    OUTSIDE,
    PODS,
    SERVICES,
    NodeError,
    Object,
    inside_node,
)
from scripts.nodekit.mirror import Mirror

TOOLS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kubectl",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
)
"""What `scripts.cluster_tools` gets for a node."""
PAUSE = "registry.k8s.io/pause:3.10"
SOCKET = "/run/containerd/containerd.sock"
_ETCD, _PEERS = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
_CONTAINERD = """
version = 2
root = "{directory}/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Where CAP_SYS_RESOURCE is missing no process may lower its oom_score_adj, and runc ends with it.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{directory}/cni.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{directory}/registries"
"""
# Every registry is one on the outside, where a test may run one; nothing else answers there.
REGISTRY_PORT = 5000
_REGISTRIES = """
server = "http://{outside}:{port}"
[host."http://{outside}:{port}"]
  capabilities = ["pull", "resolve"]
"""
# Each pod has a route of its own, so that what pods say to each other passes the node's firewall.
_CNI = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "plugins": [
        {
            "type": "ptp",
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": PODS}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
    ],
}


class Programs:
    """All programs of one node; they end with its process namespace."""

    def __init__(self, directory: Path, cgroup: str) -> None:
        self._directory = directory
        self._pki = directory / "pki"
        self._cgroup = cgroup
        self._logs = Path("/var/log")
        (directory / "pids").mkdir(exist_ok=True)

    def start(self, services: list[str | Path]) -> None:
        """Start them in order; returns when the node is ready. Raises NodeError."""
        self._keep("etcd", [BIN / "etcd", *_options(self._etcd())])
        self._keep("containerd", ["containerd", "--config", self._containerd()])
        self._keep("kube-apiserver", [BIN / "kube-apiserver", *_options(self._api_server())])
        mirror = Mirror(self._pki / "admin", self._pki / "cluster-ca.crt")
        self._await("the API server", lambda: _answers(mirror))
        self._keep(
            "kube-controller-manager",
            [BIN / "kube-controller-manager", *_options(self._controllers())],
        )
        self._keep("kube-scheduler", [BIN / "kube-scheduler", *_options(self._scheduler())])
        self._keep("kubelet", [BIN / "kubelet", *_options(self._kubelet())])
        self._keep("kube-proxy", [BIN / "kube-proxy", *_options(self._proxy())])
        self._keep("services", services)
        self._await("the node", lambda: _ready(mirror))
        self._await("DNS and Ingress", (self._directory / "serving").exists)

    def _etcd(self) -> Object:
        return {
            "name": NODE,
            "data-dir": self._directory / "etcd",
            "listen-client-urls": _ETCD,
            "advertise-client-urls": _ETCD,
            "listen-peer-urls": _PEERS,
            "initial-advertise-peer-urls": _PEERS,
            "initial-cluster": f"{NODE}={_PEERS}",
            # Nothing here has to outlive a power failure.
            "unsafe-no-fsync": "true",
        }

    def _containerd(self) -> Path:
        cni = self._directory / "cni.d"
        cni.mkdir(exist_ok=True)
        (cni / "10-pods.conflist").write_text(json.dumps(_CNI))
        registries = self._directory / "registries" / "_default"
        registries.mkdir(parents=True, exist_ok=True)
        told = _REGISTRIES.format(outside=OUTSIDE, port=REGISTRY_PORT)
        (registries / "hosts.toml").write_text(told)
        path = self._directory / "containerd.toml"
        path.write_text(_CONTAINERD.format(directory=self._directory, pause=PAUSE))
        return path

    def _api_server(self) -> Object:
        pki = self._pki
        return {
            "etcd-servers": _ETCD,
            "etcd-compaction-interval": "0",
            "bind-address": NODE_ADDRESS,
            "advertise-address": NODE_ADDRESS,
            "secure-port": 6443,
            "cert-dir": pki,
            "tls-cert-file": pki / "apiserver.crt",
            "tls-private-key-file": pki / "apiserver.key",
            "client-ca-file": pki / "cluster-ca.crt",
            "token-auth-file": pki / "tokens.csv",
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
            "kubelet-client-key": pki / "apiserver-kubelet.key",
            "kubelet-certificate-authority": pki / "cluster-ca.crt",
            "kubelet-preferred-address-types": "InternalIP",
            "service-account-issuer": f"https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            "service-account-key-file": pki / "tokens.pub",
            "service-account-signing-key-file": pki / "tokens.key",
            "service-cluster-ip-range": SERVICES,
            "allow-privileged": "true",
        }

    def _controllers(self) -> Object:
        return {
            **self._account("controllers"),
            "root-ca-file": self._pki / "cluster-ca.crt",
            "service-account-private-key-file": self._pki / "tokens.key",
            "use-service-account-credentials": "true",
            "kube-api-qps": 200,
            "kube-api-burst": 400,
            # A node that says nothing is noticed sooner than in production, where it takes 50 s.
            "node-monitor-grace-period": "24s",
            "node-monitor-period": "2s",
        }

    def _scheduler(self) -> Object:
        return self._account("scheduler")

    def _account(self, name: str) -> Object:
        path = self._pki / name
        return {
            "kubeconfig": path,
            "authentication-kubeconfig": path,
            "authorization-kubeconfig": path,
            "bind-address": "127.0.0.1",
            "cert-dir": self._directory / f"{name}-tls",
            "leader-elect": "false",
        }

    def _kubelet(self) -> Object:
        names = self._directory / "pods-resolv.conf"
        names.write_text(f"nameserver {NODE_ADDRESS}\n")
        authority = str(self._pki / "cluster-ca.crt")
        content = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
            "failSwapOn": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self._cgroup,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "clusterDNS": [DNS_SERVICE],
            "clusterDomain": CLUSTER_DOMAIN,
            "resolvConf": str(names),
            "tlsCertFile": str(self._pki / "kubelet.crt"),
            "tlsPrivateKeyFile": str(self._pki / "kubelet.key"),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": authority},
            },
            "authorization": {"mode": "Webhook"},
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "makeIPTablesUtilChains": False,
            "maxPods": 200,
            "nodeLeaseDurationSeconds": 16,
            "nodeStatusUpdateFrequency": "4s",
            "serializeImagePulls": False,
            "volumeStatsAggPeriod": "5s",
        }
        path = self._directory / "kubelet.json"
        path.write_text(json.dumps(content, indent=2))
        return {
            "config": path,
            "kubeconfig": self._pki / "kubelet",
            "hostname-override": NODE,
            "node-ip": NODE_ADDRESS,
        }

    def _proxy(self) -> Object:
        return {
            "kubeconfig": self._pki / "proxy",
            "hostname-override": NODE,
            "cluster-cidr": PODS,
            "proxy-mode": "nftables",
            "conntrack-max-per-core": 0,
            "bind-address": NODE_ADDRESS,
            "healthz-bind-address": "127.0.0.1:10256",
        }

    def _keep(self, name: str, command: list[str | Path]) -> None:
        threading.Thread(target=self._again, args=(name, command), daemon=True).start()

    def _again(self, name: str, command: list[str | Path]) -> None:
        while True:
            with (self._logs / f"{name}.log").open("ab") as log:
                running = subprocess.Popen(  # noqa: S603
                    inside_node(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            (self._directory / "pids" / name).write_text(str(running.pid))
            running.wait()
            time.sleep(1)

    def _await(self, what: str, holds: Callable[[], bool], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise NodeError(f"{what} is not ready after {seconds:.0f} s; the logs are in log/")
            time.sleep(0.2)


def _answers(mirror: Mirror) -> bool:
    try:
        mirror.call("GET", "/api/v1/namespaces/default")
    except OSError:
        return False
    return True


def _ready(mirror: Mirror) -> bool:
    try:
        node = mirror.call("GET", f"/api/v1/nodes/{NODE}")
    except OSError:
        return False
    return any(
        item["type"] == "Ready" and item["status"] == "True"
        for item in node["status"].get("conditions", ())
    )


def _options(options: Object) -> list[str]:
    return [f"--{key}={value}" for key, value in options.items()]

"""The first process of the node's namespaces: mounts, network, programs; when it ends, all do.

`python -m scripts.nodekit.inside DIRECTORY CGROUP` is started by `world` with unshare.
"""

import os
import sys
import time
from pathlib import Path

from scripts.nodekit import pki
from scripts.nodekit.base import NODE_ADDRESS, OUTSIDE, PODS, NodeError, inside_node, run
from scripts.nodekit.programs import Programs

# What a kubelet sets on its machine; here it finds it set and leaves the machine's own alone.
_KERNEL = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/keys/root_maxbytes": 25_000_000,
}
_PRIVATE = {"log": "/var/log", "cni": "/var/lib/cni", "kubelet": "/var/lib/kubelet"}
_MASQUERADE = f"""
table ip storecontroller-node {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {PODS} ip daddr != {PODS} masquerade
  }}
}}
"""


def mounts(directory: Path) -> None:
    """What the programs write lies below the directory or in memory, and is seen by them alone."""
    # What a kubelet mounts has to be seen by containerd, and by nobody out of here.
    run("mount", "--make-rshared", "/")
    resolv = Path("/etc/resolv.conf")
    target = resolv.resolve()
    run("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    for name in ("lock", "netns", "containerd"):
        (Path("/run") / name).mkdir()
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    (directory / "resolv.conf").write_text(f"nameserver {NODE_ADDRESS}\n")
    run("mount", "--bind", directory / "resolv.conf", target)
    for name, path in _PRIVATE.items():
        (directory / name).mkdir(exist_ok=True)
        Path(path).mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", directory / name, path)
    for name, value in _KERNEL.items():
        if (Path("/proc/sys") / name).exists():
            held = directory / "kernel" / name
            held.parent.mkdir(parents=True, exist_ok=True)
            held.write_text(f"{value}\n")
            run("mount", "--bind", held, Path("/proc/sys") / name)


def network() -> None:
    """The outside is where this runs; the node has a namespace of its own and a cable to it."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", "node")
    run("ip", "link", "add", "outside", "type", "veth", "peer", "name", "node", "netns", "node")
    run("ip", "addr", "add", f"{OUTSIDE}/24", "dev", "outside")
    run("ip", "link", "set", "outside", "up")
    run(*inside_node("ip", "link", "set", "lo", "up"))
    run(*inside_node("ip", "addr", "add", f"{NODE_ADDRESS}/24", "dev", "node"))
    run(*inside_node("ip", "link", "set", "node", "up"))
    # kube-proxy and kubelet want a default route; there is nothing behind it.
    run(*inside_node("ip", "route", "add", "default", "via", OUTSIDE))
    run(*inside_node("sysctl", "-qw", "net.ipv4.ip_forward=1"))
    run(*inside_node("nft", "-f", "-"), text=_MASQUERADE)


def work(directory: Path, cgroup: str) -> None:
    """Lay everything and keep it; the file `ready` or `failed` says how it went."""
    try:
        mounts(directory)
        network()
        pki.write(directory / "pki")
        services: list[str | Path] = [sys.executable, "-m", "scripts.nodekit.services", directory]
        Programs(directory, cgroup).start(services)
    except (NodeError, OSError) as error:
        (directory / "failed").write_text(str(error))
        raise
    (directory / "ready").touch()
    while True:
        time.sleep(3600)


def main(directory: Path, cgroup: str) -> None:
    """Be the first process: bury the dead, and end with the worker."""
    worker = os.fork()
    if worker == 0:
        work(directory, cgroup)
    while True:
        ended, _ = os.wait()
        if ended == worker:
            sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

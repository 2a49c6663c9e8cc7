"""Where the node keeps its things, and its addresses; the whole kit uses it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("STORECTL_NODE_HOME") or ROOT / ".node").absolute()
CACHE = HOME / "cache"
"""Images and what they are made of: it may be missing and is then made again."""
STATE = HOME / "run"
"""The node that `python -m scripts.node up` started."""

NODE = "node1"
NODE_ADDRESS = "203.0.113.1"
"""The node, its API server and its Ingress. TEST-NET-3, so that policies see it as the internet."""
OUTSIDE = "203.0.113.2"
"""Everybody else: where `enter` leads to, the tests, a mail server. It knows no way to pods."""
API = f"https://{NODE_ADDRESS}:6443"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
KUBERNETES_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
PUBLIC_DOMAIN = "example.com"
"""Each name in it leads to the node's Ingress."""
MAIL_HOST = "mail.example.net"
"""Leads to OUTSIDE."""
STORAGE_CLASS = "standard"
INGRESS_CLASS = "nginx"

Object = dict[str, Any]
"""A Kubernetes object as JSON."""


class NodeError(Exception):
    """Something of the node could not be done; the text says what and why."""


def run(
    *command: str | Path, environ: Mapping[str, str] | None = None, text: str | None = None
) -> str:
    """Run a program to its end and return what it printed. Raises NodeError with its last words."""
    done = subprocess.run(  # noqa: S603
        command,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environ or {})},
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise NodeError(f"{' '.join(map(str, command))}: {done.returncode}\n" + "\n".join(words))
    return done.stdout


def inside_node(*command: str | Path) -> Sequence[str | Path]:
    """The command in the node's network namespace; mounts stay those of all."""
    return ("nsenter", "--net=/run/netns/node", *command)

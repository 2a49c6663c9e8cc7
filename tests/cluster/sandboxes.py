"""What runs in the pods of the sandbox chart, in real processes: the program of its image.

Each container's own arguments and environment are given to it; only where the volumes, the secret
and the port are is said anew, as a kubelet would arrange it. `shops` says when which pod has work.
"""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.services import process

Object = dict[str, Any]


class Sandboxes:
    """The sandbox shops of one cluster, each with its volumes below one directory."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.last_words: dict[str, str] = {}
        """What pods that ended told at their end, by their uids."""

    def start(self, namespace: str, pod: Object, secret: Object) -> int:
        """Serve the shop of a pod, in the place of the one before; return its port."""
        self.stop(namespace)
        port = process.free_port()
        place = self._place(namespace, secret)
        log = place / "web.log"
        (container,) = pod["spec"]["containers"]
        running = process.start(
            command(container), log=log, environ=environ(container, place, SHOP_PORT=str(port))
        )
        process.wait_until_ready(running, lambda: answers(port), log=log)
        self._running[namespace] = running
        return port

    def run(self, namespace: str, pod: Object, secret: Object) -> str:
        """Run a pod that ends, its containers in their order; return why it failed, or nothing.

        What it leaves as its last words is in `last_words`.
        """
        place = self._place(namespace, secret)
        words = place / "last-words"
        words.write_text("")
        spec = pod["spec"]
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            done = subprocess.run(
                command(container),
                env=environ(container, place, SHOP_LAST_WORDS=str(words)),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                return done.stdout
        self.last_words[pod["metadata"]["uid"]] = words.read_text()
        return ""

    def stop(self, namespace: str) -> None:
        """End a shop as a kubelet does."""
        if running := self._running.pop(namespace, None):
            process.stop(running, signal.SIGTERM)

    def stop_all(self) -> None:
        """End every shop."""
        for namespace in tuple(self._running):
            self.stop(namespace)

    def kept(self) -> set[str]:
        """The namespaces whose shop's data is there."""
        return {path.name for path in self._home.glob("*")}

    def forget(self, namespace: str) -> None:
        """Destroy a shop's volumes."""
        shutil.rmtree(self._home / namespace, ignore_errors=True)

    def volume(self, namespace: str, name: str) -> Path:
        """One of a shop's volumes."""
        return self._home / namespace / name

    def _place(self, namespace: str, secret: Object) -> Path:
        place = self._home / namespace
        for name in ("data", "backup", "secrets"):
            (place / name).mkdir(parents=True, exist_ok=True)
        for key, value in secret["data"].items():
            (place / "secrets" / key).write_bytes(base64.b64decode(value))
        return place


def command(container: Object) -> list[str]:
    """The image's entry point with a container's arguments."""
    return [sys.executable, "-m", "sandbox.container", *container["args"]]


def environ(container: Object, place: Path, **over: str) -> dict[str, str]:
    """A container's environment, its mounts where they are."""
    listed = container.get("env", ())
    mounts = {"DATA": "data", "BACKUP": "backup", "SECRETS": "secrets"}
    return {
        **{item["name"]: item["value"] for item in listed},
        **{f"SHOP_{key}": str(place / name) for key, name in mounts.items()},
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PATH": os.environ["PATH"],
        **over,
    }


def answers(port: int) -> bool:
    """Whether a shop answers its probe."""
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/-/live", timeout=2) as answer,
    ):
        return bool(answer.status == 204)
    return False

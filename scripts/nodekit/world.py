"""The namespaces that a node lives in: made by unshare, gone with their first process.

Processes, mounts, loop devices, addresses and rules are all inside, so that the kernel takes them
away even when nobody is left to clean up. What is left then are control groups and files, which
the next start removes.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.clusterkit.base import BIN
from scripts.nodekit.base import ROOT, NodeError
from scripts.nodekit.cgroups import Cgroups

_KINDS = ("--mount", "--net", "--pid")


class World:
    """One node's namespaces and its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kubeconfig = directory / "pki" / "admin"
        self._cgroups = Cgroups(directory)

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which kubectl and helm are the tools' and reach the node."""
        path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
        return {"PATH": path, "KUBECONFIG": str(self.kubeconfig)}

    @property
    def first(self) -> int | None:
        """The first process as this machine numbers it; None when it does not run."""
        with contextlib.suppress(OSError, ValueError):
            pid, began = (self.directory / "first").read_text().split()
            if _began(int(pid)) == began:
                return int(pid)
        return None

    def start(self, *, stay: bool) -> None:
        """Start it and wait until the node is ready; it ends with this process or stays.

        Raises NodeError.
        """
        self.stop()
        self.directory.mkdir(parents=True)
        cgroup = self._cgroups.make()
        command = ["unshare", *_KINDS, "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        command += ["--propagation", "private", sys.executable, "-m", "scripts.nodekit.inside"]
        if not stay:
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        with (self.directory / "world.log").open("ab") as log:
            outer = subprocess.Popen(  # noqa: S603
                [*command, str(self.directory), cgroup],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await(outer)

    def _await(self, outer: "subprocess.Popen[bytes]") -> None:
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        while outer.poll() is None:
            if self.first is None and (pids := children.read_text().split()):
                (self.directory / "first").write_text(f"{pids[0]} {_began(int(pids[0]))}")
            if (self.directory / "ready").exists():
                return
            time.sleep(0.1)
        failed = self.directory / "failed"
        why = failed.read_text() if failed.exists() else ""
        raise NodeError(why or (self.directory / "world.log").read_text()[-2000:])

    def stop(self) -> None:
        """End everything and remove what is left of it; nothing to do is well."""
        if (first := self.first) is not None:
            os.kill(first, signal.SIGKILL)
            deadline = time.monotonic() + 60
            while Path(f"/proc/{first}").exists() and time.monotonic() < deadline:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(-1, os.WNOHANG)
                time.sleep(0.1)
        self._cgroups.remove()
        if self.directory.exists():
            shutil.rmtree(self.directory)

    def entering(self, command: Sequence[str | Path]) -> list[str | Path]:
        """The command as it runs outside of the node and within reach of it. Raises NodeError."""
        if (first := self.first) is None:
            raise NodeError("no node runs: python -m scripts.node up")
        return ["nsenter", f"--target={first}", *_KINDS, f"--wdns={Path.cwd()}", *command]


def _began(pid: int) -> str:
    """When a process began, in the kernel's ticks: a number may be given again."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


@contextlib.contextmanager
def running(directory: Path) -> Iterator[World]:
    """A node that ends with the context."""
    world = World(directory)
    try:
        world.start(stay=False)
        yield world
    finally:
        world.stop()

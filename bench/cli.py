"""How long `storectl --help` takes. Floor: the interpreter doing nothing."""

import subprocess
import sys
import time
from pathlib import Path

from bench.harness import Figure, machine, median, percentile

ROUNDS = 21
GOAL_MS = 150.0


def run() -> None:
    """Measure and print."""
    storectl = str(Path(sys.executable).with_name("storectl"))
    helped, nothing = [], []
    for _ in range(ROUNDS):
        helped.append(_milliseconds(storectl, "--help"))
        nothing.append(_milliseconds(sys.executable, "-c", "pass"))
    figure = median(helped)
    Figure(
        name="storectl_help_ms",
        figure=round(figure, 1),
        unit="ms",
        floor=round(median(nothing), 1),
        ratio=round(figure / median(nothing), 1),
        spread=[round(min(helped), 1), round(max(helped), 1)],
        goal=f"<= {GOAL_MS} ms",
        met=figure <= GOAL_MS,
        detail={"p95": round(percentile(helped, 0.95), 1), **machine()},
    ).show()


def _milliseconds(*argv: str) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000

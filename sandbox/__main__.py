"""Entry point of `python -m sandbox --directory DIR`; the sandbox driver starts it."""

import argparse
import sys
from pathlib import Path

from sandbox.process import run


def main() -> int:
    """Return the exit code of one shop process."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Run one sandbox shop.")
    parser.add_argument("--directory", type=Path, required=True, help="where the shop lives")
    parser.add_argument("--lock", type=int, help="the descriptor of its lock, already held")
    asked = parser.parse_args()
    return run(asked.directory, asked.lock)


if __name__ == "__main__":
    sys.exit(main())

"""Entry point of `python -m sandbox --directory DIR`; the sandbox driver starts it."""

import argparse
import sys
from pathlib import Path

from sandbox.process import run


def main() -> int:
    """Return the exit code of one shop process."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Run one sandbox shop.")
    parser.add_argument("--directory", type=Path, required=True, help="where the shop lives")
    return run(parser.parse_args().directory)


if __name__ == "__main__":
    sys.exit(main())

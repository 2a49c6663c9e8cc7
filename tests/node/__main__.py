"""`python -m tests.node [ARGUMENT…]`: start a node, run pytest beside it, end the node.

Where no node can run it says why and is well: only a machine that could have has to.
"""

import sys
from collections.abc import Sequence

from scripts.nodekit import machine
from scripts.nodekit.base import ROOT, NodeError
from tests.node.beside import beside

# A first shop takes minutes where the machine is busy.
PATIENT = ("-o", "faulthandler_timeout=1200")

SUITE = (str(ROOT / "tests" / "node"), str(ROOT / "tests" / "cluster" / "test_walkthrough.py"))
"""The guide's first cluster is walked here too, where its pods are real."""


def main(arguments: Sequence[str]) -> int:
    """Run the suite; its exit status is pytest's. Raises NodeError."""
    if why := machine.why_not():
        sys.stdout.write(f"No node can run here, so nothing of it is tested: {why}\n")
        return 0
    command = [sys.executable, "-m", "pytest", "-n", "0", *PATIENT, *(arguments or SUITE)]
    return beside("test", command, ("postgres", "controller", "sandbox"))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NodeError as error:
        sys.exit(str(error))

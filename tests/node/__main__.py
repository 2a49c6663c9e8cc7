"""`python -m tests.node [ARGUMENT…]`: start a node, run pytest beside it, end the node.

Where no node can run it says why and is well: only a machine that could have has to.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts import cluster_tools
from scripts.nodekit import images, machine, programs
from scripts.nodekit.base import HOME, ROOT, NodeError
from scripts.nodekit.world import World, running

# A first shop takes minutes where the machine is busy.
PATIENT = ("-o", "faulthandler_timeout=1200")
TOOLS = (*programs.TOOLS, "helm4", "tofu")
USUAL = (
    "pause",
    "kubectl",
    "mariadb",
    "valkey",
    "varnish",
    "opensearch",
    "postgres",
    "controller",
)


def wanted() -> tuple[str, ...]:
    """The images of this run: the real shop's where a tree is given, else its stand-in's."""
    return (*USUAL, "sandbox", "shop" if os.environ.get(images.TREE) else "standin")


def main(arguments: Sequence[str]) -> int:
    """Run the suite; its exit status is pytest's. Raises NodeError."""
    if why := machine.why_not():
        sys.stdout.write(f"No node can run here, so nothing of it is tested: {why}\n")
        return 0
    machine.install()
    if failed := cluster_tools.main(TOOLS):
        return failed
    names = wanted()
    images.build(names)
    with running(HOME / "test") as world:
        images.load(world, names)
        options = [str(argument) for argument in arguments] or [str(ROOT / "tests" / "node")]
        command = [sys.executable, "-m", "pytest", "-n", "0", *PATIENT, *options]
        return subprocess.run(
            world.entering(command), env=environ(world), cwd=ROOT, check=False
        ).returncode


def environ(world: World) -> dict[str, str]:
    """What tells the tests of the node, as of any cluster that is given to them."""
    trusted = world.directory / "trusted.pem"
    ours = (world.directory / "pki" / "shops-ca.crt").read_text()
    known = Path("/etc/ssl/certs/ca-certificates.crt")
    trusted.write_text((known.read_text() if known.exists() else "") + ours)
    return {
        **os.environ,
        **world.environ,
        "SSL_CERT_FILE": str(trusted),
        "REQUESTS_CA_BUNDLE": str(trusted),
        "STORECTL_TEST_NODE": str(world.directory),
        "STORECTL_TEST_KUBECONFIG": str(world.kubeconfig),
        "STORECTL_TEST_SHOP_IMAGE": images.IMAGES[wanted()[-1]].reference,
        "STORECTL_TEST_SHOP_DOMAIN": "shops.example.com",
        "STORECTL_TEST_SHOP_ADDRESS": "https://{host}",
        "STORECTL_TEST_PATIENCE": os.environ.get("STORECTL_TEST_PATIENCE", "3"),
    }


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NodeError as error:
        sys.exit(str(error))

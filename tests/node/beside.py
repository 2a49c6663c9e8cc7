"""A node with the images of this run, and a program that runs beside it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts import cluster_tools
from scripts.nodekit import images, machine, programs
from scripts.nodekit.base import HOME, ROOT
from scripts.nodekit.world import World, running

NODE = "STORECTL_TEST_NODE"
"""The variable that names the node's directory."""
TOOLS = (*programs.TOOLS, "helm4", "tofu")
SHOPS = ("pause", "kubectl", "mariadb", "valkey", "varnish", "opensearch")
"""The images that a Magento needs beside its own."""


def shop() -> str:
    """The image of the shop: the real one's where a tree is given, else its stand-in's."""
    return "shop" if os.environ.get(images.TREE) else "standin"


def beside(name: str, command: Sequence[str], others: Sequence[str]) -> int:
    """Start a node, run a program where it is reached, end the node; the program's exit status.

    `others`: images beside those that every shop needs. Raises NodeError.
    """
    machine.install()
    if failed := cluster_tools.main(TOOLS):
        return failed
    names = (*SHOPS, *others, shop())
    images.build(names)
    with running(HOME / name) as world:
        images.load(world, names)
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
        NODE: str(world.directory),
        "STORECTL_TEST_KUBECONFIG": str(world.kubeconfig),
        "STORECTL_TEST_SHOP_IMAGE": images.IMAGES[shop()].reference,
        "STORECTL_TEST_SHOP_DOMAIN": "shops.example.com",
        "STORECTL_TEST_SHOP_ADDRESS": "https://{host}",
        "STORECTL_TEST_PATIENCE": os.environ.get("STORECTL_TEST_PATIENCE", "3"),
    }

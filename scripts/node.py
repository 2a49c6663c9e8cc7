"""A single node of real Kubernetes on this machine, in namespaces of its own. Needs root.

`python -m scripts.node up` starts one and leaves it, `down` ends it, `images` builds and imports
what runs on it, `enter COMMAND…` runs a program where the node and its shops are reached.
"""

import os
import sys
from collections.abc import Sequence

from scripts.nodekit import images, machine
from scripts.nodekit.base import NODE_ADDRESS, STATE, NodeError
from scripts.nodekit.world import World

_USAGE = "Usage: python -m scripts.node up [IMAGE…] | down | images IMAGE… | enter COMMAND…"
_UP = """
A node runs at {address}. Its kubeconfig: {directory}/pki/admin
  python -m scripts.node enter kubectl get pods -A   runs anything where the node is reached
  python -m scripts.node images NAME…                builds and imports images:
      {images}
  python -m scripts.node down                        ends it and removes all of it
Logs of its programs: {directory}/log. Names below example.com lead to its Ingress,
whose certificate {directory}/pki/shops-ca.crt signed; mail.example.net leads to
where `enter` is.
"""


def main(words: Sequence[str]) -> int:
    """Do what the words say."""
    command, *rest = words or [""]
    world = World(STATE)
    if command == "up":
        if why := machine.why_not():
            raise NodeError(f"No node can run here: {why}")
        machine.install()
        world.start(stay=True)
        images.bring(world, rest)
        known = ", ".join(images.NAMES)
        sys.stdout.write(_UP.format(address=NODE_ADDRESS, directory=world.directory, images=known))
    elif command == "down":
        world.stop()
    elif command == "images" and rest:
        machine.install()
        images.bring(world, rest)
    elif command == "enter" and rest:
        entering = world.entering(rest)
        os.environ |= world.environ
        os.execvp(entering[0], [*map(str, entering)])  # noqa: S606
    else:
        sys.stderr.write(f"{_USAGE}\n")
        return 64
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NodeError as error:
        sys.exit(f"{error}")

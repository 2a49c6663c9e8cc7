"""The node that `python -m tests.node` started, and a control plane outside of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.nodekit.base import MAIL_HOST
from scripts.nodekit.images import SANDBOX
from tests.cluster.conftest import Cluster
from tests.cluster.kubelet import connected
from tests.cluster.stage import Stage, staged
from tests.node.beside import NODE
from tests.node.postbox import PORT, Postbox, postbox


class Node(Cluster):
    """The cluster of one node, and its programs."""

    @property
    def directory(self) -> Path:
        """Where the node keeps its things."""
        return Path(os.environ[NODE])

    def pid(self, program: str) -> int:
        """The process of one of the node's programs."""
        return int((self.directory / "pids" / program).read_text())

    @contextmanager
    def paused(self, program: str) -> Iterator[None]:
        """Stop a program as a machine does that hangs, and let it go on at the end."""
        pid = self.pid(program)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """The node of this session."""
    if NODE not in os.environ:
        pytest.fail("these tests run beside a node: make node-test")
    kubeconfig = Path(os.environ[NODE]) / "pki" / "admin"
    with connected(kubeconfig) as api:
        yield Node(kubeconfig=kubeconfig, api=api, stand_in=None)


@pytest.fixture(scope="session")
def mails() -> Iterator[Postbox]:
    """The mail server of all shops."""
    with postbox() as found:
        yield found


@pytest.fixture(scope="module")
def stage(node: Node, mails: Postbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A control plane outside of the cluster, which reaches shops as shoppers do."""
    with staged(tmp_path_factory.mktemp("outside"), node) as found:
        found.set(
            STORECTL_SANDBOX_IMAGE=SANDBOX,
            STORECTL_SHOP_SMTP__HOST=MAIL_HOST,
            STORECTL_SHOP_SMTP__PORT=str(PORT),
            STORECTL_SHOP_SMTP__ENCRYPTION="none",
        )
        with found.running():
            found.join(node.kubeconfig, "https://{host}")
            yield found

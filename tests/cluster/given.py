"""What a person says of the cluster that the tests are to run on, and the shops that run there.

STORECTL_TEST_KUBECONFIG names a cluster with kubelets of its own. Whole stores run on it where
STORECTL_TEST_SHOP_IMAGE names the image of a shop; docs/kubernetes.md tells the rest.
"""

import os
from typing import Any

import pytest
from kubernetes import client

from tests.cluster.shops import CHART, COMPONENT, PREFIX, Shops

KUBECONFIG, SHOP_IMAGE = "STORECTL_TEST_KUBECONFIG", "STORECTL_TEST_SHOP_IMAGE"
IMAGE = os.environ.get(SHOP_IMAGE, "registry.example.com/shop:2.4.7-p3")
SANDBOX_IMAGE = "registry.example.com/sandbox:1"
DOMAIN = os.environ.get("STORECTL_TEST_SHOP_DOMAIN", "shops.example.com")
ADDRESS = os.environ.get("STORECTL_TEST_SHOP_ADDRESS", "")
"""How the tests and their control plane reach a shop, with {host} or {namespace}."""
_SERVICE = "http://{namespace}-web.{namespace}.svc"

CONTROLLER_IMAGE = os.environ.get("STORECTL_TEST_CONTROLLER_IMAGE", "")
"""The control plane's own image, with its tag."""

whole = pytest.mark.skipif(
    KUBECONFIG in os.environ and SHOP_IMAGE not in os.environ,
    reason=f"set {SHOP_IMAGE} to the image of a shop, for the kubelets of your cluster",
)
"""Of tests with whole stores."""
stood_in = pytest.mark.skipif(
    KUBECONFIG in os.environ,
    reason="decides what becomes of pods, or looks behind them, as only a stand-in lets be done",
)
"""Of tests that need our own kubelet."""
controlled = pytest.mark.skipif(
    KUBECONFIG in os.environ and not CONTROLLER_IMAGE,
    reason="set STORECTL_TEST_CONTROLLER_IMAGE to the image of images/controller",
)
"""Of tests with a control plane in the cluster."""


class GivenShops:
    """Shops in real pods, by their namespaces."""

    address = ADDRESS

    def __init__(self, api: client.ApiClient) -> None:
        self._core: Any = client.CoreV1Api(api)

    def running(self) -> set[str]:
        """The namespaces whose shop answers."""
        chosen = f"{CHART} in (magento,sandbox),{COMPONENT}=web"
        pods = self._core.list_pod_for_all_namespaces(label_selector=chosen).items
        return {pod.metadata.namespace for pod in pods if _ready(pod)}

    def kept(self) -> set[str]:
        """The namespaces that still have a shop's volumes."""
        claims = self._core.list_persistent_volume_claim_for_all_namespaces().items
        spaces = {claim.metadata.namespace for claim in claims}
        return {name for name in spaces if name.startswith(PREFIX)}


AnyShops = Shops | GivenShops


def _ready(pod: Any) -> bool:
    return any(it.type == "Ready" and it.status == "True" for it in pod.status.conditions or ())


def front_page(shops: AnyShops, name: str, namespace: str) -> str:
    """Where the pages of a store are, as the tests reach them."""
    pattern = shops.address or _SERVICE
    return pattern.replace("{namespace}", namespace).replace("{host}", f"{name}.{DOMAIN}")

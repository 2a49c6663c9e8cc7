"""What a cluster has beside Kubernetes itself: DNS, volumes, Ingress, NetworkPolicies.

`python -m scripts.nodekit.services DIRECTORY` runs them in the node's network namespace.
"""

import sys
import threading
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

from scripts.nodekit import dns, ingress, policies, volumes
from scripts.nodekit.base import DNS_SERVICE, NODE_ADDRESS, Object
from scripts.nodekit.mirror import Mirror

KINDS = (
    dns.SERVICES,
    dns.ENDPOINTS,
    volumes.CLAIMS,
    volumes.VOLUMES,
    ingress.INGRESSES,
    ingress.SECRETS,
    policies.POLICIES,
    policies.PODS,
    policies.NAMESPACES,
)
_PORTS = [
    {"name": "dns", "protocol": "UDP", "port": 53},
    {"name": "dns-tcp", "protocol": "TCP", "port": 53},
]
OBJECTS: dict[str, Object] = {
    "/apis/storage.k8s.io/v1/storageclasses": volumes.storage_class(),
    "/apis/networking.k8s.io/v1/ingressclasses": ingress.CLASS,
    "/api/v1/namespaces/kube-system/services": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": DNS_SERVICE, "ports": _PORTS},
    },
    "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices": {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kube-dns", "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
        "ports": _PORTS,
    },
}


def main(directory: Path) -> None:
    """Serve until killed."""
    pki = directory / "pki"
    mirror = Mirror(pki / "admin", pki / "cluster-ca.crt")
    for path, content in OBJECTS.items():
        with suppress(HTTPError):
            mirror.call("POST", path, content)
    mirror.follow(*KINDS)
    dns.serve(mirror)
    settling = (
        volumes.Provisioner(mirror, directory / "volumes").settle,
        ingress.Controller(mirror, directory / "ingress", pki).settle,
        policies.Enforcer(mirror).settle,
    )
    threads = [threading.Thread(target=mirror.settle, args=(each,)) for each in settling]
    for thread in threads:
        thread.start()
    (directory / "serving").touch()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

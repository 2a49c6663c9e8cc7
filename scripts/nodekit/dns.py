"""The cluster's DNS: Services and their endpoints, and the public names of shops."""

from typing import Any

from dnslib import QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from scripts.nodekit.base import (
    CLUSTER_DOMAIN,
    MAIL_HOST,
    NODE_ADDRESS,
    OUTSIDE,
    PUBLIC_DOMAIN,
    Object,
)
from scripts.nodekit.mirror import Mirror

SERVICES = "/api/v1/services"
ENDPOINTS = "/apis/discovery.k8s.io/v1/endpointslices"
_SECONDS = 2


class Names(BaseResolver):  # type: ignore[misc]
    """Answers for names as they stand in the mirror at this moment."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:  # noqa: ARG002 -- dnslib's signature.
        """Answer a question; a name that is known has IPv4 addresses and nothing else."""
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        found = self.find(name)
        if found is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype in {QTYPE.A, QTYPE.ANY}:
            for address in found:
                reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A(address), ttl=_SECONDS))
        return reply

    def find(self, name: str) -> list[str] | None:
        """The addresses of a name; None when there is no such name."""
        if name == PUBLIC_DOMAIN or name.endswith(f".{PUBLIC_DOMAIN}"):
            return [NODE_ADDRESS]
        if name == MAIL_HOST:
            return [OUTSIDE]
        labels = name.removesuffix(f".svc.{CLUSTER_DOMAIN}").split(".")
        if not name.endswith(f".svc.{CLUSTER_DOMAIN}") or len(labels) not in {2, 3}:
            return None
        *pod, service, namespace = labels
        for item in self._mirror.of(SERVICES):
            metadata = item["metadata"]
            if (metadata["name"], metadata["namespace"]) == (service, namespace):
                return self._of_service(item, pod[0] if pod else "")
        return None

    def _of_service(self, service: Object, pod: str) -> list[str] | None:
        address = service["spec"].get("clusterIP", "None")
        if not pod and address not in {"None", ""}:
            return [address]
        unready = service["spec"].get("publishNotReadyAddresses", False)
        found = [
            address
            for endpoint in endpoints(self._mirror, service)
            if unready or endpoint["conditions"].get("ready", True)
            if not pod or endpoint.get("hostname") == pod
            for address in endpoint["addresses"]
        ]
        return found or None


def endpoints(mirror: Mirror, service: Object) -> list[Object]:
    """The endpoints of a Service, ready or not."""
    metadata = service["metadata"]
    return [
        endpoint
        for piece in mirror.of(ENDPOINTS)
        if piece["metadata"]["namespace"] == metadata["namespace"]
        if piece["metadata"].get("labels", {}).get("kubernetes.io/service-name") == metadata["name"]
        for endpoint in piece.get("endpoints") or ()
    ]


def serve(mirror: Mirror) -> None:
    """Answer over UDP and TCP from now on."""
    names, quiet = Names(mirror), DNSLogger("-request,-reply,-truncated")
    for tcp in (False, True):
        server = DNSServer(names, address=NODE_ADDRESS, port=53, tcp=tcp, logger=quiet)
        server.start_thread()

"""Clusters: where stacks run when this machine is not enough, and which one a new stack goes to.

Pure. `registry.clusters` keeps them, `reconciler.cluster_pool` opens them, `place` is asked inside
the transaction that accepts a store.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from controller.domain.clusterfindings import ClusterFinding
from controller.domain.errors.clusters import (
    ClusterDrainingError,
    ClusterFullError,
    ClusterNotFoundError,
    NoClusterError,
    NoClusterThereError,
)
from controller.domain.notes import Note

IN_CLUSTER = "in-cluster"
"""The module of stacks that need nothing outside their cluster."""


class ClusterState(StrEnum):
    """Whether new stacks may go there."""

    ACTIVE = "active"
    DRAINING = "draining"
    """Nothing new goes there; what is there stays and is looked after."""


@dataclass(frozen=True, kw_only=True)
class ClusterOffer:
    """What stacks of a cluster use of it. An empty class is the cluster's default one."""

    storage_class: str = ""
    shared_storage_class: str = ""
    """For volumes that pods of several nodes write."""
    ingress_class: str = ""
    certificate_issuer: str = ""
    """A cert-manager ClusterIssuer; without one TLS is the ingress controller's matter."""
    gateway: str = ""
    """A Gateway takes the Ingress's place where it is named, with its own TLS."""
    gateway_namespace: str = "default"


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """What the operator says of a cluster."""

    name: str
    region: str = ""
    capacity: int
    """How many stacks it may hold."""
    domain: str
    """Shops are reached at NAME.DOMAIN: a wildcard record leads there."""
    tls: bool = True
    """Whether shops are reached by https."""
    shop_address: str = ""
    """How the control plane itself reaches shops, with {namespace} and {host}; empty is the way
    inside the cluster, by the name of the Service."""
    offer: ClusterOffer = field(default_factory=ClusterOffer)
    infrastructure: str = IN_CLUSTER
    """The Terraform module for what a stack needs around its release."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The module's, the same for every stack of the cluster."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The chart's, the same for every stack of the cluster: `engines.values`."""
    pull_secret: str = ""
    """What the Secret with the registries' logins is called in each stack's namespace."""
    in_cluster: bool = False
    """Whether the control plane itself runs there and uses its own account."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster as wanted and as it was seen last."""

    spec: ClusterSpec
    state: ClusterState
    generation: int
    stacks: int
    """How many stacks are there that are not purged."""
    server: str
    """The address of its API server."""
    version: str = ""
    """Of Kubernetes."""
    unreachable_since: datetime | None = None
    unreachable_detail: str = ""
    findings: tuple[ClusterFinding, ...] = ()
    """What is not right with the cluster itself, as it was seen last."""
    created_at: datetime

    @property
    def room(self) -> int:
        """How many more stacks it may hold."""
        return max(0, self.spec.capacity - self.stacks)

    @property
    def open(self) -> bool:
        """Whether a new stack may go there when nobody names a cluster."""
        active = self.state is ClusterState.ACTIVE and not self.blocked
        return active and self.unreachable_since is None and self.room > 0

    @property
    def blocked(self) -> bool:
        """Whether no shop gets going there as the cluster is."""
        return any(finding.blocks for finding in self.findings)

    def url_of(self, slug: str) -> str:
        """Where shoppers reach the shop of this name."""
        return f"{'https' if self.spec.tls else 'http'}://{slug}.{self.spec.domain}"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Where a new stack is wanted; nothing said leaves it to the platform."""

    cluster: str | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Which cluster a stack goes to, and why."""

    cluster: Cluster
    reason: Note


def place(clusters: Sequence[Cluster], wish: Wish) -> Placement:
    """Choose a cluster: the named one, else the one with the largest share of room.

    Raises ClusterNotFoundError, ClusterDrainingError, ClusterFullError, NoClusterError,
    NoClusterThereError. A named cluster that does not answer is no error: the stack waits for it.
    """
    if wish.cluster is not None:
        return _named(clusters, wish.cluster)
    near = [item for item in clusters if wish.region in {None, item.spec.region}]
    fit = [item for item in near if item.open]
    if not near:
        raise NoClusterThereError(region=wish.region or "–")
    if not fit:
        raise NoClusterError(**_why_not(near))
    best = max(fit, key=lambda item: (item.room / item.spec.capacity, item.spec.name))
    params: dict[str, str | int] = {
        "cluster": best.spec.name,
        "room": best.room,
        "capacity": best.spec.capacity,
    }
    if wish.region is not None:
        note = Note.of("PlacedByRegion", region=wish.region, **params)
    else:
        note = Note.of("PlacedByRoom", **params)
    return Placement(cluster=best, reason=note)


def _named(clusters: Sequence[Cluster], name: str) -> Placement:
    found = next((item for item in clusters if item.spec.name == name), None)
    if found is None:
        raise ClusterNotFoundError(cluster=name[:60])
    if found.state is ClusterState.DRAINING:
        raise ClusterDrainingError(cluster=name)
    if found.room == 0:
        raise ClusterFullError(cluster=name, capacity=found.spec.capacity)
    return Placement(cluster=found, reason=Note.of("PlacedByName", cluster=name))


def _why_not(clusters: Sequence[Cluster]) -> dict[str, str]:
    """The names of clusters that take nothing, by the reason: a dash where there is none."""
    found: dict[str, list[str]] = {"draining": [], "unreachable": [], "unfit": [], "full": []}
    for cluster in clusters:
        if cluster.state is ClusterState.DRAINING:
            found["draining"].append(cluster.spec.name)
        elif cluster.unreachable_since is not None:
            found["unreachable"].append(cluster.spec.name)
        elif cluster.blocked:
            found["unfit"].append(cluster.spec.name)
        else:
            found["full"].append(cluster.spec.name)
    return {reason: ", ".join(names) or "–" for reason, names in found.items()}


_SINCE = re.compile(r"^unreachable since \S+: ")


def bare(detail: str) -> str:
    """What a cluster that does not answer met, without since when: that is told beside it."""
    return _SINCE.sub("", detail)


_OFFER = {
    "storageClass": "storage_class",
    "sharedStorageClass": "shared_storage_class",
    "ingressClass": "ingress_class",
    "certificateIssuer": "certificate_issuer",
    "gateway": "gateway",
    "gatewayNamespace": "gateway_namespace",
}

GIVEN = (*_OFFER, "values", "pullSecret", "infrastructure", "variables")
"""What of a cluster's specification its stacks are made of."""


def cluster_spec_to_json(spec: ClusterSpec) -> dict[str, Any]:
    """The form of the HTTP API and of the registry's column."""
    return {
        "region": spec.region,
        "capacity": spec.capacity,
        "domain": spec.domain,
        "tls": spec.tls,
        "shopAddress": spec.shop_address,
        **{key: getattr(spec.offer, name) for key, name in _OFFER.items()},
        "infrastructure": spec.infrastructure,
        "variables": dict(spec.variables),
        "values": dict(spec.values),
        "pullSecret": spec.pull_secret,
        "inCluster": spec.in_cluster,
    }


def cluster_spec_from_json(name: str, data: Mapping[str, Any]) -> ClusterSpec:
    """The inverse."""
    return ClusterSpec(
        name=name,
        region=data["region"],
        capacity=data["capacity"],
        domain=data["domain"],
        tls=data["tls"],
        shop_address=data["shopAddress"],
        offer=ClusterOffer(**{field_: data[key] for key, field_ in _OFFER.items()}),
        infrastructure=data["infrastructure"],
        variables=data["variables"],
        values=data.get("values", {}),
        pull_secret=data.get("pullSecret", ""),
        in_cluster=data["inCluster"],
    )


def as_given(cluster: ClusterSpec, said: Mapping[str, Any]) -> ClusterSpec:
    """The cluster as a stack was given it, of which `said` are the fields."""
    return cluster_spec_from_json(cluster.name, {**cluster_spec_to_json(cluster), **said})

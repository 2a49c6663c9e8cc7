"""Whether a cluster can run shops: nodes, controllers, storage, the way in, our rights.

Asked when a cluster is added and now and then after. What our account may not read is not judged.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioners.base import Finding
from provisioners.kubernetes import frontdoor
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ClusterError, ForbiddenError, NotFoundError
from provisioners.kubernetes.evidence import moment_of
from provisioners.kubernetes.ground import Ground, GroundKeeper
from provisioners.kubernetes.namespaces import namespace_as_ours
from provisioners.kubernetes.trials import job_as_ours

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
_CONTROLLERS = "kube-controller-manager"
_SCHEDULER = "kube-scheduler"
_STALE_SECONDS = 40.0
"""A leader renews its lease every few seconds."""
_LOOK_AGAIN_SECONDS = 4.0
_NO_PROVISIONER = "kubernetes.io/no-provisioner"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_NO_RIGHT = "cannot create resource"
"""What an account is told that lacks a right: `_of_rights` says which."""
_NEEDED: Sequence[tuple[str, str, str]] = (
    ("create", "", "namespaces"),
    ("create", "", "secrets"),
    ("create", "", "services"),
    ("create", "", "serviceaccounts"),
    ("create", "", "persistentvolumeclaims"),
    ("create", "", "resourcequotas"),
    ("watch", "", "pods"),
    ("watch", "", "events"),
    ("get", "", "pods/log"),
    ("create", "", "pods/exec"),
    ("create", "apps", "deployments"),
    ("create", "apps", "statefulsets"),
    ("create", "batch", "jobs"),
    ("create", "batch", "cronjobs"),
    ("create", "networking.k8s.io", "ingresses"),
    ("create", "networking.k8s.io", "networkpolicies"),
    ("create", "rbac.authorization.k8s.io", "roles"),
    ("create", "rbac.authorization.k8s.io", "rolebindings"),
)
"""What every stack needs: verb, group and kind."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the stacks of a cluster use of it, by name; empty is the cluster's default."""

    storage_class: str = ""
    shared_storage_class: str = ""
    ingress_class: str = ""
    gateway: str = ""
    gateway_namespace: str = ""
    certificate_issuer: str = ""
    domain: str = ""
    """Below which shops are reached; empty is not looked at."""
    tls: bool = True
    trust: str = ""
    """Certificates of authorities, PEM, that count beside the system's."""


class Survey:
    """Asks one cluster."""

    def __init__(self, connection: Connection, keeper: GroundKeeper, wanted: Wanted) -> None:
        self._connection = connection
        self._keeper = keeper
        self._wanted = wanted

    def look(self) -> tuple[Finding, ...]:
        """Everything that is in a shop's way or soon will be; raises ClusterError."""
        ground = self._keeper.look()
        return (
            *_of_nodes(ground),
            *self._of_leaders(),
            *self._of_storage(ground),
            *self._of_doors(),
            *self._of_names(),
            *self._of_admission(),
            *self._of_metrics(),
            *self._of_rights(),
        )

    def _of_leaders(self) -> Iterator[Finding]:
        """Leaders that renewed their lease long ago; clusters that show none are not judged."""
        known = self._leases()
        late = {name: at for name, at in known.items() if _age(at) > _STALE_SECONDS}
        if late:
            # Our clock may be wrong: a leader that lives renews it while we wait.
            time.sleep(_LOOK_AGAIN_SECONDS)
            again = self._leases()
            late = {name: at for name, at in late.items() if again.get(name) == at}
        codes = {_CONTROLLERS: "controllers_silent", _SCHEDULER: "scheduler_silent"}
        for name, at in late.items():
            yield Finding(
                code=codes[name], about=name, detail=f"its lease was renewed last at {at}"
            )

    def _leases(self) -> Mapping[str, str]:
        found = self._listed(_LEASES) or ()
        return {
            item["metadata"]["name"]: item["spec"]["renewTime"]
            for item in found
            if item["metadata"]["name"] in {_CONTROLLERS, _SCHEDULER}
            and (item.get("spec") or {}).get("renewTime")
        }

    def _of_storage(self, ground: Ground) -> Iterator[Finding]:
        classes = ground.classes
        if classes is None:
            return
        for name in filter(None, (self._wanted.storage_class, self._wanted.shared_storage_class)):
            if name not in classes:
                there = ", ".join(sorted(classes)) or "none"
                detail = f"there are: {there}"
                yield Finding(code="storage_class_unknown", about=name, detail=detail)
        if not self._wanted.storage_class and ground.default_class is None:
            yield Finding(code="no_storage_class", detail=", ".join(sorted(classes)))
        used = classes.get(self._wanted.storage_class) or ground.default_class
        if used is not None and used.provisioner == _NO_PROVISIONER:
            yield Finding(code="no_provisioner", about=used.name, detail=used.provisioner)

    def _of_doors(self) -> Iterator[Finding]:
        """How shoppers come in: an ingress class, or a Gateway where one is named."""
        wanted = self._wanted
        if wanted.gateway:
            path = (
                f"/apis/gateway.networking.k8s.io/v1/namespaces/{wanted.gateway_namespace}/gateways"
            )
            found = self._listed(path)
            if wanted.gateway not in _names(found or ()):
                about = f"{wanted.gateway_namespace}/{wanted.gateway}"
                yield Finding(code="gateway_unknown", about=about)
            return
        classes = self._listed("/apis/networking.k8s.io/v1/ingressclasses")
        if classes is None:
            return
        if wanted.ingress_class and wanted.ingress_class not in _names(classes):
            detail = f"there are: {', '.join(sorted(_names(classes))) or 'none'}"
            yield Finding(code="ingress_class_unknown", about=wanted.ingress_class, detail=detail)
        if not wanted.ingress_class and not any(map(_is_default, classes)):
            yield Finding(code="no_ingress_class", detail=", ".join(sorted(_names(classes))))
        if wanted.certificate_issuer:
            issuers = self._listed("/apis/cert-manager.io/v1/clusterissuers")
            if wanted.certificate_issuer not in _names(issuers or ()):
                yield Finding(code="issuer_unknown", about=wanted.certificate_issuer)

    def _of_names(self) -> Iterator[Finding]:
        """The wildcard name and its certificate; an issuer makes one for each shop."""
        wanted = self._wanted
        if wanted.domain:
            certified = not wanted.certificate_issuer
            yield from frontdoor.look(
                wanted.domain, tls=wanted.tls, certified=certified, trust=wanted.trust
            )

    def _of_admission(self) -> Iterator[Finding]:
        """Whether a namespace and pods as ours would be taken; nothing is made."""
        asked = {
            "namespaces": ("/api/v1/namespaces", namespace_as_ours()),
            "jobs": ("/apis/batch/v1/namespaces/default/jobs", job_as_ours()),
        }
        for kind, (path, body) in asked.items():
            try:
                self._connection.request("POST", f"{path}?dryRun=All", body=body)
            except ClusterError as error:
                refused = error.answer in {400, 403, 422}
                if refused and _NO_RIGHT not in error.detail:
                    yield Finding(code="admission_refuses", about=kind, detail=error.detail[:300])

    def _of_metrics(self) -> Iterator[Finding]:
        """Without figures of use no shop gets more web servers by itself."""
        try:
            self._connection.get("/apis/metrics.k8s.io/v1beta1")
        except ForbiddenError:
            return
        except ClusterError as error:
            yield Finding(code="no_metrics", detail=error.detail[:200])

    def _of_rights(self) -> Iterator[Finding]:
        """What our account may not do, in one finding."""
        denied = [
            f"{verb} {kind}" for verb, group, kind in _NEEDED if self._denied(verb, group, kind)
        ]
        if denied:
            yield Finding(code="rights_missing", about=", ".join(denied))

    def _denied(self, verb: str, group: str, kind: str) -> bool:
        resource, _, sub = kind.partition("/")
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": sub}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        return not self._connection.request("POST", _REVIEWS, body=review)["status"]["allowed"]

    def _listed(self, path: str) -> list[Json] | None:
        """Every object; None where our account may not look or the kind is not known there."""
        with suppress(ForbiddenError, NotFoundError):
            return list(self._connection.get(path).get("items") or ())
        return None


def _of_nodes(ground: Ground) -> Iterator[Finding]:
    if ground.nodes is None:
        return
    nodes = ground.nodes.values()
    if not any(node.ready and not node.closed for node in nodes):
        lost = [f"{node.name}: {'closed' if node.ready else node.message}" for node in nodes]
        yield Finding(code="no_node", detail="; ".join(lost)[:300])
        return
    if lost := [node.name for node in nodes if not node.ready]:
        words = "; ".join(f"{node.name}: {node.message}" for node in nodes if not node.ready)
        yield Finding(code="nodes_lost", about=", ".join(lost), detail=words[:300])
    if pressed := [node for node in nodes if node.pressures]:
        words = "; ".join(f"{node.name}: {', '.join(node.pressures)}" for node in pressed)
        about = ", ".join(node.name for node in pressed)
        yield Finding(code="node_pressure", about=about, detail=words[:300])


def _names(things: Sequence[Json]) -> set[str]:
    return {thing["metadata"]["name"] for thing in things}


def _is_default(thing: Json) -> bool:
    return (thing["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"


def _age(moment: str) -> float:
    at = moment_of(moment)
    return (datetime.now(UTC) - at).total_seconds() if at else 0.0

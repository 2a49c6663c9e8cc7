"""Routes of clusters, the operator's: add, look, change, drain, remove."""

from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import Response
from pydantic import Field, JsonValue, SecretStr

from controller.api import routing
from controller.api.answers import json_answer
from controller.api.deps import OperatorDep, ServicesDep
from controller.api.described import SIGNED_IN, Responses
from controller.api.inputs import Input, Switch, Text, Whole
from controller.api.patches import merged
from controller.api.resources import API_VERSION, list_json
from controller.domain.clusterfindings import finding_to_json
from controller.domain.clusters import (
    ClusterSpec,
    ClusterState,
    cluster_spec_from_json,
    cluster_spec_to_json,
)
from controller.domain.errors.base import InvalidInputError, Message
from controller.domain.store import iso
from controller.i18n import N_
from controller.services.clusters import Entry, KnownCluster

router = routing.router(prefix="/clusters", tags=["clusters"], responses=SIGNED_IN)

Name = Annotated[str, Path(max_length=63, description="Name of the cluster.")]
Kubeconfig = Annotated[SecretStr, Field(min_length=1, max_length=100_000)]
Variables = Annotated[dict[Text, JsonValue], Field(max_length=100)]
_Secret = Annotated[SecretStr, Field(min_length=1, max_length=20_000)]

_USUAL_CAPACITY = 500
KNOWN: Responses = {
    200: {"description": "It was there already, as it is: its secrets are renewed."}
}


class ClusterSpecInput(Input):
    """What can be said of a cluster; null is what it would be without having been said."""

    region: Text | None = None
    capacity: Whole | None = None
    """How many stores it may hold."""
    domain: Text | None = None
    """Shops are reached at NAME.DOMAIN."""
    tls: Switch | None = None
    shop_address: Text | None = None
    """How the control plane reaches shops, with {namespace} and {host}."""
    storage_class: Text | None = None
    shared_storage_class: Text | None = None
    ingress_class: Text | None = None
    certificate_issuer: Text | None = None
    gateway: Text | None = None
    gateway_namespace: Text | None = None
    infrastructure: Text | None = None
    """The module for what a stack needs around its release."""
    variables: Variables | None = None
    values: Variables | None = None
    """The magento chart's, for every store there; they take the place of all former ones."""

    def over(self, known: ClusterSpec) -> ClusterSpec:
        """The specification with what was said laid over it (merge patch)."""
        usual, wanted = _usual(known.name), cluster_spec_to_json(known)
        said = self.model_dump(include=self.model_fields_set & set(_FIELDS), by_alias=True)
        for key, value in said.items():
            if key == "variables" and value is not None:
                wanted[key] = merged(wanted[key], value)
            else:
                wanted[key] = usual[key] if value is None else value
        return cluster_spec_from_json(known.name, wanted)


_FIELDS = tuple(ClusterSpecInput.model_fields)


class ClusterInput(ClusterSpecInput):
    """A new cluster, with a kubeconfig that holds everything itself."""

    name: Text
    domain: Text
    kubeconfig: Kubeconfig | None = None
    pull_secret: Kubeconfig | None = None
    """The logins of registries, as docker's config.json has them."""
    mail_password: _Secret | None = None
    """What the mail server of `values.mail` wants."""
    in_cluster: Switch = False
    """Whether the control plane runs in it and uses its own account."""
    secret_variables: Annotated[dict[Text, _Secret], Field(max_length=100)] = Field(
        default_factory=dict
    )

    def spec(self) -> ClusterSpec:
        """As a specification."""
        return self.over(ClusterSpec(**_BARE, name=self.name, in_cluster=self.in_cluster))


class ClusterPatch(ClusterSpecInput):
    """What is to change; `kubeconfig` renews the way in."""

    kubeconfig: Kubeconfig | None = None
    pull_secret: Kubeconfig | None = None
    mail_password: _Secret | None = None
    secret_variables: Annotated[dict[Text, _Secret | None], Field(max_length=100)] = Field(
        default_factory=dict
    )


_BARE: dict[str, Any] = {"capacity": _USUAL_CAPACITY, "domain": ""}


def _usual(name: str) -> dict[str, Any]:
    return cluster_spec_to_json(ClusterSpec(**_BARE, name=name))


def _entry(body: ClusterInput | ClusterPatch) -> Entry:
    return Entry(
        kubeconfig=_text(body.kubeconfig),
        pull_secret=_forgettable(body, "pull_secret"),
        mail_password=_forgettable(body, "mail_password"),
        secret_variables={name: _text(value) for name, value in body.secret_variables.items()},
    )


def _forgettable(body: ClusterInput | ClusterPatch, name: str) -> str | None:
    """The secret that is said; null forgets the one there is."""
    said = _text(getattr(body, name))
    return "" if said is None and name in body.model_fields_set else said


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def cluster_json(known: KnownCluster) -> dict[str, Any]:
    """A cluster; of its secrets only what its variables are called."""
    cluster = known.cluster
    return {
        "apiVersion": API_VERSION,
        "kind": "Cluster",
        "metadata": {
            "name": cluster.spec.name,
            "createdAt": iso(cluster.created_at),
            "generation": cluster.generation,
        },
        "spec": {
            **cluster_spec_to_json(cluster.spec),
            "secretVariables": list(known.secret_variables),
            "mailPassword": known.mail_password,
        },
        "status": {
            "state": str(cluster.state),
            "server": cluster.server,
            "version": cluster.version,
            "stacks": cluster.stacks,
            "room": cluster.room,
            "values": list(known.values),
            "unreachableSince": iso(cluster.unreachable_since),
            "unreachableDetail": cluster.unreachable_detail,
            "fit": not cluster.blocked,
            "findings": [finding_to_json(item) for item in known.findings],
            "change": {
                "done": len(known.standing.well),
                "going": list(known.standing.going),
                "failed": list(known.standing.failed),
                "waiting": len(known.standing.behind),
            },
        },
    }


@router.get("")
def list_clusters(services: ServicesDep, scope: OperatorDep) -> Response:  # noqa: ARG001 -- a check.
    """Every cluster by name: how many stores it holds, and whether it answers."""
    found = services.clusters.all()
    return json_answer(list_json("Cluster", map(cluster_json, found), None))


@router.post("", status_code=201, responses=KNOWN)
def add_cluster(services: ServicesDep, scope: OperatorDep, body: ClusterInput) -> Response:
    """Add a cluster once it answered and let us in; the same again renews its secrets."""
    known = services.clusters.add(scope, body.spec(), _entry(body))
    return json_answer(cluster_json(known), 201 if known.cluster.generation == 1 else 200)


@router.get("/{cluster}")
def get_cluster(
    services: ServicesDep,
    scope: OperatorDep,  # noqa: ARG001 -- a check.
    cluster: Name,
) -> Response:
    """One cluster."""
    return json_answer(cluster_json(services.clusters.get(cluster)))


@router.patch("/{cluster}")
def change_cluster(
    services: ServicesDep, scope: OperatorDep, cluster: Name, body: ClusterPatch
) -> Response:
    """Change what is named (merge patch); stores that are there stay where they are."""
    if "domain" in body.model_fields_set and body.domain is None:
        raise InvalidInputError(errors=(("domain", Message(N_("it cannot be taken away"))),))
    spec = body.over(services.clusters.get(cluster).cluster.spec)
    return json_answer(cluster_json(services.clusters.change(scope, spec, _entry(body))))


@router.post("/{cluster}/drain")
def drain_cluster(services: ServicesDep, scope: OperatorDep, cluster: Name) -> Response:
    """Let no new store go there; those that are there stay and are looked after."""
    known = services.clusters.steer(scope, cluster, ClusterState.DRAINING)
    return json_answer(cluster_json(known))


@router.post("/{cluster}/activate")
def activate_cluster(services: ServicesDep, scope: OperatorDep, cluster: Name) -> Response:
    """Let new stores go there again."""
    known = services.clusters.steer(scope, cluster, ClusterState.ACTIVE)
    return json_answer(cluster_json(known))


@router.delete("/{cluster}", status_code=204)
def remove_cluster(services: ServicesDep, scope: OperatorDep, cluster: Name) -> Response:
    """Forget a cluster that holds no stores; nothing in it is touched."""
    services.clusters.remove(scope, cluster)
    return Response(status_code=204)

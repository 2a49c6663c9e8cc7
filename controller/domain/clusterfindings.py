"""What is not right with a cluster itself, in a person's words; `provisioners` finds it.

A finding that blocks means that no shop gets going there: new stores go elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A finding in words: what is, and what to do about it."""

    cause: str
    action: str
    blocks: bool = False


_SET = N_("Name one that is there: storectl cluster set.")

FINDINGS: Mapping[str, Sentence] = {
    "no_node": Sentence(
        cause=N_("No node is ready to take shops. %(detail)s"),
        action=N_("Bring a node back, or add one."),
        blocks=True,
    ),
    "nodes_lost": Sentence(
        cause=N_("Nodes are not ready: %(detail)s"),
        action=N_("Bring them back, or delete them so that what ran there starts elsewhere."),
    ),
    "node_pressure": Sentence(
        cause=N_("Nodes are short of something: %(detail)s"),
        action=N_("Free some, or add a node."),
    ),
    "controllers_silent": Sentence(
        cause=N_("The cluster's controller manager does not work: %(detail)s"),
        action=N_("Check kube-controller-manager: it does not run, or is far behind."),
        blocks=True,
    ),
    "scheduler_silent": Sentence(
        cause=N_("The cluster's scheduler does not work: %(detail)s"),
        action=N_("Check kube-scheduler: it does not run, or is far behind."),
        blocks=True,
    ),
    "no_storage_class": Sentence(
        cause=N_("No storage class is the default, and none is named. There are: %(detail)s"),
        action=N_("Make one the default, or name one: storectl cluster set NAME --storage-class."),
        blocks=True,
    ),
    "storage_class_unknown": Sentence(
        cause=N_("There is no storage class “%(about)s”; %(detail)s"), action=_SET, blocks=True
    ),
    "no_provisioner": Sentence(
        cause=N_("The storage class “%(about)s” makes no volumes by itself."),
        action=N_("Have volumes ready for each store, or name a class with a provisioner."),
    ),
    "no_ingress_class": Sentence(
        cause=N_("No ingress class is the default, and none is named. There are: %(detail)s"),
        action=N_("Install an ingress controller, or name its class: shoppers come in through it."),
    ),
    "ingress_class_unknown": Sentence(
        cause=N_("There is no ingress class “%(about)s”; %(detail)s"), action=_SET
    ),
    "gateway_unknown": Sentence(cause=N_("There is no Gateway “%(about)s”."), action=_SET),
    "issuer_unknown": Sentence(cause=N_("There is no ClusterIssuer “%(about)s”."), action=_SET),
    "domain_unresolved": Sentence(
        cause=N_("No address is found for “%(about)s” from here: %(detail)s"),
        action=N_("Make a wildcard record that leads to the ingress controller or the Gateway."),
    ),
    "door_closed": Sentence(
        cause=N_("Nothing answers at %(about)s from here: %(detail)s"),
        action=N_("See that the record leads to the ingress controller or the Gateway."),
    ),
    "certificate_refused": Sentence(
        cause=N_("The certificate at %(about)s is not one that visitors trust: %(detail)s"),
        action=N_(
            "Give the ingress controller a wildcard certificate, name an issuer (--issuer), or a "
            "CA of your own (trust.certificates in the values)."
        ),
    ),
    "admission_refuses": Sentence(
        cause=N_("The admission would refuse what shops consist of (%(about)s): %(detail)s"),
        action=N_("Except the namespaces whose names begin with “store-” from that policy."),
        blocks=True,
    ),
    "no_metrics": Sentence(
        cause=N_("The metrics API does not answer: no shop gets more web servers by itself."),
        action=N_("Install metrics-server; until then “storectl scale” does it by hand."),
    ),
    "volumes_unseen": Sentence(
        cause=N_("How full volumes are cannot be seen: our account may not read nodes/proxy."),
        action=N_("Allow it, or watch the volumes otherwise."),
    ),
    "values_going": Sentence(
        cause=N_(
            "What was changed last of the cluster or the platform goes to one store after another;"
            " now to %(about)s. Stores that wait: %(detail)s"
        ),
        action=N_("Nothing needs to be done. See why one takes long: storectl why STORE"),
    ),
    "values_failed": Sentence(
        cause=N_(
            "What was changed last of the cluster or the platform does not run well at %(about)s;"
            " no other store takes it. Stores that keep what they have: %(detail)s"
        ),
        action=N_(
            "See storectl why STORE, then correct it: storectl cluster set NAME --values FILE"
        ),
    ),
    "rights_missing": Sentence(
        cause=N_("Our account may not: %(about)s."),
        action=N_("Give it the rights that the chart of the control plane lists in rbac.yaml."),
        blocks=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class ClusterFinding:
    """One thing that is not right with a cluster."""

    code: str
    about: str = ""
    detail: str = ""

    @property
    def blocks(self) -> bool:
        """Whether no shop gets going there."""
        known = FINDINGS.get(self.code)
        return known is not None and known.blocks


def said(finding: Mapping[str, Any], translate: Callable[[str], str]) -> tuple[str, str]:
    """A finding as cause and action; one of an unknown code in its own words."""
    known = FINDINGS.get(str(finding["code"]))
    params = {"about": finding.get("about") or "–", "detail": finding.get("detail") or "–"}
    if known is None:
        return f"{finding['code']}: {params['about']} {params['detail']}", ""
    return translate(known.cause) % params, translate(known.action) % params


def finding_to_json(finding: ClusterFinding) -> dict[str, Any]:
    """The form of the HTTP API and of the registry's column."""
    plain = {"code": finding.code, "about": finding.about, "detail": finding.detail}
    cause, action = said(plain, str)
    return {**plain, "blocks": finding.blocks, "message": cause, "action": action}


def finding_from_json(data: Mapping[str, Any]) -> ClusterFinding:
    """The inverse."""
    return ClusterFinding(code=data["code"], about=data["about"], detail=data["detail"])

"""What a stack on a cluster needs around its release, as a Terraform module with variables.

`world` calls this. The cluster's variables are the operator's; what names the stack is ours.
"""

from collections.abc import Callable, Mapping
from typing import Any

from controller.domain.clusters import ClusterSpec
from controller.domain.stack import Stack
from provisioners.base import NAMESPACE_PREFIX, Infrastructure


def surroundings(
    stack: Stack, cluster: ClusterSpec, derive: Callable[[str], str], *, ending: bool = False
) -> Infrastructure:
    """The module of the cluster for this stack; `ending` lets what holds data be destroyed.

    `derive` gives a secret by its name, the same on every retry.
    """
    variables = dict(cluster.variables)
    installation = stack.spec.installation
    variables |= {
        "uid": stack.uid,
        "labels": {"store": installation.name if installation else "", "tenant": stack.tenant},
    }
    if variables.get("dns"):
        variables["dns"] = _record(variables["dns"], (stack.spec.url or "").partition("://")[2])
    if media := _opened(variables.get("media"), stack.uid):
        variables["media"] = media
    if ending:
        variables |= {"deletion_protection": False, "force_destroy": True}
    given = {"database": "database_password", "media": "media_secret_key"}
    return Infrastructure(
        name=stack.uid,
        module=cluster.infrastructure,
        variables=variables,
        secrets={
            name: derive("db_password" if kind == "database" else name)
            for kind, name in given.items()
            if variables.get(kind)
        },
    )


def _opened(media: Mapping[str, Any] | None, uid: str) -> Mapping[str, Any] | None:
    """The bucket with the account of the stack's pods as the one that its role trusts."""
    if not media or not media.get("trust"):
        return media
    named = f"{NAMESPACE_PREFIX}{uid}"
    return {**media, "trust": {**media["trust"], "namespace": named, "service_account": named}}


def _record(dns: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The record of the stack's host: below its zone where the module names one, else whole."""
    zone = str(dns.get("zone", "")).rstrip(".")
    return {**dns, "name": host.removesuffix(f".{zone}") if zone else host}

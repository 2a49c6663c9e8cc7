"""Service accounts with rules of the controller chart, and the rights that requests need.

`test_controller_rights` has stores live under them.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from tests.cluster.conftest import Cluster
from tests.cluster.controller_chart import CHART
from tests.cluster.magento_chart import Object
from tests.cluster.waiting import until

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
Right = tuple[str, str, str]
"""Verb, API group, resource."""


def written(kind: str) -> list[Object]:
    """The rules of a role of the controller chart, which are the same whatever its values are."""
    parts = (CHART / "templates" / "rbac.yaml").read_text().split("---\n")
    (part,) = (part for part in parts if f"\nkind: {kind}\n" in part)
    rules: list[Object] = yaml.safe_load(part.partition("\nrules:\n")[2])
    return rules


def granted(rules: list[Object]) -> set[Right]:
    """Every right that rules give."""
    return {
        (verb, group, resource)
        for rule in rules
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def used(requests: list[str]) -> set[Right]:
    """The rights that recorded requests need."""
    found: set[Right] = set()
    patched: set[str] = set()
    for request in requests:
        method, _, where = request.partition(" ")
        path, _, query = where.partition("?")
        parts = re.fullmatch(
            r"/(?:api|apis/(?P<group>[^/]+))/v[^/]+(?:/namespaces/[^/]+(?=/))?"
            r"/(?P<kind>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?",
            path,
        )
        if parts is None:
            continue
        resource = "/".join(filter(None, (parts["kind"], parts["sub"])))
        verb = VERBS[method]
        if method == "GET" and not parts["name"]:
            verb = "watch" if "watch=true" in query else "list"
        verbs = {verb}
        if method == "PATCH" and not parts["sub"] and path not in patched:
            # Server-side apply of what is not there makes it, which is a right of its own.
            patched.add(path)
            verbs.add("create")
        found |= {(each, parts["group"] or "", resource) for each in verbs}
    return found


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Makes service accounts with rules, and kubeconfigs of theirs."""

    cluster: Cluster
    namespace: str
    directory: Path

    def of(self, rules: list[Object], *, here: bool = False) -> Path:
        """A kubeconfig of a new account; `here`: its rules hold in our namespace alone."""
        name = f"rights-{secrets.token_hex(4)}"
        rbac: Any = client.RbacAuthorizationV1Api(self.cluster.api)
        self.cluster.core.create_namespaced_service_account(
            self.namespace, {"metadata": {"name": name}}
        )
        kind = "Role" if here else "ClusterRole"
        body = {"metadata": {"name": name}, "rules": rules}
        bound = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}],
        }
        if here:
            rbac.create_namespaced_role(self.namespace, body)
            rbac.create_namespaced_role_binding(self.namespace, bound)
        else:
            rbac.create_cluster_role(body)
            rbac.create_cluster_role_binding(bound)
        until(lambda: self._holds(name, rules[-1]))
        return self._kubeconfig(name)

    def _holds(self, name: str, rule: Object) -> bool:
        """Whether the API server knows of a rule yet."""
        resource, _, sub = rule["resources"][0].partition("/")
        attributes = {
            "verb": rule["verbs"][0],
            "group": rule["apiGroups"][0].replace("*", ""),
            "resource": resource.replace("*", "secrets"),
            "subresource": sub,
            "namespace": self.namespace,
        }
        user = f"system:serviceaccount:{self.namespace}:{name}"
        reviews: Any = client.AuthorizationV1Api(self.cluster.api)
        review = {"spec": {"user": user, "resourceAttributes": attributes}}
        return bool(reviews.create_subject_access_review(review).status.allowed)

    def _kubeconfig(self, name: str) -> Path:
        asked = {"spec": {"expirationSeconds": 3600}}
        answer = self.cluster.core.create_namespaced_service_account_token(
            name, self.namespace, asked
        )
        content = yaml.safe_load(self.cluster.kubeconfig.read_text())
        content["users"] = [{"name": "account", "user": {"token": answer.status.token}}]
        content["contexts"][0]["context"]["user"] = "account"
        path = self.directory / name
        path.write_text(yaml.safe_dump(content))
        return path

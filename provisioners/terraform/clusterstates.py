"""Terraform's states in Secrets of one namespace of a cluster; `builder` asks.

Terraform's lock is a Lease there, which stays when its holder dies.
"""

import base64
import gzip
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from provisioners.base import DriverFailure
from provisioners.kubernetes.connection import JSON, MERGE, METADATA_ONLY, Connection, Json
from provisioners.kubernetes.errors import ClusterError, ConflictError, NotFoundError
from provisioners.terraform.states import Backend, Intent, Lock, parsed, unreachable

_SELECTOR = "tfstate=true"
_SUFFIX = "tfstateSecretSuffix"
_INTENTS = "storecontroller.io/terraform-intents"
_INFO = "app.terraform.io/lock-info"


class KubernetesStates:
    """One Secret per name, and beside it a Lease and a ConfigMap with what our runs intend."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace

    def backend(self, name: str, run: str) -> Backend:  # noqa: ARG002
        """The cluster that the connection leads to."""
        settings: dict[str, Any] = {
            "secret_suffix": name,
            "namespace": self._namespace,
            "config_path": str(self._connection.kubeconfig.absolute()),
        }
        if self._connection.context:
            settings["config_context"] = self._connection.context
        return Backend(kind="kubernetes", settings=settings)

    def read(self, name: str) -> dict[str, Any] | None:
        """What the Secret holds."""
        secret = self._get(self._secret(name))
        packed = ((secret or {}).get("data") or {}).get("tfstate")
        try:
            return parsed(gzip.decompress(base64.b64decode(packed))) if packed else None
        except (OSError, ValueError) as error:
            raise unreachable(f"the state is not whole: {error}") from error

    def remove(self, name: str) -> None:
        """Delete Secret, Lease and ConfigMap; the Secret last, as it is what names are found by."""
        for path in (self._lease(name), self._config(name), self._secret(name)):
            with suppress(NotFoundError):
                self._ask("DELETE", path)

    def names(self) -> set[str]:
        """Every Secret that a state is in, whether it is empty or not."""
        query = {"labelSelector": _SELECTOR}
        path = f"/api/v1/namespaces/{self._namespace}/secrets"
        try:
            pages = list(self._connection.pages(path, query, accept=METADATA_ONLY))
        except ClusterError as error:
            raise _lost(error) from error
        found = [item["metadata"]["labels"] for page in pages for item in page["items"]]
        return {labels[_SUFFIX] for labels in found if _SUFFIX in labels}

    def lock(self, name: str) -> Lock | None:
        """What the Lease says."""
        lease = self._get(self._lease(name))
        if lease is None or not lease.get("spec", {}).get("holderIdentity"):
            return None
        info = lease["metadata"].get("annotations", {}).get(_INFO)
        if info:
            return Lock.of_info(info)
        made = json.dumps(lease["metadata"]["creationTimestamp"])
        holder = json.dumps(lease["spec"]["holderIdentity"])
        return Lock.of_info(f'{{"ID": {holder}, "Who": "unknown", "Created": {made}}}')

    def release(self, name: str, lock: Lock) -> None:
        """Free the Lease, unless somebody did or it is another's by now."""
        lease = self._get(self._lease(name))
        if lease is None or lease["spec"].get("holderIdentity") != lock.id:
            return
        del lease["spec"]["holderIdentity"]
        lease["metadata"].get("annotations", {}).pop(_INFO, None)
        # Its version goes along, so a Lease that changed meanwhile refuses this.
        with suppress(NotFoundError, ConflictError):
            self._ask("PUT", self._lease(name), lease)

    def intents(self, name: str) -> tuple[Intent, ...]:
        """What the ConfigMap holds."""
        held = ((self._get(self._config(name)) or {}).get("data") or {}).values()
        return tuple(Intent.decoded(text) for text in held)

    def intend(self, name: str, intent: Intent) -> None:
        """Put it into the ConfigMap."""
        data = {intent.run: intent.encoded()}
        labels = {_INTENTS: name}
        body: Json = {"metadata": {"name": self._config(name).rsplit("/", 1)[1], "labels": labels}}
        body |= {"apiVersion": "v1", "kind": "ConfigMap", "data": data}
        try:
            self._ask("PATCH", self._config(name), {"data": data})
        except NotFoundError:
            try:
                self._ask("POST", self._config(name).rsplit("/", 1)[0], body)
            except ConflictError:
                self._ask("PATCH", self._config(name), {"data": data})

    def swap(self, name: str, old: Intent, new: Intent) -> bool:
        """Put it into the ConfigMap that was read, and into no later one."""
        config = self._get(self._config(name)) or {}
        held = (config.get("data") or {}).get(old.run)
        if held is None or Intent.decoded(held) != old:
            return False
        version = {"resourceVersion": config["metadata"]["resourceVersion"]}
        body: Json = {"metadata": version, "data": {new.run: new.encoded()}}
        try:
            self._ask("PATCH", self._config(name), body)
        except (NotFoundError, ConflictError):
            return False
        return True

    def forget(self, name: str, runs: Iterable[str]) -> None:
        """Take them out of the ConfigMap."""
        gone = dict.fromkeys(runs)
        if gone:
            with suppress(NotFoundError):
                self._ask("PATCH", self._config(name), {"data": gone})

    def _get(self, path: str) -> Json | None:
        try:
            return self._ask("GET", path)
        except NotFoundError:
            return None

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        content = MERGE if method == "PATCH" else JSON
        try:
            return self._connection.request(method, path, body=body, content=content)
        except (NotFoundError, ConflictError):
            raise
        except ClusterError as error:
            raise _lost(error) from error

    def _secret(self, name: str) -> str:
        return f"/api/v1/namespaces/{self._namespace}/secrets/tfstate-default-{name}"

    def _config(self, name: str) -> str:
        return f"/api/v1/namespaces/{self._namespace}/configmaps/tfstate-intents-{name}"

    def _lease(self, name: str) -> str:
        leases = f"/apis/coordination.k8s.io/v1/namespaces/{self._namespace}/leases"
        return f"{leases}/lock-tfstate-default-{name}"


def _lost(error: ClusterError) -> DriverFailure:
    return unreachable(f"{error.code}: {error.detail}")

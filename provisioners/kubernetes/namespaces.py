"""What we keep in a cluster: a namespace for each stack, with its limits and its secrets.

Objects are written by server-side apply under a field manager of our own, so that a write can be
repeated and touches nothing that somebody else set. A namespace of the right name that does not
carry our labels is somebody else's: it is neither changed nor deleted.
"""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from provisioners.base import NAMESPACE_PREFIX, DriverFailure
from provisioners.kubernetes.connection import APPLY, METADATA_ONLY, Connection, Json
from provisioners.kubernetes.errors import (
    ConflictError,
    NotFoundError,
    StrangerError,
    TerminatingError,
)

OWNER = "app.kubernetes.io/managed-by"
US = "store-controller"
STACK = "storecontroller.io/uid"
"""The label that every namespace and every object of a stack carries, with the release's name."""
MANAGER = "store-controller"
Kept = TypeVar("Kept")
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_PREPARED_SECONDS = 300.0
_KEPT = 4096
_NOTES = {"events", "events.events.k8s.io"}
"""Kinds that only tell of others; they end with their namespace."""


@dataclass(frozen=True, kw_only=True)
class NamespaceSpec:
    """What a stack is given: who it is for, and how much it may use."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Added to those that make the namespace ours, such as its store and its tenant."""
    quota: Mapping[str, str] = field(default_factory=dict)
    """`hard` of its ResourceQuota, as {"requests.cpu": "4"}; none when empty."""
    default_limits: Mapping[str, str] = field(default_factory=dict)
    """What a container may use that does not say it, as {"memory": "512Mi"}."""
    default_requests: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secrets with the logins of registries, as docker's config.json, by their names."""


class Namespaces:
    """The namespaces of one cluster."""

    def __init__(
        self,
        connection: Connection,
        *,
        wanted: Callable[[str], NamespaceSpec] = lambda _: NamespaceSpec(),
        prefix: str = NAMESPACE_PREFIX,
        secret: str = "shop-secrets",  # noqa: S107 -- the name of a Secret.
        pull: Sequence[str] = (),
    ) -> None:
        self.connection = connection
        self.prefix = prefix
        self.secret = secret
        """The name of the Secret that a chart is given as its existing one."""
        self.pull = tuple(pull)
        """The names of the Secrets with which images are pulled."""
        self._wanted = wanted
        self._prepared: dict[str, tuple[NamespaceSpec, float]] = {}
        self._alike: dict[str, tuple[str, str]] = {}
        """The version of each stack's Secret that was found to hold what has this digest."""
        self._lock = threading.Lock()
        self._discovered: tuple[float, list[tuple[str, str]]] = (-1e9, [])

    def namespace(self, name: str) -> str:
        """The namespace of a stack; raises DriverFailure for a name that cannot be part of one."""
        if not (name.isascii() and name.isalnum() and name.lower() == name and len(name) <= 48):
            raise DriverFailure("bad_name", f"not a release's name: {name!r}", transient=False)
        return f"{self.prefix}{name}"

    def prepare(self, name: str, *, again: bool = False) -> None:
        """Make the namespace as it should be, with its quota and its limits.

        What was made so a moment ago is left alone, unless it is to be made `again`.
        """
        namespace, wanted = self.namespace(name), self._wanted(name)
        known, until = self._prepared.get(name, (None, 0.0))
        if not again and known == wanted and time.monotonic() < until:
            return
        self._ours(name)
        labels = {
            **wanted.labels,
            **_labels(name),
        }
        self._write("v1", "Namespace", "/api/v1/namespaces", {"name": namespace, "labels": labels})
        core = f"/api/v1/namespaces/{namespace}"
        metadata = {"name": US, "labels": {OWNER: US, STACK: name}}
        if wanted.quota:
            spec: Json = {"hard": dict(wanted.quota)}
            self._write("v1", "ResourceQuota", f"{core}/resourcequotas", metadata, spec=spec)
        else:
            self._remove(f"{core}/resourcequotas/{US}")
        if wanted.default_limits or wanted.default_requests:
            limits = {
                "type": "Container",
                "default": dict(wanted.default_limits),
                "defaultRequest": dict(wanted.default_requests),
            }
            self._write(
                "v1", "LimitRange", f"{core}/limitranges", metadata, spec={"limits": [limits]}
            )
        else:
            self._remove(f"{core}/limitranges/{US}")
        for secret, text in wanted.logins.items():
            self._write(
                "v1",
                "Secret",
                f"{core}/secrets",
                {**metadata, "name": secret},
                type="kubernetes.io/dockerconfigjson",
                data=_encoded({".dockerconfigjson": text}),
            )
        with self._lock:
            _keep(self._prepared, name, (wanted, time.monotonic() + _PREPARED_SECONDS))

    def apply_secrets(self, name: str, secrets: Mapping[str, str]) -> Json:
        """Put the secrets in place, exactly these; return the Secret as it was written."""
        self.prepare(name, again=True)
        path = f"/api/v1/namespaces/{self.namespace(name)}/secrets"
        metadata = {"name": self.secret, "labels": {OWNER: US, STACK: name}}
        data = _encoded(secrets)
        written = self._write("v1", "Secret", path, metadata, type="Opaque", data=data)
        self._found(name, written, data)
        return written

    def has_secrets(self, name: str, secrets: Mapping[str, str], version: str) -> bool:
        """Whether exactly these secrets are in place.

        `version` is the Secret's own, as the watches tell it: one that was read is known.
        """
        data = _encoded(secrets)
        if version and self._alike.get(name) == (version, _digest(data)):
            return True
        path = f"/api/v1/namespaces/{self.namespace(name)}/secrets/{self.secret}"
        try:
            found = self.connection.get(path)
        except NotFoundError:
            return False
        if found.get("data", {}) != data:
            return False
        self._found(name, found, data)
        return True

    def _found(self, name: str, secret: Json, data: Mapping[str, str]) -> None:
        with self._lock:
            _keep(self._alike, name, (secret["metadata"]["resourceVersion"], _digest(data)))

    def delete(self, name: str, *, patience: float) -> None:
        """Delete the namespace and all that is in it; returns when it is gone.

        Raises TerminatingError with what holds it up when that takes longer than `patience`.
        """
        path = f"/api/v1/namespaces/{self.namespace(name)}"
        with self._lock:
            self._prepared.pop(name, None)
        deadline = time.monotonic() + patience
        pause = 0.05
        asked = False
        while (found := self._ours(name, alive=False)) is not None:
            if not asked and not found["metadata"].get("deletionTimestamp"):
                options: Json = {
                    "propagationPolicy": "Background",
                    "preconditions": {"uid": found["metadata"]["uid"]},
                }
                try:
                    self.connection.request("DELETE", path, body=options)
                except (NotFoundError, ConflictError):
                    continue
            asked = True
            if time.monotonic() > deadline:
                raise TerminatingError(_held_up(found))
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    def ending(self, name: str) -> str | None:
        """What a namespace that is being deleted waits for; None when it is not."""
        found = self._ours(name, alive=False)
        ending = found is not None and found["metadata"].get("deletionTimestamp")
        return _held_up(found) if found is not None and ending else None

    def inventory(self, name: str) -> tuple[str, ...]:
        """The namespace and everything of any kind in it, as `pod/web-1`."""
        if self._ours(name, alive=False) is None:
            return ()
        held = [f"{kind}/{item['metadata']['name']}" for kind, item in self._everything(name)]
        return (f"namespace/{self.namespace(name)}", *sorted(held))

    def strangers(self, name: str) -> tuple[str, ...]:
        """What somebody else put into the namespace: shown, never deleted on its own."""
        if self._ours(name, alive=False) is None:
            return ()
        return tuple(
            sorted(
                f"{kind}/{item['metadata']['name']}"
                for kind, item in self._everything(name)
                if not _known(kind, item)
            )
        )

    def names(self) -> set[str]:
        """Every stack that a namespace is there for."""
        query = {"labelSelector": f"{OWNER}={US},{STACK}"}
        pages = self.connection.pages("/api/v1/namespaces", query, accept=METADATA_ONLY)
        return {item["metadata"]["labels"][STACK] for page in pages for item in page["items"]}

    def _ours(self, name: str, *, alive: bool = True) -> Json | None:
        """The namespace, None when there is none; raises when it is a stranger's or ending."""
        namespace = self.namespace(name)
        try:
            found = self.connection.get(f"/api/v1/namespaces/{namespace}")
        except NotFoundError:
            return None
        labels = found["metadata"].get("labels", {})
        if labels.get(OWNER) != US or labels.get(STACK) != name:
            raise StrangerError(f"the namespace {namespace} is somebody else's")
        if alive and found["metadata"].get("deletionTimestamp"):
            raise TerminatingError(_held_up(found))
        return found

    def _write(self, version: str, kind: str, path: str, metadata: Json, **content: object) -> Json:
        """Apply an object: fields that we set before and leave out now are removed."""
        return self.connection.request(
            "PATCH",
            f"{path}/{metadata['name']}",
            query={"fieldManager": MANAGER, "force": True},
            body={"apiVersion": version, "kind": kind, "metadata": metadata, **content},
            content=APPLY,
        )

    def _remove(self, path: str) -> None:
        """Delete an object of ours when it is there; a look costs less than a needless write."""
        try:
            self.connection.get(path)
            self.connection.request("DELETE", path)
        except NotFoundError:
            return

    def _everything(self, name: str) -> Iterator[tuple[str, Json]]:
        namespace = self.namespace(name)
        for kind, path in self._kinds():
            try:
                for page in self.connection.pages(
                    path.format(namespace=namespace), accept=METADATA_ONLY
                ):
                    yield from ((kind, item) for item in page["items"])
            except NotFoundError:
                continue  # The kind itself went away since it was discovered.

    def _kinds(self) -> list[tuple[str, str]]:
        """Kind and path of everything in a namespace that can be listed; asked every 10 minutes."""
        at, kinds = self._discovered
        if time.monotonic() - at < 600:
            return kinds
        kinds = []
        for root in ("/api", "/apis"):
            for group in self.connection.get(root, accept=_DISCOVERY)["items"]:
                kinds += _listable(root, group)
        self._discovered = (time.monotonic(), kinds)
        return kinds


def _listable(root: str, group: Json) -> Iterator[tuple[str, str]]:
    """Kinds of a group, each in the first version that has it."""
    seen: set[str] = set()
    group_name = group.get("metadata", {}).get("name", "")
    for version in group["versions"]:
        base = "/".join(part for part in (root, group_name, version["version"]) if part)
        for resource in version.get("resources", ()):
            plural = resource["resource"]
            full = f"{plural}.{group_name}" if group_name else plural
            if resource["scope"] != "Namespaced" or full in seen | _NOTES:
                continue
            seen.add(full)
            if "list" in resource["verbs"]:
                kind = resource.get("singularResource") or plural
                yield kind, f"{base}/namespaces/{{namespace}}/{plural}"


def _known(kind: str, item: Json) -> bool:
    """Whether an object is ours, the release's, or one that the cluster makes by itself."""
    metadata = item["metadata"]
    labels, name = metadata.get("labels", {}), metadata["name"]
    if metadata.get("ownerReferences") or labels.get(STACK) or labels.get("owner") == "helm":
        return True
    if metadata.get("annotations", {}).get("meta.helm.sh/release-name"):
        return True
    made = {("serviceaccount", "default"), ("configmap", "kube-root-ca.crt")}
    return (kind, name) in made or kind in {"endpoints", "lease"}


def _held_up(namespace: Json) -> str:
    """What a namespace that is ending still waits for."""
    told = [
        condition.get("message", "")
        for condition in namespace.get("status", {}).get("conditions", ())
        if condition.get("status") == "True"
    ]
    words = "; ".join(text for text in told if text) or "what is in it is still being deleted"
    return f"the namespace {namespace['metadata']['name']} is being deleted: {words}"


def _keep(memory: dict[str, Kept], name: str, thing: Kept) -> None:
    """Remember a thing, the most recent ones only."""
    memory.pop(name, None)
    memory[name] = thing
    while len(memory) > _KEPT:
        del memory[next(iter(memory))]


def _digest(data: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()


def _encoded(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(value.encode()).decode() for name, value in secrets.items()}


def _labels(name: str) -> dict[str, str]:
    return {
        OWNER: US,
        STACK: name,
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }


def namespace_as_ours() -> Json:
    """A namespace that asks of the admission what those of shops ask."""
    metadata = {"name": f"{NAMESPACE_PREFIX}storectl-check", "labels": _labels("check")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

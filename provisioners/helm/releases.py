"""Helm's own records of its releases, read through the API: to look at one starts no process.

Helm keeps each revision in a Secret `sh.helm.release.v1.NAME.vN`; its labels say how it stands, its
content is JSON, packed twice. The watches tell the labels, the content is read once a revision.
"""

import base64
import gzip
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from provisioners.kubernetes.connection import MERGE, METADATA_ONLY, Connection
from provisioners.kubernetes.errors import NotFoundError
from provisioners.kubernetes.namespaces import MANAGER
from provisioners.kubernetes.view import DIGEST, PATHS, WORKLOADS

STATE = "storecontroller.io/state"
RUN = "storecontroller.io/run"
"""Another one for each helm of ours; helm itself hands labels on from revision to revision."""
_KEPT = 4096
_DOCUMENTS = re.compile(r"^---.*$", re.MULTILINE)
_KIND = re.compile(r"^kind: *[\"']?(\w+)", re.MULTILINE)
_NAME = re.compile(r"^metadata: *\n(?:  +.*\n|\n)*?  name: *([\w.-]+) *$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision, as the labels of its record tell it."""

    number: int
    status: str
    """Helm's word: deployed, failed, superseded, uninstalling, pending-install and so on."""
    digest: str
    """What it was made from; empty when it was not made by us."""
    stopped: bool
    touched: float
    """When Helm wrote it last, in seconds since the epoch."""
    record: str
    """Name and version of its Secret."""
    run: str = ""
    """Which helm of ours it is of, or of which one before it."""

    @property
    def pending(self) -> bool:
        """Whether Helm was, or still is, at work on it."""
        return self.status.startswith("pending-") or self.status == "uninstalling"

    @property
    def ran(self) -> bool:
        """Whether it was installed as a whole once."""
        return self.status in {"deployed", "superseded"}

    def age(self) -> float:
        """Seconds since Helm wrote it."""
        return max(0.0, time.time() - self.touched)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is in the record of a revision."""

    chart: str
    values: Mapping[str, Any]
    workloads: tuple[str, ...]
    """As `deployment/web`; hooks are none of them."""
    objects: tuple[tuple[str, str], ...]
    """Kind and name of everything that may be changed by somebody; hooks are none of it."""
    description: str


class Records:
    """The records of one cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._contents: OrderedDict[tuple[str, str], Content] = OrderedDict()
        self._lock = threading.Lock()

    def history(self, namespace: str) -> list[Revision]:
        """Every revision that is kept, the newest last; raises ClusterError."""
        path = f"/api/v1/namespaces/{namespace}/secrets"
        query = {"labelSelector": f"owner=helm,name={namespace}"}
        pages = self._connection.pages(path, query, accept=METADATA_ONLY)
        return revisions(item for page in pages for item in page["items"])

    def content(self, namespace: str, revision: Revision) -> Content:
        """What a revision consists of; raises ClusterError."""
        key = (namespace, revision.record)
        with self._lock:
            if key in self._contents:
                self._contents.move_to_end(key)
                return self._contents[key]
        content = unpacked(self._data(namespace, revision))
        with self._lock:
            self._contents[key] = content
            while len(self._contents) > _KEPT:
                self._contents.popitem(last=False)
        return content

    def manifest(self, namespace: str, revision: Revision) -> str:
        """What a revision says that there is, as YAML; raises ClusterError."""
        return str(_release(self._data(namespace, revision)).get("manifest", ""))

    def forget(self, namespace: str, revision: Revision) -> None:
        """Take away the record of a revision that nobody is at work on; raises ClusterError."""
        name, _, version = revision.record.partition("@")
        options = {"preconditions": {"resourceVersion": version}}
        with suppress(NotFoundError):
            path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
            self._connection.request("DELETE", path, body=options)

    def label(self, namespace: str, revision: Revision, **labels: str) -> None:
        """Change labels of the record of a revision; raises ClusterError."""
        name = revision.record.partition("@")[0]
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}?fieldManager={MANAGER}"
        body = {"metadata": {"labels": labels}}
        self._connection.request("PATCH", path, body=body, content=MERGE)

    def _data(self, namespace: str, revision: Revision) -> str:
        name = revision.record.partition("@")[0]
        secret = self._connection.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return str(secret["data"]["release"])


def revisions(secrets: Iterable[Mapping[str, Any]]) -> list[Revision]:
    """Those of Helm's records among the Secrets of one namespace, the newest last."""
    named = (secret["metadata"] for secret in secrets)
    found = [_revision(item) for item in named if item.get("labels", {}).get("owner") == "helm"]
    return sorted(found, key=lambda revision: revision.number)


def _revision(metadata: Mapping[str, Any]) -> Revision:
    labels = metadata["labels"]
    return Revision(
        number=int(labels["version"]),
        status=labels["status"],
        digest=labels.get(DIGEST, ""),
        stopped=labels.get(STATE) == "stopped",
        touched=float(labels.get("modifiedAt") or labels.get("createdAt") or 0.0),
        record=f"{metadata['name']}@{metadata['resourceVersion']}",
        run=labels.get(RUN, ""),
    )


def unpacked(data: str) -> Content:
    """The content of a record: base64 of Kubernetes around base64 of Helm around gzip."""
    release = _release(data)
    objects = tuple(_objects(release.get("manifest", "")))
    return Content(
        chart=release["chart"]["metadata"]["name"],
        values=release.get("config") or {},
        workloads=tuple(f"{kind}/{name}" for kind, name in objects if kind in WORKLOADS),
        objects=objects,
        description=release["info"].get("description", ""),
    )


def _release(data: str) -> dict[str, Any]:
    raw = base64.b64decode(base64.b64decode(data))
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    release: dict[str, Any] = orjson.loads(raw)
    return release


def _objects(manifest: str) -> Iterator[tuple[str, str]]:
    """Kind and name of each object; only what is not written plainly is parsed as YAML."""
    for document in _DOCUMENTS.split(manifest):
        kind = _KIND.search(document)
        if kind is None or kind[1].lower() not in PATHS:
            continue
        name = _NAME.search(document)
        yield kind[1].lower(), name[1] if name else _parsed_name(document)


def _parsed_name(document: str) -> str:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    thing = yaml.load(document, Loader=loader)  # noqa: S506 -- a safe loader, in C where it is there.
    return str(thing["metadata"]["name"])

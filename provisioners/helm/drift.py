"""What became of a release's objects since helm wrote them: changed, deleted, written by another.

A look costs nothing while all is as it was: the watches tell by whom an object was written, and
which release it is of. Only an object that somebody else wrote to is read and compared with the
release's manifest, field by field of what that says; what it leaves open may be anybody's.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from provisioners.base import Changed
from provisioners.helm.releases import Content, Records, Revision
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import NotFoundError
from provisioners.kubernetes.namespaces import STACK
from provisioners.kubernetes.quantities import quantity
from provisioners.kubernetes.view import PATHS, View, strangers_of, within
from provisioners.kubernetes.watch import Watches

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = ("name", "mountPath", "containerPort", "port", "host", "path", "topologyKey")
"""What tells the items of a list apart, as Kubernetes merges them."""
_KEPT = 20_000

Thing = tuple[str, str]
"""Kind and name."""


class Drift:
    """Finds what changed of the releases of one cluster."""

    def __init__(self, connection: Connection, watches: Watches, records: Records) -> None:
        self._connection = connection
        self._watches = watches
        self._records = records
        self._lock = threading.Lock()
        self._harmless: dict[Any, None] = {}
        """What was found to be as the release says, or cannot be made so, by the objects' marks."""
        self._tried: dict[tuple[str, Thing], tuple[str, ...]] = {}
        """What an object differed in when it was put back last."""

    def of(self, view: View, namespace: str, newest: Revision, content: Content) -> list[Changed]:
        """What is not as the newest revision made it; empty when everything is."""
        found = self._suspects(view, namespace, newest, content)
        if not found:
            return []
        # Helm may have written an instant ago: a watch is always a little behind.
        self._watches.refresh(namespace, *{kind for kind, _ in found})
        found = self._suspects(view, namespace, newest, content)
        if not found:
            return []
        said = manifest_of(self._records.manifest(namespace, newest))
        judged = (self._judged(view, namespace, newest, thing, said.get(thing)) for thing in found)
        return [changed for changed in judged if changed is not None]

    def put_back(self, namespace: str, found: Iterable[Changed]) -> None:
        """Note what helm was told to put back: what differs afterwards still, it cannot."""
        for changed in found:
            kind, _, name = changed.thing.partition("/")
            self._tried[namespace, (kind, name)] = changed.fields

    def _suspects(
        self, view: View, namespace: str, newest: Revision, content: Content
    ) -> list[Thing]:
        found = []
        for thing, mark in zip(
            content.objects, view.marks(namespace, content.objects), strict=True
        ):
            if mark is None and thing[0] == "job":
                continue  # It may have been tidied up.
            if mark is not None and (mark.kept or mark.pristine(newest.digest)):
                continue
            if (namespace, newest.record, thing, mark) not in self._harmless:
                found.append(thing)
        return found

    def _judged(
        self, view: View, namespace: str, newest: Revision, thing: Thing, said: Json | None
    ) -> Changed | None:
        kind, name = thing
        path = f"{kind}/{name}"
        (mark,) = view.marks(namespace, [thing])
        changed: Changed | None = None
        if said is not None and STACK in (said["metadata"].get("labels") or {}):
            try:
                live = self._connection.get(f"{within(PATHS[kind], namespace)}/{name}")
            except NotFoundError:
                return Changed(thing=path, fields=("deleted",))
            if fields := tuple(differences(_said(said), live)):
                changed = Changed(thing=path, fields=fields, who=_who(live))
        if changed is None or self._tried.get((namespace, thing)) == changed.fields:
            with self._lock:
                self._harmless[namespace, newest.record, thing, mark] = None
                while len(self._harmless) > _KEPT:
                    del self._harmless[next(iter(self._harmless))]
            return None
        return changed


def manifest_of(text: str) -> dict[Thing, Json]:
    """The objects of a manifest by kind and name."""
    things = (thing for thing in yaml.load_all(text, Loader=_LOADER) if thing)
    return {(thing["kind"].lower(), str(thing["metadata"]["name"])): thing for thing in things}


def _said(thing: Json) -> Json:
    """What a manifest says of an object that does not follow from its name."""
    kept = {key: value for key, value in thing.items() if key not in {"apiVersion", "kind"}}
    metadata = {key: kept["metadata"].get(key) or {} for key in ("labels", "annotations")}
    return {**kept, "metadata": metadata}


def differences(said: Any, live: Any, place: str = "") -> Iterator[str]:
    """The fields that are said and are not so, as `spec.replicas`."""
    if isinstance(said, Mapping) and isinstance(live, Mapping | None):
        for key, value in said.items():
            there = live.get(key) if live else None
            yield from differences(value, there, f"{place}.{key}" if place else str(key))
    elif isinstance(said, list) and isinstance(live, list):
        yield from _listed(said, live, place)
    elif not _same(said, live):
        yield place


def _listed(said: list[Any], live: list[Any], place: str) -> Iterator[str]:
    key = next((key for key in _KEYS if all(key in item for item in said if _keyed(item))), None)
    if key is not None and all(_keyed(item) for item in [*said, *live]):
        known = {item.get(key): item for item in live}
        for item in said:
            where = f"{place}[{item[key]}]"
            if item[key] in known:
                yield from differences(item, known[item[key]], where)
            else:
                yield where
        return
    if len(said) != len(live):
        yield place
        return
    for number, (item, there) in enumerate(zip(said, live, strict=True)):
        yield from differences(item, there, f"{place}[{number}]")


def _keyed(item: Any) -> bool:
    return isinstance(item, Mapping)


def _same(said: Any, live: Any) -> bool:
    empty: tuple[Any, ...] = (None, "", [], {})
    if said == live or (said in empty and live in empty):
        return True
    one, other = quantity(said), quantity(live)
    return one is not None and one == other


def _who(live: Json) -> str:
    """Who wrote to it last, as the cluster has it; a stranger rather than helm."""
    strangers = strangers_of(live)
    told = [
        (entry.get("manager") in strangers, entry.get("time", ""), entry.get("manager", ""))
        for entry in live["metadata"].get("managedFields", ())
        if entry.get("subresource", "") in {"", "scale"}
    ]
    return str(max(told)[2]) if told else ""

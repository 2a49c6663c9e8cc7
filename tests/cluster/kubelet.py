"""A stand-in for kubelets, scheduler and storage: pods become ready, claims get volumes.

It watches like anybody and writes only what those would write: bindings, the status of pods, the
end of deleted ones, volumes. What becomes of a pod is its fate, which a test may choose. It runs no
container: there are neither logs nor `exec`.
"""

import contextlib
import itertools
import json
import queue
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.cluster import podstatus

NODE = "stand-in"
"""The name of the only node, and of the default storage class."""
WORKERS = 4
Object = dict[str, Any]
Job = Callable[[], object]


def connected(kubeconfig: Path) -> client.ApiClient:
    """Return a client of the cluster that a file names."""
    api: client.ApiClient = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
    return api


class Fate(StrEnum):
    """What becomes of a pod."""

    READY = "ready"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IMAGE_MISSING = "image missing"
    UNSCHEDULABLE = "unschedulable"
    CRASHING = "crashing"
    OUT_OF_MEMORY = "out of memory"
    KEYLESS = "keyless"
    UNHEALTHY = "unhealthy"


def usual(pod: Object) -> Fate:
    """Pods of jobs succeed, others get ready, and an image tagged `missing` cannot be pulled."""
    spec = pod["spec"]
    if any(container["image"].endswith(":missing") for container in spec["containers"]):
        return Fate.IMAGE_MISSING
    return Fate.READY if spec["restartPolicy"] == "Always" else Fate.SUCCEEDED


class StandIn:
    """Threads that watch pods and claims, and workers that answer for them."""

    def __init__(self, kubeconfig: Path, fate: Callable[[Object], Fate] = usual) -> None:
        self._fate = fate
        self.words: Callable[[Object], str] = lambda _: ""
        """What the last container of a pod says at its end."""
        self._given: dict[str, Fate] = {}
        self._addresses = itertools.count(1)
        self._numbers: dict[str, int] = {}
        self._api = connected(kubeconfig)
        # It takes JSON for its models, which its types deny.
        self._core: Any = client.CoreV1Api(self._api)
        # Each object has its worker, so that what is said of it first is never written last.
        self._queues: list[queue.SimpleQueue[Job | None]] = [
            queue.SimpleQueue() for _ in range(WORKERS)
        ]
        self._deciding = threading.Lock()
        self._stopping = threading.Event()
        self._watches: set[urllib3.HTTPResponse] = set()

    @contextlib.contextmanager
    def at_work(self) -> Iterator["StandIn"]:
        """Answer for every pod and claim until the context ends."""
        self._register()
        pods = (self._core.list_pod_for_all_namespaces, self._pod)
        claims = (self._core.list_persistent_volume_claim_for_all_namespaces, self._claim)
        watching = [threading.Thread(target=self._watch, args=args) for args in (pods, claims)]
        working = [threading.Thread(target=self._work, args=(jobs,)) for jobs in self._queues]
        for thread in (*watching, *working):
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for response in tuple(self._watches):
                response.shutdown()
            for thread in watching:
                thread.join()
            for jobs in self._queues:
                jobs.put(None)
            for thread in working:
                thread.join()
            self._api.close()  # type: ignore[no-untyped-call]

    def decide(self, fate: Callable[[Object], Fate]) -> None:
        """Choose another fate, for the pods that are there too."""
        self._fate = fate
        for pod in self._read(self._core.list_pod_for_all_namespaces)["items"]:
            self._pod("MODIFIED", pod)

    @contextlib.contextmanager
    def reporting(self, **status: Any) -> Iterator[None]:
        """Say something else of the node; what is asked then knows of it, and so it does after."""
        self._report_node(status)
        try:
            yield
        finally:
            self._report_node({key: podstatus.NODE[key] for key in status})

    def _report_node(self, status: Object) -> None:
        """Report it and wait until the server's memory, which is a moment behind, has it."""
        written = self._core.patch_node_status(NODE, {"status": status})
        # Of an exact version the server answers when it knows one that is at least as new.
        version = written.metadata.resource_version
        self._core.list_node(resource_version=version)

    def _register(self) -> None:
        """Be a node that is ready, and the default storage class."""
        storage: Any = client.StorageV1Api(self._api)
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        with _unless_it_is_there():
            self._core.create_node({"metadata": {"name": NODE}})
        with _unless_it_is_there():
            storage.create_storage_class(
                {
                    "metadata": {"name": NODE, "annotations": default},
                    "provisioner": f"{NODE}.invalid/none",
                    "allowVolumeExpansion": True,
                }
            )
        self._report_node(podstatus.NODE)

    def _watch(self, read: Callable[..., Any], handle: Callable[[str, Object], None]) -> None:
        """Tell a handler of every object, and of every change after that."""
        while not self._stopping.is_set():
            # What ends a watch (its time, a server that goes, a version too old) begins a new one.
            with contextlib.suppress(ApiException, urllib3.exceptions.HTTPError, ValueError):
                listed = self._read(read)
                for item in listed["items"]:
                    handle("ADDED", item)
                self._follow(read, listed["metadata"]["resourceVersion"], handle)
            self._stopping.wait(0.05)

    def _follow(
        self, read: Callable[..., Any], since: str, handle: Callable[[str, Object], None]
    ) -> None:
        response = read(watch=True, resource_version=since, _preload_content=False)
        self._watches.add(response)
        try:
            # Whoever stops us shuts the watches that are known; this one may have come after.
            for line in () if self._stopping.is_set() else response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                handle(event["type"], event["object"])
        finally:
            self._watches.discard(response)
            response.close()

    def _read(self, read: Callable[..., Any]) -> Object:
        found: Object = json.loads(read(_preload_content=False).data)
        return found

    def _put(self, uid: str, job: Job) -> None:
        self._queues[hash(uid) % WORKERS].put(job)

    def _work(self, jobs: "queue.SimpleQueue[Job | None]") -> None:
        while (job := jobs.get()) is not None:
            # Gone or changed meanwhile: the next event says what is to be done now.
            with contextlib.suppress(ApiException, urllib3.exceptions.HTTPError):
                job()

    def _pod(self, change: str, pod: Object) -> None:
        # Whoever chooses a fate tells of pods as well as the watch does.
        with self._deciding:
            self._handle(change, pod)

    def _handle(self, change: str, pod: Object) -> None:
        metadata, node = pod["metadata"], pod["spec"].get("nodeName")
        uid = metadata["uid"]
        if change == "DELETED":
            self._given.pop(uid, None)
        elif metadata.get("deletionTimestamp"):
            if node == NODE:
                self._put(uid, lambda: self._end(metadata))
        elif self._given.get(uid) is not (fate := self._fate(pod)):
            if node is None and fate is not Fate.UNSCHEDULABLE:
                self._put(uid, lambda: self._bind(metadata))
            elif node in {None, NODE}:
                self._given[uid] = fate
                self._put(uid, lambda: self._report(pod, fate))

    def _bind(self, metadata: Object) -> None:
        name, namespace = metadata["name"], metadata["namespace"]
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        binding = {"metadata": {"name": name}, "target": target}
        # The answer is a Status, which the client would take for a Binding.
        self._core.create_namespaced_pod_binding(name, namespace, binding, _preload_content=False)

    def _report(self, pod: Object, fate: Fate) -> None:
        metadata = pod["metadata"]
        address = self._address(metadata["uid"])
        try:
            self._core.patch_namespaced_pod_status(
                metadata["name"],
                metadata["namespace"],
                {
                    "metadata": {"uid": metadata["uid"]},
                    "status": podstatus.status(pod, fate, address, self.words(pod)),
                },
                _preload_content=False,
            )
        except (ApiException, urllib3.exceptions.HTTPError):
            self._given.pop(metadata["uid"], None)
            raise

    def _address(self, uid: str) -> str:
        """A pod's address, the same in all that is said of it."""
        number = self._numbers.setdefault(uid, next(self._addresses))
        return f"10.244.{number >> 8 & 255}.{number & 255}"

    def _end(self, metadata: Object) -> None:
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        self._core.delete_namespaced_pod(
            metadata["name"], metadata["namespace"], body=options, _preload_content=False
        )

    def _claim(self, change: str, claim: Object) -> None:
        spec, metadata = claim["spec"], claim["metadata"]
        if spec.get("storageClassName") != NODE:
            return
        uid = metadata["uid"]
        name = f"{NODE}-{uid}"
        if change == "DELETED":
            self._put(uid, lambda: self._core.delete_persistent_volume(name))
        elif claim["status"].get("phase") == "Pending" and not spec.get("volumeName"):
            made = podstatus.volume(name, NODE, claim)
            self._put(uid, lambda: self._core.create_persistent_volume(made))


@contextlib.contextmanager
def _unless_it_is_there() -> Iterator[None]:
    try:
        yield
    except ApiException as error:
        if error.status != 409:
            raise

"""What a kubelet would write of a pod; `kubelet` calls it."""

import datetime as dt
from typing import Any

Object = dict[str, Any]

NODE = {
    "capacity": {"cpu": "1000", "memory": "4000Gi", "pods": "100000"},
    "allocatable": {"cpu": "1000", "memory": "4000Gi", "pods": "100000"},
    "conditions": [{"type": "Ready", "status": "True", "reason": "StandIn", "message": ""}],
}
LAST_LINES = "SQLSTATE[HY000] [2002] Connection refused"
"""What a container that failed said last."""


def status(pod: Object, fate: str, address: str, words: str = "") -> Object:
    """The status of a pod that met its fate; `words` are its last ones where it ended."""
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if fate == "unschedulable":
        why = {"reason": "Unschedulable", "message": "0/1 nodes are available: chosen by a test."}
        condition = {"type": "PodScheduled", "status": "False", "lastTransitionTime": now, **why}
        return {"phase": "Pending", "conditions": [condition]}
    phase, _, ready = _states(now, "")[fate]
    spec = pod["spec"]
    over = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
    running = {"running": {"startedAt": now}}
    conditions = {
        # It may have been denied a node before.
        "PodScheduled": True,
        "PodReadyToStartContainers": True,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready,
    }
    told = {"message": words} if words else {}
    return {
        "phase": phase,
        "hostIP": "192.0.2.1",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "conditions": [
            {"type": kind, "status": str(holds), "lastTransitionTime": now}
            for kind, holds in conditions.items()
        ],
        "initContainerStatuses": [
            _container(each, running if each.get("restartPolicy") else over, ready=True)
            for each in spec.get("initContainers", ())
        ],
        "containerStatuses": [
            _container(each, _states(now, each["image"], told)[fate][1], ready=ready, fate=fate)
            for each in spec["containers"]
        ],
    }


def volume(name: str, storage_class: str, claim: Object) -> Object:
    """A volume that a claim asked for."""
    metadata, spec = claim["metadata"], claim["spec"]
    mine = {key: metadata[key] for key in ("name", "namespace", "uid")}
    return {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": f"{storage_class}.invalid/none"},
        },
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **mine},
            "hostPath": {"path": f"/{name}"},
        },
    }


def _states(
    now: str, image: str, told: Object | None = None
) -> dict[str, tuple[str, Object, bool]]:
    """Phase of the pod, state of a container, whether it is ready: by fate."""
    failed = {"exitCode": 1, "reason": "Error", "finishedAt": now, "message": LAST_LINES}
    failed |= told or {}
    done = {"exitCode": 0, "reason": "Completed", "finishedAt": now, **(told or {})}
    waiting = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
    backing_off = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed"}
    keyless = {"reason": "CreateContainerConfigError", "message": "couldn't find key db-password"}
    return {
        "crashing": ("Running", {"waiting": backing_off}, False),
        "out of memory": ("Running", {"waiting": backing_off}, False),
        "keyless": ("Pending", {"waiting": keyless}, False),
        "unhealthy": ("Running", {"running": {"startedAt": now}}, False),
        "ready": ("Running", {"running": {"startedAt": now}}, True),
        "succeeded": ("Succeeded", {"terminated": done}, False),
        "failed": ("Failed", {"terminated": failed}, False),
        "image missing": ("Pending", {"waiting": waiting}, False),
    }


_LAST: dict[str, Object] = {
    "crashing": {"exitCode": 3, "reason": "Error", "message": LAST_LINES},
    "out of memory": {"exitCode": 137, "reason": "OOMKilled", "message": None},
}
"""How a container ended before the state that it is in, by fate."""


def _container(container: Object, state: Object, *, ready: bool, fate: str = "") -> Object:
    last = _LAST.get(fate)
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": ready,
        "started": ready,
        "restartCount": 4 if last else 0,
        "lastState": {"terminated": last},
        # A patch keeps what it does not name.
        "state": {"waiting": None, "running": None, "terminated": None, **state},
    }

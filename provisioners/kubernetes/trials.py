"""Whether a cluster can fetch an image, tried by a Job beside the shop that runs.

The Job starts the image once and does nothing in it. It is called after the image, so that whoever
comes next, another worker too, finds the trial that is going on.
"""

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress

from provisioners.base import DriverFailure
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ConflictError, NotFoundError
from provisioners.kubernetes.namespaces import OWNER, STACK, US

_REFUSED = {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
_LOOK_SECONDS = 0.5
_LONGEST_SECONDS = 900
"""After this a Job ends by itself, and is tidied away by the cluster."""


class Trials:
    """Trials of images in the namespaces of one cluster."""

    def __init__(
        self, connection: Connection, *, pull: Sequence[str] = (), patience: float
    ) -> None:
        """`pull` are names of pull secrets; `patience` is how many seconds a call waits."""
        self._connection = connection
        self._pull = tuple(pull)
        self._patience = patience

    def run(self, namespace: str, stack: str, image: str) -> None:
        """Return when the image was fetched; raises DriverFailure, `image_unpullable` for good."""
        name = f"image-trial-{hashlib.sha256(image.encode()).hexdigest()[:10]}"
        jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        with suppress(ConflictError):
            self._connection.request("POST", jobs, body=self._job(name, stack, image))
        deadline = time.monotonic() + self._patience
        told = "it is not started yet"
        while time.monotonic() < deadline:
            for pod in self._pods(namespace, name):
                fetched, refused, words = _standing(pod)
                told = words or told
                if fetched or refused:
                    self._remove(f"{jobs}/{name}")
                if refused:
                    raise DriverFailure("image_unpullable", told[:500], transient=False)
                if fetched:
                    return
            time.sleep(_LOOK_SECONDS)
        raise DriverFailure("image_waiting", f"{image}: {told}"[:500])

    def _pods(self, namespace: str, job: str) -> list[Json]:
        query = {"labelSelector": f"batch.kubernetes.io/job-name={job}"}
        pages = self._connection.pages(f"/api/v1/namespaces/{namespace}/pods", query)
        return [pod for page in pages for pod in page["items"]]

    def _remove(self, path: str) -> None:
        with suppress(NotFoundError):
            self._connection.request("DELETE", path, body={"propagationPolicy": "Background"})

    def _job(self, name: str, stack: str, image: str) -> Json:
        return _job(name, stack, image, self._pull)


def job_as_ours() -> Json:
    """A Job that asks of the admission what those of shops ask."""
    return _job("storectl-check", "check", "registry.example.com/shop:1", ())


def _job(name: str, stack: str, image: str, pull: Sequence[str]) -> Json:
    container = {
        "name": "image",
        "image": image,
        "command": ["true"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod: Json = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65_534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "imagePullSecrets": [{"name": secret} for secret in pull],
        "containers": [container],
    }
    labels = {OWNER: US, STACK: stack}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _LONGEST_SECONDS,
            "ttlSecondsAfterFinished": 60,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _standing(pod: Json) -> tuple[bool, bool, str]:
    """Whether the image of a pod was fetched, whether it never will be, and what is told of it."""
    status = pod.get("status", {})
    for container in status.get("containerStatuses", ()):
        state = container.get("state", {})
        if "running" in state or "terminated" in state:
            return True, False, ""
        waiting = state.get("waiting", {})
        return False, waiting.get("reason") in _REFUSED, waiting.get("message", "")
    told = (item.get("message", "") for item in status.get("conditions", ()))
    return False, False, next(filter(None, told), "")

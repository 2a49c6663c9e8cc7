"""Copies of a release's data: which there are, making one, and who writes while one is loaded.

A chart that makes copies has a CronJob for it. The last container of its pods tells with its last
words which copies there are, a JSON object a line, the newest first; those before it make one. So a
Job of the whole template makes a copy now, and a Job of that container alone only tells.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from provisioners.base import BACKUP_NAME, Backup, DriverFailure
from provisioners.kubernetes.connection import Connection, Json
from provisioners.kubernetes.errors import ConflictError, NotFoundError
from provisioners.kubernetes.namespaces import OWNER, STACK, US
from provisioners.kubernetes.refusals import condition

_COMPONENT = "app.kubernetes.io/component"
_WRITERS = "storecontroller.io/role=shop"
"""What marks the pods that work on a shop's data, those of its jobs too."""
_LOOK_SECONDS = 0.3
_TELLING_SECONDS = 120
"""After this a Job that only tells ends by itself."""
_KEPT_SECONDS = 10
"""For so long its answer may be read by another one who asks."""
_MADE_SECONDS = 3600
"""For so long it is known how a copy that was asked for came out."""


class Copies:
    """Copies of the releases of one cluster."""

    def __init__(self, connection: Connection, *, patience: float) -> None:
        """`patience` is how many seconds a call waits for an answer."""
        self._connection = connection
        self._patience = patience

    def known(self, namespace: str, stack: str) -> tuple[Backup, ...]:
        """Those that there are, the newest first, looked up now.

        Raises DriverFailure: `no_backups`, and `backups_unread` while they cannot be looked at.
        """
        name = f"{namespace}-backup-list"
        job = self._job(namespace, stack, name, "backup-list", keep=_KEPT_SECONDS)
        job["spec"] |= {"backoffLimit": 0, "activeDeadlineSeconds": _TELLING_SECONDS}
        job["spec"]["template"]["spec"]["initContainers"] = []
        deadline = time.monotonic() + self._patience
        told = "it is not started yet"
        self._begin(namespace, job)
        while time.monotonic() < deadline:
            pods = self._pods(namespace, name)
            if not pods:
                # Who asked at the same time may have read the answer and taken it away.
                self._begin(namespace, job)
            for pod in pods:
                ended = _ended(pod)
                if ended is None:
                    told = _standing(pod) or told
                    continue
                self._remove(namespace, name)
                if ended.get("exitCode"):
                    raise DriverFailure("backups_unread", _words(ended))
                return tuple(_read(ended.get("message") or ""))
            time.sleep(_LOOK_SECONDS)
        raise DriverFailure("backups_unread", told[:500])

    def make(self, namespace: str, stack: str, run: str) -> Backup:
        """Have a copy made, once for each `run`; returns it when it is there.

        Raises DriverFailure: `backup_under_way` meanwhile, `backup_failed` when it gave up, after
        which it may be asked for again, and `no_backups`.
        """
        name = f"{namespace}-backup-{hashlib.sha256(run.encode()).hexdigest()[:10]}"
        self._begin(namespace, self._job(namespace, stack, name, "backup", keep=_MADE_SECONDS))
        job = self._connection.get(f"{_jobs(namespace)}/{name}")
        pods = self._pods(namespace, name)
        if gave_up := condition(job, "Failed"):
            ends = [end for end in map(_ended, pods) if end is not None and end.get("exitCode")]
            self._remove(namespace, name)
            detail = _words(ends[-1]) if ends else gave_up
            raise DriverFailure("backup_failed", detail[:500], transient=False)
        if condition(job, "Complete") is None:
            told = next(filter(None, map(_standing, pods)), "")
            raise DriverFailure("backup_under_way", told[:500])
        ends = [end for end in map(_ended, pods) if end is not None and not end.get("exitCode")]
        made = [*_read(ends[-1].get("message") or "")] if ends else []
        # Its pod may be gone by now; the copy is there.
        return made[0] if made else next(iter(self.known(namespace, stack)))

    def loaded(self, namespace: str) -> bool:
        """Whether the Job that loads a copy is there and complete."""
        query = {"labelSelector": f"{_COMPONENT}=restore"}
        pages = self._connection.pages(_jobs(namespace), query)
        return any(
            condition(job, "Complete") is not None for page in pages for job in page["items"]
        )

    def writers(self, namespace: str) -> tuple[str, ...]:
        """Pods that may still write the shop's data; the cluster itself is asked."""
        query = {"labelSelector": _WRITERS}
        pages = self._connection.pages(f"/api/v1/namespaces/{namespace}/pods", query)
        return tuple(
            f"pod/{pod['metadata']['name']}"
            for page in pages
            for pod in page["items"]
            if pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}
        )

    def _job(self, namespace: str, stack: str, name: str, component: str, *, keep: int) -> Json:
        """A Job of what the CronJob makes regularly."""
        path = f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{namespace}-backup"
        try:
            template = self._connection.get(path)["spec"]["jobTemplate"]
        except NotFoundError:
            message = f"{namespace} has no CronJob that makes backups"
            raise DriverFailure("no_backups", message, transient=False) from None
        labels = template["metadata"].get("labels", {})
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "labels": {**labels, OWNER: US, STACK: stack, _COMPONENT: component},
            },
            "spec": {**template["spec"], "ttlSecondsAfterFinished": keep},
        }

    def _begin(self, namespace: str, job: Json) -> None:
        with suppress(ConflictError):
            self._connection.request("POST", _jobs(namespace), body=job)

    def _pods(self, namespace: str, job: str) -> list[Json]:
        query = {"labelSelector": f"batch.kubernetes.io/job-name={job}"}
        pages = self._connection.pages(f"/api/v1/namespaces/{namespace}/pods", query)
        return [pod for page in pages for pod in page["items"]]

    def _remove(self, namespace: str, job: str) -> None:
        with suppress(NotFoundError):
            options = {"propagationPolicy": "Background"}
            self._connection.request("DELETE", f"{_jobs(namespace)}/{job}", body=options)


def _jobs(namespace: str) -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def _ended(pod: Json) -> Json | None:
    """How a pod ended: the container that failed, or the last one; None while it goes on."""
    status = pod.get("status", {})
    if status.get("phase") not in {"Succeeded", "Failed"}:
        return None
    containers = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    states = [each.get("state", {}).get("terminated") or {} for each in containers]
    failed = (state for state in states if state.get("exitCode"))
    gone: Json = {"exitCode": 1, "message": status.get("message") or status.get("reason") or ""}
    ended: Json = next(failed, gone if status["phase"] == "Failed" else states[-1])
    return ended


def _words(ended: Json) -> str:
    """What a container that failed said last, or why it was ended."""
    said = str(ended.get("message") or ended.get("reason") or "").strip()
    return said[-500:] or f"it ended with {ended.get('exitCode')}"


def _standing(pod: Json) -> str:
    """What a pod waits for, where somebody says so."""
    status = pod.get("status", {})
    for each in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = each.get("state", {}).get("waiting") or {}
        if waiting.get("message"):
            return str(waiting["message"])
    told = (item.get("message", "") for item in status.get("conditions", ()))
    return next(filter(None, told), "")


def _read(message: str) -> Iterator[Backup]:
    for line in message.splitlines():
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            told = json.loads(line)
            datetime.strptime(told["name"], BACKUP_NAME)  # noqa: DTZ007 -- only read.
            # Magento and Mage-OS name the program that tells it: "Magento CLI 2.4.7-p3".
            version = told["version"].replace(" CLI ", " ")
            yield Backup(name=told["name"], size=int(told["bytes"]), version=version)

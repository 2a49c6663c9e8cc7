"""Why a cluster makes no pod for a workload, from what its admission says.

Pure; `causes` calls it.
"""

import re
from typing import Final

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.evidence import Evidence
from provisioners.kubernetes.view import Json

_WORDS: Final = tuple(
    (kind, re.compile(words))
    for kind, words in (
        (CauseKind.QUOTA, r"exceeded quota|failed quota"),
        (CauseKind.TERMINATING, r"is being terminated"),
        (CauseKind.ACCOUNT, r"error looking up service account|serviceaccount .* not found"),
        (CauseKind.WEBHOOK, r"admission webhook|failed calling webhook|ValidatingAdmissionPolicy"),
    )
)
_NAME: Final = re.compile(r"(?:webhook|Policy|serviceaccount) [\"']([^\"']+)[\"']")

_RETRIED_SECONDS: Final = 1200.0
"""Controllers try again after a quarter of an hour at the latest."""


def refusal(thing: Json, workload: str, evidence: Evidence) -> Cause | None:
    """What the admission says against the pods of a workload; None when it says nothing."""
    if _has_its_pods(thing, workload):
        return None
    name = workload.partition("/")[2]
    told = [item for item in evidence.told(workload) if item.reason == "FailedCreate"]
    if workload.startswith("deployment/"):
        # Pods of a Deployment are made by its ReplicaSets.
        each = evidence.told_of(f"replicaset/{name}-")
        told += [item for item in each if item.reason == "FailedCreate"]
    told = [item for item in told if evidence.age(item.at or evidence.now) <= _RETRIED_SECONDS]
    refused = condition(thing, "ReplicaFailure")
    if told:
        newest = max(told, key=lambda item: (item.at is not None, item.at or evidence.now))
        reason, message = newest.reason, newest.message
    elif refused:
        reason, message = "ReplicaFailure", refused
    else:
        return None
    kind = next((kind for kind, words in _WORDS if words.search(message)), CauseKind.REFUSED)
    named = _NAME.search(message)
    return Cause(
        kind=kind,
        thing=workload,
        message=message,
        event=reason,
        part=thing["metadata"].get("component"),
        about=named[1] if named else None,
    )


def _has_its_pods(thing: Json, workload: str) -> bool:
    """Whether every pod was made: what was refused before is over."""
    status = thing["status"]
    if workload.startswith("job/"):
        return bool(status.get("active"))
    made = min(status.get("replicas", 0), status.get("updatedReplicas", 0))
    return bool(made >= thing["spec"].get("replicas", 1)) and not condition(thing, "ReplicaFailure")


def condition(thing: Json, kind: str) -> str | None:
    """The message of a condition that is met; None when it is not."""
    for each in thing["status"].get("conditions") or ():
        if each["type"] == kind and each["status"] == "True":
            return str(each.get("message", ""))
    return None

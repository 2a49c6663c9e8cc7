"""Why a volume is not made, asked of the claim, its storage class and what was told of it.

Pure; `causes` calls it. That a claim cannot be bound is told as a Normal event.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from provisioners.kubernetes.causekinds import Cause, CauseKind
from provisioners.kubernetes.evidence import Evidence
from provisioners.kubernetes.view import Json

_YOUNG_SECONDS: Final = 30.0
"""For how long a volume may be on its way when nobody says that it fails."""
_UNKNOWN: Final = re.compile(r"storageclass\S* \"?([^\"\s]+)\"? not found", re.IGNORECASE)
_NO_CLASS: Final = "no storage class is set"
_BY_POD: Final = {"WaitForFirstConsumer", "WaitForPodScheduled"}
_ABROAD: Final = "ExternalProvisioning"
_PROVISIONER: Final = re.compile(r"provisioner [\"']([^\"']+)[\"']")


def of_claim(claim: Json, evidence: Evidence) -> Iterator[Cause]:
    """Why a claim has no volume; nothing while the volume is on its way."""
    for cause in _of_claim(claim, evidence):
        yield replace(cause, part=claim["metadata"].get("component"))


def _of_claim(claim: Json, evidence: Evidence) -> Iterator[Cause]:
    phase = claim["status"].get("phase")
    thing = f"claim/{claim['metadata']['name']}"
    if phase == "Bound":
        return
    if phase == "Lost":
        words = "its volume is not there any more"
        yield Cause(kind=CauseKind.CLAIM_LOST, thing=thing, message=words)
        return
    about = f"persistentvolumeclaim/{claim['metadata']['name']}"
    failed = evidence.first(about, {"ProvisioningFailed", "FailedBinding", "ClaimMisbound"})
    wanted = claim["spec"].get("storageClassName")
    message = failed.message if failed else f"storage class {wanted or 'default'}"
    event = failed.reason if failed else None
    old = evidence.age(claim["metadata"].get("creationTimestamp")) >= _YOUNG_SECONDS
    known = evidence.ground.classes
    if (failed and _NO_CLASS in failed.message) or (
        wanted is None and known is not None and evidence.ground.default_class is None
    ):
        words = message if failed else "it names no storage class, and the cluster has no default"
        yield Cause(kind=CauseKind.NO_CLASS, thing=thing, message=words, event=event)
    elif (failed and (found := _UNKNOWN.search(failed.message))) or (
        wanted and known is not None and wanted not in known
    ):
        name = found[1] if failed and found else wanted
        words = message if failed else f"there is no storage class “{wanted}”"
        yield Cause(kind=CauseKind.CLASS, thing=thing, message=words, event=event, about=name)
    elif failed:
        yield Cause(kind=CauseKind.CLAIM, thing=thing, message=message, event=event, about=wanted)
    elif old:
        yield _waiting(thing, about, wanted, evidence)


def _waiting(thing: str, about: str, wanted: str | None, evidence: Evidence) -> Cause:
    """A claim that waits without a failure: for its pod, or for a provisioner that is silent."""
    told = next(iter(evidence.told(about)), None)
    if told and told.reason == _ABROAD:
        known = (evidence.ground.classes or {}).get(wanted or "")
        named = _PROVISIONER.search(told.message)
        provisioner = known.provisioner if known else named[1] if named else None
        return Cause(
            kind=CauseKind.PROVISIONER,
            thing=thing,
            message=told.message,
            event=told.reason,
            about=provisioner or wanted,
        )
    if told and told.reason in _BY_POD:
        return Cause(kind=CauseKind.STARTING, thing=thing, message=told.message, event=told.reason)
    words = f"storage class {wanted or 'default'}"
    return Cause(kind=CauseKind.CLAIM, thing=thing, message=words, about=wanted)

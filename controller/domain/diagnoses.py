"""What is most probably wrong with a store, in a person's words, and what to do about it.

`explaining` chooses one; API, pages and command line render it. No sentence here names a pod or a
node: owners read them too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.domain.errors import Explanation, Params, by_code, explain
from controller.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A cause, what to do about it, and the command for that; placeholders as in errors."""

    cause: str
    action: str
    command: str


LAYERS: Mapping[str, str] = {
    "store": N_("Store"),
    "operation": N_("Operation"),
    "worker": N_("Worker"),
    "cluster": N_("Cluster"),
    "infrastructure": N_("Infrastructure"),
    "release": N_("Release"),
    "pods": N_("Pods"),
    "shop": N_("Shop"),
}
"""What the links of the chain are called."""

_EVENTS = "storectl events %(store)s"
_LOGS = "storectl logs %(store)s --tail 100"
_CLUSTER = "storectl cluster get %(cluster)s"
_LARGER = "storectl plan set %(store)s %(larger)s"
_RETRY = "storectl op retry %(operation)s"
_FOLLOW = "storectl events %(store)s -f"

DIAGNOSES: Mapping[str, Diagnosis] = {
    # By `provisioners.kubernetes.causes.CauseKind`.
    "terminating": Diagnosis(
        cause=N_("What ran in its place before is being removed, and that does not end."),
        action=N_(
            "Something waits for a program that is gone. Find out whose finalizer it is that the "
            "cluster names; once it is gone this goes on by itself."
        ),
        command=_EVENTS,
    ),
    "quota_exceeded": Diagnosis(
        cause=N_("The shop needs more than its plan may use."),
        action=N_("Give it a larger plan, or fewer web servers."),
        command=_LARGER,
    ),
    "pod_refused": Diagnosis(
        cause=N_("A rule of the cluster does not let parts of the shop start."),
        action=N_(
            "Read which rule it is; the shop keeps to the Pod Security Standard “restricted”, so "
            "a policy of the cluster wants more than that."
        ),
        command=_EVENTS,
    ),
    "claim_pending": Diagnosis(
        cause=N_("The cluster made no volume for the shop's data yet."),
        action=N_("Check that the cluster's storage class exists and has room."),
        command=_CLUSTER,
    ),
    "image_pull": Diagnosis(
        cause=N_("The image with the shop's software cannot be fetched."),
        action=N_(
            "Check STORECTL_MAGENTO_IMAGE for the image's name and tag, and the pull secret that "
            "the cluster needs for that registry."
        ),
        command=_EVENTS,
    ),
    "container_config": Diagnosis(
        cause=N_("A password or setting that a part of the shop needs is not there."),
        action=N_("It is put back by itself; where it stays away, read what removed it."),
        command=_EVENTS,
    ),
    "out_of_memory": Diagnosis(
        cause=N_("A part of the shop needs more memory than its plan gives it."),
        action=N_("Give it a larger plan."),
        command=_LARGER,
    ),
    "crash_loop": Diagnosis(
        cause=N_("A part of the shop ends as soon as it starts."),
        action=N_("Its last lines say why."),
        command=_LOGS,
    ),
    "unschedulable": Diagnosis(
        cause=N_("No node of the cluster has room for the shop."),
        action=N_("Add a node or free some; until then let new stores go elsewhere."),
        command="storectl cluster drain %(cluster)s",
    ),
    "volume_mount": Diagnosis(
        cause=N_("A volume cannot be attached where the shop starts."),
        action=N_("It passes once the volume is let go elsewhere; else ask the storage driver."),
        command=_EVENTS,
    ),
    "job_failed": Diagnosis(
        cause=N_("Installing or upgrading the shop ended in a failure."),
        action=N_("Its last lines say why; it is tried again by itself."),
        command=_LOGS,
    ),
    "probe_failing": Diagnosis(
        cause=N_("A part of the shop runs and does not pass its health check."),
        action=N_("Its last lines say what it is busy with."),
        command=_LOGS,
    ),
    "missing": Diagnosis(
        cause=N_("Somebody removed a part of the shop."),
        action=N_("It is put back by itself; follow it."),
        command=_FOLLOW,
    ),
    "starting": Diagnosis(
        cause=N_("The shop is starting, and nothing stands in its way."),
        action=N_("Nothing needs to be done; follow it."),
        command=_FOLLOW,
    ),
    # By what else stands in the way.
    "place_silent": Diagnosis(
        cause=N_("The cluster that the shop runs on does not answer."),
        action=N_(
            "What runs there is left as it is and goes on by itself once the cluster answers. "
            "Check the cluster and the way into it."
        ),
        command=_CLUSTER,
    ),
    "not_reached": Diagnosis(
        cause=N_("Every part of the shop runs, and the control plane does not reach it."),
        action=N_(
            "If that lasts, check the way: from outside its cluster a shop is reached by the "
            "cluster's --shop-address, from inside by the name of its Service."
        ),
        command=_CLUSTER,
    ),
    "around_missing": Diagnosis(
        cause=N_("What the shop needs around it is not built yet."),
        action=N_("It is built by itself; follow it, or read what stopped it."),
        command=_FOLLOW,
    ),
    "worker_lost": Diagnosis(
        cause=N_("The worker that was at work on it ended in the middle of a step."),
        action=N_(
            "Nothing needs to be done: the next worker finds what was begun and goes on from there."
        ),
        command=_FOLLOW,
    ),
    "no_worker": Diagnosis(
        cause=N_("There is something to do, and no worker runs that would do it."),
        action=N_("Start a worker; it goes on by itself then."),
        command="storectl doctor",
    ),
    "release_unfinished": Diagnosis(
        cause=N_("A change of the release was interrupted in the middle."),
        action=N_(
            "Nothing needs to be done: once nobody can be at work on it, what was left is cleared "
            "away and the change is made again."
        ),
        command=_FOLLOW,
    ),
    "platform": Diagnosis(
        cause=N_("Something of what the shop runs on is in the way."),
        action=N_("Nothing needs to be done; it is tried again by itself."),
        command=_FOLLOW,
    ),
    "release_failed": Diagnosis(
        cause=N_("What runs the shop ended in a failure."),
        action=N_("Its last lines say why; it is started again by itself."),
        command=_LOGS,
    ),
    "release_behind": Diagnosis(
        cause=N_("The shop does not run as wanted yet."),
        action=N_("It is brought there by itself; follow it."),
        command=_FOLLOW,
    ),
    "working": Diagnosis(
        cause=N_("It is being worked on, and nothing stands in its way."),
        action=N_("Nothing needs to be done; follow it."),
        command="storectl op wait %(operation)s",
    ),
    "unmet": Diagnosis(
        cause=N_("Something is not as wanted, and no cause is known."),
        action=N_("It is looked at again every few seconds; follow it."),
        command=_FOLLOW,
    ),
    "suspended": Diagnosis(
        cause=N_("Nothing is wrong: it is closed to customers, as was asked."),
        action=N_("Open it again when you like."),
        command="storectl resume %(store)s",
    ),
    "retired": Diagnosis(
        cause=N_("Nothing is wrong: it is out of service, as was asked; its data is kept."),
        action=N_("Bring it back when you like."),
        command="storectl undelete %(store)s",
    ),
    "purged": Diagnosis(
        cause=N_("Nothing is wrong: it was destroyed, as was asked."),
        action=N_("What happened is kept."),
        command=_EVENTS,
    ),
    "nothing": Diagnosis(
        cause=N_("Nothing is wrong: it takes orders."),
        action=N_("Nothing needs to be done."),
        command="storectl open %(store)s",
    ),
}

OWNERS_ACTION = N_("Nothing needs to be done by you; the platform's operator sees the same cause.")
"""What an owner is told where the operator alone can do something."""
AT_REST = {"suspended", "retired", "purged", "nothing"}
"""The codes of stores that nothing is wrong with."""
_BY_THEMSELVES = {*AT_REST, "working", "starting"}


def diagnose(
    code: str, params: Params, translate: Callable[[str], str], *, owner: bool = False
) -> Explanation:
    """A cause with what to do; a code that is none of ours is an error's."""
    known = DIAGNOSES.get(code)
    if known is None:
        return explain(code, params, translate)
    action = OWNERS_ACTION if owner and code not in _BY_THEMSELVES else known.action
    return Explanation(
        code=code, message=translate(known.cause) % params, action=translate(action) % params
    )


def command_of(code: str, params: Params, *, owner: bool = False) -> str | None:
    """What to type next; None where that is not an owner's to do."""
    known = DIAGNOSES.get(code)
    if known is not None:
        return None if owner and code not in _BY_THEMSELVES else known.command % params
    return (_RETRY if params.get("failed") else _EVENTS) % params


def code_of_reason(reason: str) -> str | None:
    """The code of the error that a note's reason stands for; None when it is no error's."""
    for code, kind in by_code().items():
        if kind.__name__.removesuffix("Error") == reason:
            return code
    return None

"""What is most probably wrong with a store, in a person's words, and what to do about it.

`explaining` chooses one; API, pages and command line render it. No sentence here names a pod or a
node: owners read them too.
"""

from collections.abc import Callable, Mapping

from controller.domain.clusterdiagnoses import CLUSTER, EVENTS, FOLLOW, LOGS, OF_CLUSTERS, Diagnosis
from controller.domain.errors.base import Explanation, Params, by_code, explain
from controller.i18n import N_

LAYERS: Mapping[str, str] = {
    "store": N_("Store"),
    "operation": N_("Operation"),
    "worker": N_("Worker"),
    "cluster": N_("Cluster"),
    "infrastructure": N_("Infrastructure"),
    "release": N_("Release"),
    "pods": N_("Pods"),
    "shop": N_("Shop"),
    "watch": N_("Last look"),
}
"""What the links of the chain are called."""

_RETRY = "storectl op retry %(operation)s"

DIAGNOSES: Mapping[str, Diagnosis] = {
    **OF_CLUSTERS,
    # By what else stands in the way.
    "place_silent": Diagnosis(
        cause=N_("The cluster that the shop runs on does not answer."),
        action=N_(
            "What runs there is left as it is and goes on by itself once the cluster answers. "
            "Check the cluster and the way into it."
        ),
        command=CLUSTER,
    ),
    "not_reached": Diagnosis(
        cause=N_("Every part of the shop runs, and the control plane does not reach it."),
        action=N_(
            "If that lasts, check the way: from outside its cluster a shop is reached by the "
            "cluster's --shop-address, from inside by the name of its Service."
        ),
        command=CLUSTER,
    ),
    "around_missing": Diagnosis(
        cause=N_("What the shop needs around it is not built yet."),
        action=N_("It is built by itself; follow it, or read what stopped it."),
        command=FOLLOW,
    ),
    "worker_lost": Diagnosis(
        cause=N_("The worker that was at work on it ended in the middle of a step."),
        action=N_(
            "Nothing needs to be done: the next worker finds what was begun and goes on from there."
        ),
        command=FOLLOW,
    ),
    "no_worker": Diagnosis(
        cause=N_("There is something to do, and no worker runs that would do it."),
        action=N_("Start a worker; it goes on by itself then."),
        command="storectl doctor",
    ),
    "rates_not_there": Diagnosis(
        cause=N_("It takes orders in its own currency alone: there are no exchange rates yet."),
        action=N_("They are fetched by themselves; look whether their source answers."),
        command="storectl rates status %(store)s",
    ),
    "texts_missing": Diagnosis(
        cause=N_("It takes orders, and has no texts in some of its languages."),
        action=N_("Offer another language, or run a shop software that has it."),
        command="storectl describe %(store)s",
    ),
    "unwatched": Diagnosis(
        cause=N_("Nobody has looked at it for a while: what is known of it may be over."),
        action=N_("The workers are behind, or stand still: look at their log, or start more."),
        command="storectl doctor",
    ),
    "release_unfinished": Diagnosis(
        cause=N_("A change of the release was interrupted in the middle."),
        action=N_(
            "Nothing needs to be done: once nobody can be at work on it, what was left is cleared "
            "away and the change is made again."
        ),
        command=FOLLOW,
    ),
    "platform": Diagnosis(
        cause=N_("Something of what the shop runs on is in the way."),
        action=N_("Nothing needs to be done; it is tried again by itself."),
        command=FOLLOW,
    ),
    "release_failed": Diagnosis(
        cause=N_("What runs the shop ended in a failure."),
        action=N_("Its last lines say why; it is started again by itself."),
        command=LOGS,
    ),
    "release_behind": Diagnosis(
        cause=N_("The shop does not run as wanted yet."),
        action=N_("It is brought there by itself; follow it."),
        command=FOLLOW,
    ),
    "working": Diagnosis(
        cause=N_("It is being worked on, and nothing stands in its way."),
        action=N_("Nothing needs to be done; follow it."),
        command="storectl op wait %(operation)s",
    ),
    "unmet": Diagnosis(
        cause=N_("Something is not as wanted, and no cause is known."),
        action=N_("It is looked at again every few seconds; follow it."),
        command=FOLLOW,
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
        command=EVENTS,
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
_UNNAMED = {"part": "shop", "about": "–"}


def diagnose(
    code: str, params: Params, translate: Callable[[str], str], *, owner: bool = False
) -> Explanation:
    """A cause with what to do; a code that is none of ours is an error's."""
    known = DIAGNOSES.get(code)
    if known is None:
        return explain(code, params, translate)
    params = {**_UNNAMED, **params}
    action = OWNERS_ACTION if owner and code not in _BY_THEMSELVES else known.action
    return Explanation(
        code=code, message=translate(known.cause) % params, action=translate(action) % params
    )


def reason_title(kind: str, part: str | None, translate: Callable[[str], str]) -> str:
    """What a reason that a cluster gives means; its kind where that is not known here."""
    known = DIAGNOSES.get(kind)
    params = {**_UNNAMED, **({"part": part} if part else {})}
    return translate(known.cause) % params if known else kind


def command_of(code: str, params: Params, *, owner: bool = False) -> str | None:
    """What to type next; None where that is not an owner's to do."""
    known = DIAGNOSES.get(code)
    if known is not None:
        part = params.get("part")
        chosen = f" --component {part}" if part and known.command == LOGS else ""
        return None if owner and code not in _BY_THEMSELVES else known.command % params + chosen
    return (_RETRY if params.get("failed") else EVENTS) % params


def code_of_reason(reason: str) -> str | None:
    """The code of the error that a note's reason stands for; None when it is no error's."""
    for code, kind in by_code().items():
        if kind.__name__.removesuffix("Error") == reason:
            return code
    return None

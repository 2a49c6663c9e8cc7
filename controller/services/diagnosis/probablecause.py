"""Which of the things that are not well explains the others, and what to do about it.

Pure. `explaining` asks once the whole chain is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.conditions import Desired
from controller.domain.diagnoses import DIAGNOSES, code_of_reason
from controller.domain.errors.base import Params
from controller.domain.errors.stacks import RestoreUnderWayError
from controller.domain.operations import Operation, OperationState
from controller.domain.store import Store
from controller.reconciler.stack_steps import DeleteRelease
from controller.services.diagnosis.layers import BESIDE, SILENT, Layer, LayerState, is_inner
from controller.services.diagnosis.work import busy
from provisioners.base import Reason

_PASSING = {"deadline_exceeded"}
"""What an operation fails with when something else was in the way for too long."""

_SHORTFALLS = {
    "TextsMissing": "texts_missing",
    "RatesNotThere": "rates_not_there",
    "MailRefused": "mail_refused",
}
"""The diagnosis of what an open shop cannot offer, by its reason."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The probable cause: a diagnosis or an error, with what its sentences need."""

    code: str
    params: Params
    due: datetime | None = None
    """When it is looked at or tried again by itself, where that is known."""


def probable_cause(
    store: Store,
    operation: Operation | None,
    layers: Sequence[Layer],
    params: Params,
) -> Cause:
    """The deepest layer that explains; `params` are what is known of the store itself."""
    known = {layer.name: layer for layer in layers}
    failed = operation is not None and operation.state is OperationState.FAILED
    if failed and store.status.ready:
        # What failed was put right since: the store is as wanted.
        failed = False
    at_hand = {**params, **({"failed": 1} if failed else {})}
    worker = known.get("worker")
    due = worker.due if worker is not None else None
    for code, own in (
        *_of_place(known),
        *_of_worker(known),
        *_of_parts(known, telling=True),
        *_of_attempt(known, operation),
        *_of_failure(known, failed=failed),
        *_of_busy(known, operation),
        *_of_release(known),
        *_of_parts(known, telling=False),
        *_of_shop(known),
        *_of_store(known, operation),
        *_of_watch(known),
        *_of_shortfalls(store),
    ):
        return Cause(code=code, params={**at_hand, **own}, due=due)
    return Cause(code=_at_rest(store, operation), params=at_hand, due=due)


Found = Sequence[tuple[str, Params]]
Known = Mapping[str, Layer]


def _wrong(known: Known, name: str) -> Layer | None:
    layer = known.get(name)
    return layer if layer is not None and layer.state is LayerState.PROBLEM else None


def _of_place(known: Known) -> Found:
    place = _wrong(known, "cluster")
    if place is None:
        return ()
    silent = place.code in {None, "cluster_unreachable"}
    return [("place_silent", {})] if silent else [(place.code or "", place.note.params)]


def _of_worker(known: Known) -> Found:
    worker = _wrong(known, "worker")
    return [(worker.code, {})] if worker is not None and worker.code else ()


def _of_attempt(known: Known, operation: Operation | None) -> Found:
    """What the last attempt met of what the shop runs on; it is tried again by itself."""
    at = _wrong(known, "operation")
    if at is None or at.code is None or operation is None or not operation.open:
        return ()
    tells = is_inner(at.code) or at.code == RestoreUnderWayError.code
    return [(at.code, at.note.params)] if tells else ()


def _of_busy(known: Known, operation: Operation | None) -> Found:
    """Somebody is at a step that met nothing so far: what is not as wanted yet is no fault."""
    if operation is None or not operation.open or _wrong(known, "operation"):
        return ()
    return [("working", {})] if busy(known.get("worker")) else ()


def _of_parts(known: Known, *, telling: bool) -> Found:
    """The first reason that the cluster gives; that it starts is one only when nothing else is."""
    parts = _wrong(known, "pods")
    reasons = parts.reasons if parts else ()
    at = known.get("operation")
    found = [(_weighed(reason, at), reason) for reason in reasons]
    return [
        (kind, _named(reason))
        for kind, reason in found
        if kind in DIAGNOSES and (kind not in {"starting", *BESIDE}) is telling
    ]


def _weighed(reason: Reason, at: Layer | None) -> str:
    """The kind of a reason; what a step brings with it that goes on is no trouble."""
    deleting = at is not None and at.step == DeleteRelease.name and at.code is None
    return "starting" if deleting and reason.kind == "terminating" else reason.kind


def _named(reason: Reason) -> Params:
    """Which part a reason is about, and what else it names."""
    known = {"part": reason.part, "about": reason.about}
    return {name: value for name, value in known.items() if value}


def _of_failure(known: Known, *, failed: bool) -> Found:
    operation = _wrong(known, "operation")
    if operation is None or operation.code is None or not failed:
        return ()
    return [] if operation.code in _PASSING else [(operation.code, operation.note.params)]


def _of_release(known: Known) -> Found:
    if around := _wrong(known, "infrastructure"):
        return [(around.code, around.note.params)] if around.code else [("around_missing", {})]
    unasked = known.get("release")
    if unasked is not None and unasked.state is LayerState.UNKNOWN and unasked.code:
        return [(unasked.code, unasked.note.params)]
    release = _wrong(known, "release")
    if release is None or release.code == "release_pending":
        return ()
    if release.code in {"release_failed", "release_unfinished"}:
        return [(release.code, {})]
    if release.code is not None and not release.code.startswith("release_"):
        return [(release.code, release.note.params)]
    return [("release_behind", {})]


def _of_shop(known: Known) -> Found:
    shop = _wrong(known, "shop")
    stands = all(
        name in known and known[name].state is LayerState.OK for name in ("release", "pods")
    )
    if shop is not None and stands and shop.note.reason in SILENT:
        return [("not_reached", {})]
    return [(shop.code, shop.note.params)] if shop is not None and shop.code else ()


def _of_store(known: Known, operation: Operation | None) -> Found:
    """The first condition that is not met for a reason that is an error's."""
    store = _wrong(known, "store")
    open_one = operation is not None and operation.open
    for condition in store.conditions if store else ():
        code = code_of_reason(condition.note.reason)
        # What runs the shop was told above; where nothing is wrong with it, it is on its way.
        if code is not None and not (open_one and code == "stack_not_ready"):
            return [(code, condition.note.params)]
    return ()


def _of_watch(known: Known) -> Found:
    """That what is known of the store is old."""
    watch = _wrong(known, "watch")
    return [(watch.code or "unwatched", {})] if watch is not None else ()


def _of_shortfalls(store: Store) -> Found:
    """What an open shop cannot offer yet."""
    open_one = store.desired is Desired.ACTIVE and store.status.ready
    # Without a mail server a shop is as it was asked for.
    short = (item.note for item in store.status.shortfalls if item.note.reason != "MailNotSetUp")
    found = list(short) if open_one else []
    return [(_SHORTFALLS.get(note.reason, "rate_missing"), note.params) for note in found]


def _at_rest(store: Store, operation: Operation | None) -> str:
    if operation is not None and operation.open:
        return "working"
    if store.status.observed_generation != store.generation:
        return "unmet"
    if store.desired is not Desired.ACTIVE:
        return str(store.desired)
    return "nothing" if store.status.ready else "unmet"

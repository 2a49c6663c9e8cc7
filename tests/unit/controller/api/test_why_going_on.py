"""`GET /stores/{name}/why` while something is to be done: who is at it, what it met, what next."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.domain.notes import Note
from controller.domain.operations import StepState
from controller.domain.store import moment
from controller.domain.tenant import Scope
from controller.registry.leases import Kind, Lease, Leases, Ref
from controller.registry.progress import PassResult, StepResult
from controller.services.diagnosis.explaining import Explainer
from provisioners.base import DriverFailure, Filling, Reason
from tests.planes import Plane
from tests.unit.controller.api.test_why import layer, layers, why

HOLDER = "node-7/42"


@pytest.fixture(autouse=True)
def _cluster(plane: Plane) -> None:
    body = {"name": "north", "inCluster": True, "domain": "shops.example.com"}
    assert plane.post("clusters", body).status_code == 201


def accepted(plane: Plane, **options: Any) -> Ref:
    """A store that nobody has begun with; what runs it."""
    answer = plane.post("stores", {"name": "acme", "country": "DE"}, **options)
    assert answer.status_code == 202, answer.text
    store = plane.registry.stores.get(Scope.system(), "acme")
    return Ref(kind=Kind.STACK, uid=store.stack)


def taken(plane: Plane, ref: Ref, seconds: float) -> Lease:
    """The turn of a worker, which lasts so many seconds more; a fresh one has fifteen."""
    leases = Leases(plane.registry.database, holder=HOLDER, seconds=seconds)
    lease = leases.acquire(ref)
    assert lease is not None
    return lease


def begun(plane: Plane, ref: Ref) -> None:
    """A step that a worker began, which then ended without a trace but for that."""
    lease = taken(plane, ref, 15)
    plane.registry.progress.started(lease, "apply-release")
    Leases(plane.registry.database, holder=HOLDER, seconds=15).release(lease)


def ago(text: str) -> float:
    at = moment(text)
    assert at is not None
    return (datetime.now(UTC) - at).total_seconds()


def test_a_worker_that_lives_is_at_work_and_nothing_is_wrong(plane: Plane) -> None:
    taken(plane, accepted(plane), 15)
    found = why(plane)
    assert layer(found, "worker")["message"] == f"{HOLDER} is at work on it."
    assert found["cause"]["code"] == "working"


@pytest.mark.parametrize(
    ("left", "overdue"),
    [pytest.param(4, False, id="still-its-turn"), pytest.param(-5, True, id="its-turn-is-over")],
)
def test_a_worker_without_a_sign_of_life_is_named_with_since_when_and_until_when(
    plane: Plane, left: float, overdue: bool
) -> None:
    taken(plane, accepted(plane), left)
    found = why(plane)
    at = layer(found, "worker")
    assert (at["state"], at["message"]) == (
        "problem",
        f"{HOLDER} was at work on it and gives no sign of life any more.",
    )
    assert ago(at["since"]) == pytest.approx(15 - left, abs=1.5)
    assert (ago(at["due"]) > 0) is overdue
    assert found["cause"]["code"] == "worker_lost"
    assert found["cause"]["due"] == at["due"]
    assert "the next worker" in found["cause"]["action"]


def test_a_step_that_nobody_ends_is_told_as_begun_by_one_who_is_gone(plane: Plane) -> None:
    begun(plane, accepted(plane))
    found = why(plane)
    assert layer(found, "operation")["step"] == "apply-release"
    assert layer(found, "worker")["message"] == "Who was at work on it ended in the middle."
    assert layer(found, "worker")["since"] == layer(found, "operation")["since"]
    assert found["cause"]["code"] == "worker_lost"


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda *_: None, id="not-begun"),
        pytest.param(begun, id="begun"),
        pytest.param(lambda plane, ref: taken(plane, ref, -5), id="left-behind"),
    ],
)
def test_that_no_worker_runs_is_said(plane: Plane, prepare: Callable[[Plane, Ref], object]) -> None:
    prepare(plane, accepted(plane))
    explainer = Explainer(plane.registry, plane.world, lease_seconds=15, anybody=lambda: False)
    found = explainer.why(Scope.system(), "acme")
    assert found.cause.code == "no_worker"
    (at,) = (item for item in found.layers if item.name == "worker")
    assert at.since is not None
    assert at.since < datetime.now(UTC) + timedelta(seconds=1)


def failing(code: str, detail: str, answer: int = 0) -> DriverFailure:
    failure = DriverFailure(code, detail, retry_after=30.0)
    failure.answer = answer
    return failure


ANSWERS = [
    pytest.param("cluster_conflict", 409, "cluster_answer", "answered 409: words", id="409"),
    pytest.param("cluster_gone", 410, "cluster_answer", "answered 410: words", id="410"),
    pytest.param("cluster_fault", 503, "cluster_answer", "answered 503: words", id="503"),
    pytest.param("cluster_busy", 429, "cluster_busy", "asks for patience (429): words", id="429"),
    pytest.param("cluster_forbidden", 403, "cluster_forbidden", "us (403): words", id="403"),
    pytest.param("cluster_busy", 0, "cluster_busy", "asks for patience (429): words", id="by-helm"),
    pytest.param("cluster_cut", 0, "cluster_cut", "middle of an answer: words", id="cut"),
    pytest.param("helm_killed", 0, "tool_killed", "killed in the middle (words)", id="killed"),
    pytest.param("state_locked", 0, "state_locked", "its state is locked: words", id="locked"),
]


@pytest.mark.parametrize("method", ["apply_secrets", "status"], ids=["a write", "a look"])
@pytest.mark.parametrize(("code", "answer", "cause", "words"), ANSWERS)
def test_what_the_last_attempt_met_is_the_cause_with_when_it_is_tried_again(
    plane: Plane, method: str, code: str, answer: int, cause: str, words: str
) -> None:
    accepted(plane)
    plane.remote.fail(method, failing(code, "words", answer))
    plane.settle()
    found = why(plane)
    at = layer(found, "operation")
    assert (at["state"], at["code"]) == ("problem", cause)
    assert words in at["message"]
    assert at["since"]
    assert found["cause"]["code"] == cause
    assert words in found["cause"]["message"]
    assert 25 < -ago(found["cause"]["due"]) < 60
    assert found["cause"]["due"] == layer(found, "worker")["due"]


def test_a_step_that_is_tried_again_is_told_and_not_the_one_after_it(plane: Plane) -> None:
    ref = accepted(plane)
    plane.remote.fail("apply", failing("helm_killed", "signal 9"))
    plane.settle()
    lease = taken(plane, ref, 15)
    for step in ("await-engine", "apply-release"):
        plane.registry.progress.started(lease, step)
        assert layer(why(plane), "operation")["step"] == step


def test_an_owner_reads_that_something_is_in_the_way_and_not_what(plane: Plane, ann: str) -> None:
    accepted(plane, token=ann)
    plane.remote.fail("apply_secrets", failing("state_locked", "locked by root@node-7 since 2026"))
    plane.settle()
    answer = plane.get("stores/acme/why", token=ann)
    found = answer.json()["status"]
    assert found["cause"]["code"] == "platform"
    assert layer(found, "operation")["message"] == "Something of what it runs on is in the way."
    assert "worker" not in layers(found)
    assert "node-7" not in answer.text


@pytest.mark.parametrize(
    ("detail", "word"),
    [
        pytest.param("helm is at work: pending-upgrade", "pending-upgrade", id="maybe at work"),
        pytest.param("helm was interrupted: pending-install", "pending-install", id="interrupted"),
    ],
)
def test_a_release_whose_change_did_not_end_is_named_and_its_parts_are_not_missed(
    plane: Plane, detail: str, word: str
) -> None:
    plane.remote.unready = detail
    ref = accepted(plane)
    plane.settle()
    gone = Reason(kind="missing", thing="deployment/web", message="it is not there any more")
    plane.remote.reasons = (gone,)
    found = why(plane)
    at = layer(found, "release")
    assert (at["state"], at["code"]) == ("problem", "release_unfinished")
    assert f"store-{ref.uid} is left {word}" in at["message"]
    assert layers(found)["pods"] == "unknown"
    assert layer(found, "pods")["reasons"] == []
    assert found["cause"]["code"] == "release_unfinished"
    stuck = Reason(kind="terminating", thing=f"namespace/store-{ref.uid}", message="held")
    plane.remote.reasons = (gone, stuck)
    assert why(plane)["cause"]["code"] == "terminating"


def test_a_release_that_somebody_is_at_is_no_fault(plane: Plane) -> None:
    plane.remote.unready = "helm is at work: pending-install"
    ref = accepted(plane)
    plane.settle()
    lease = taken(plane, ref, 15)
    plane.registry.progress.started(lease, "scale")
    assert layer(why(plane), "release")["state"] == "problem"
    plane.registry.progress.started(lease, "apply-release")
    found = why(plane)
    assert layer(found, "operation")["step"] == "apply-release"
    assert layer(found, "release")["message"] == (
        f"store-{ref.uid} is being changed (pending-install)."
    )
    assert found["cause"]["code"] == "working"


def test_a_release_that_cannot_be_asked_is_unknown_and_says_what_was_answered(plane: Plane) -> None:
    plane.make()
    plane.remote.fail("status", failing("cluster_fault", "etcd has no leader", 500))
    found = why(plane)
    assert layers(found)["release"] == "unknown"
    assert found["cause"]["code"] == "cluster_answer"
    assert "answered 500: etcd has no leader" in found["cause"]["message"]


def test_the_way_to_a_shop_is_told_whole(plane: Plane) -> None:
    plane.make()
    plane.remote.reasons = (
        Reason(kind="crash_loop", thing="pod/a", message="GET http://db.example:3306/ refused"),
    )
    assert "http://db.example:3306/ refused" in plane.get("stores/acme/why").text


def test_what_is_being_removed_is_a_cause_only_once_it_was_waited_for(plane: Plane) -> None:
    plane.make()
    store = plane.registry.stores.get(Scope.system(), "acme")
    ref = Ref(kind=Kind.STACK, uid=store.stack)
    plane.post("stores/acme/retire")
    plane.settle()
    plane.post(f"stores/{store.uid}/purge", {"confirm": "acme"})
    ending = Reason(kind="terminating", thing="namespace/a", message="finalizers remaining: b/c")
    plane.remote.reasons = (ending,)
    lease = taken(plane, ref, 15)
    plane.registry.progress.started(lease, "delete-release")
    found = why(plane)
    assert found["cause"]["code"] == "working"
    assert layer(found, "pods")["message"] == "What is left of it is being removed."
    Leases(plane.registry.database, holder=HOLDER, seconds=15).release(lease)
    plane.remote.fail("delete", failing("namespace_terminating", "finalizers remaining: b/c"))
    plane.settle()
    found = why(plane)
    assert found["cause"]["code"] == "terminating"
    assert layer(found, "operation")["message"] == (
        "What was there is still being removed: finalizers remaining: b/c"
    )


def test_since_when_a_cluster_is_silent_is_told_once(plane: Plane) -> None:
    accepted(plane)
    words = "unreachable since 2026-11-22T18:06:58Z: connection refused"
    plane.remote.fail("status", failing("cluster_unreachable", words))
    plane.settle()
    found = why(plane)
    assert layer(found, "operation")["message"] == (
        "The cluster does not answer: connection refused"
    )


def test_a_step_that_waits_for_its_own_work_was_not_left_by_anybody(plane: Plane) -> None:
    ref = accepted(plane)
    begun(plane, ref)
    lease = taken(plane, ref, 15)
    waits = StepResult(
        name="apply-release", state=StepState.RUNNING, note=Note.of("ReleaseMissing")
    )
    outcome = PassResult(generation=1, step=waits, due_in=-1.0)
    plane.registry.progress.stack(lease, outcome, None)
    Leases(plane.registry.database, holder=HOLDER, seconds=15).release(lease)
    found = why(plane)
    assert layer(found, "operation")["message"] == "It does not run."
    assert layer(found, "worker")["message"] == "It waits for a worker that is free."


def test_a_volume_that_fills_is_told_once_a_step_and_the_shop_stays_ready(plane: Plane) -> None:
    plane.make()
    stack = plane.registry.stores.get(Scope.system(), "acme").stack
    told = []
    for percent in (91, 93, 96, 50):
        full = (Filling(volume="s-database", percent=percent),) if percent > 89 else ()
        plane.remote.full[stack] = full
        plane.look_again()
        events = plane.get("stores/acme/events?limit=200").json()["items"]
        told.append([item for item in events if item["reason"] == "VolumeFilling"])
    assert [len(each) for each in told] == [1, 1, 2, 2]
    assert {item["severity"] for item in told[-1]} == {"Warning"}
    assert told[-1][-1]["params"] == {"volume": "s-database", "percent": 95}
    found = plane.get("stores/acme").json()
    assert found["status"]["phase"] == "Ready"
    known = {item["type"]: item["status"] for item in found["stack"]["conditions"]}
    assert known["VolumesRoomy"] == "True"


def test_a_shop_that_works_is_told_to_work_beside_what_needs_attention(plane: Plane) -> None:
    plane.make()
    filling = Reason(kind="volume_filling", thing="claim/a", message="m", part="database")
    plane.remote.reasons = (filling,)
    found = why(plane)
    said = "Every part of it is ready, and something needs attention."
    assert next(item["message"] for item in found["layers"] if item["layer"] == "pods") == said
    assert found["cause"]["message"] == (
        "The shop works, and the volume of “database” is nearly full."
    )
    assert (found["phase"], layer(found, "store")["state"]) == ("Ready", "ok")
